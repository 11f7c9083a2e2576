"""File sets by Ant's patterns: `**/*.js` at any depth, `vendor/**/*.js` below the top-level `vendor` only.

`*` and `?` stay within one name, `**` as a whole part stands for any number of folders (none too), a trailing `/` for
`/**`. There is nothing else: no `[a-z]`, no `{a,b}`, no `!`. Case counts. A pattern is always matched against the
whole path below the folder, which is why this is not pathspec's gitignore matching (there `*.js` means any depth, and a
folder that matches takes everything below it along).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

_STARS = re.compile(r"\*+")

DEFAULT_EXCLUDES = (
    "**/.git/**",
    "**/.hg/**",
    "**/.svn/**",
    "**/.bzr/**",
    "**/CVS/**",
    "**/node_modules/**",
    "**/__pycache__/**",
    "**/.venv/**",
    "**/.tox/**",
    "**/.nox/**",
    "**/.buildtools/**",
    "**/*~",
    "**/.#*",
    "**/#*#",
    "**/._*",
)
"""What nobody means by "all files": version control, installed packages, caches, editors' backups."""


def pattern_problem(pattern: str) -> str:
    """Say what is wrong with a pattern, or return an empty text."""
    if not pattern.strip():
        return "an empty pattern matches nothing"
    if "\0" in pattern:
        return "a pattern cannot hold a NUL"
    if pattern.startswith("/"):
        return f"{pattern!r} is absolute; patterns start at the folder"
    if ".." in pattern.split("/"):
        return f"{pattern!r} leads out of the folder"
    return ""


def has_wildcard(pattern: str) -> bool:
    """Whether a pattern can match more than one path."""
    return "*" in pattern or "?" in pattern or pattern.endswith("/")


class Patterns:
    """A set of patterns, matched against POSIX paths relative to some folder. Raises `ValueError` for a bad one."""

    def __init__(self, patterns: Iterable[str]) -> None:
        parts = []
        for pattern in patterns:
            if problem := pattern_problem(pattern):
                raise ValueError(problem)
            parts.append(_parts(pattern))
        self._whole = _alternatives(parts)
        # `x/**` as an exclusion takes the folder itself: then there is no need to look into it.
        self._folders = _alternatives([part[:-1] for part in parts if len(part) > 1 and part[-1] == "**"])
        self._leads = [_lead(part) for part in parts]

    def matches(self, path: str) -> bool:
        """Whether one of the patterns matches this path."""
        return self._whole is not None and self._whole.fullmatch(path) is not None

    def covers(self, folder: str) -> bool:
        """Whether everything below this folder matches."""
        return self._folders is not None and self._folders.fullmatch(folder) is not None

    def reaches(self, folder: str) -> bool:
        """Whether something below this folder might match."""
        names = folder.split("/")
        return any(all(a == b for a, b in zip(lead, names, strict=False)) for lead in self._leads)


def find_files(
    root: Path, include: Sequence[str], exclude: Sequence[str] = (), *, default_excludes: bool = True
) -> list[Path]:
    """Return the files below `root` that `include` matches and `exclude` does not, sorted by their relative paths.

    The paths begin with `root` as it was given. Links to folders are followed, but each real folder is visited once,
    by its own name if it lies inside: loops end, nothing comes twice. A link to nowhere is returned (its reader says
    that it cannot be read), pipes, sockets and devices are not. Raises `OSError` for a folder that cannot be listed
    (what was not looked at must not count as clean) and `ValueError` for a bad pattern.
    """
    wanted = Patterns(include)
    unwanted = Patterns([*exclude, *(DEFAULT_EXCLUDES if default_excludes else ())])
    found = [path for path in _walk(os.fspath(root), wanted, unwanted) if wanted.matches(path)]
    return [root / path for path in sorted(path for path in found if not unwanted.matches(path))]


def _walk(root: str, wanted: Patterns, unwanted: Patterns) -> Iterator[str]:
    """Yield the relative paths of all files that are worth matching."""
    here = Path(root).stat()
    seen = {(here.st_dev, here.st_ino)}
    folders = [""]
    links: list[str] = []
    while folders or links:
        # Links come after every real folder, so that a folder inside the tree is met by its own name.
        if folders:
            folder = folders.pop()
        else:
            links.sort(reverse=True)
            folder = links.pop()
            there = Path(root, folder).stat()
            if (there.st_dev, there.st_ino) in seen:
                continue
            seen.add((there.st_dev, there.st_ino))
        with os.scandir(f"{root}/{folder}" if folder else root) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                kind = _kind(entry)
                if kind == "file":
                    yield path
                elif kind != "folder":
                    continue
                elif not unwanted.covers(path) and wanted.reaches(path):
                    if entry.is_symlink():
                        links.append(path)
                    else:
                        about = entry.stat(follow_symlinks=False)
                        if (about.st_dev, about.st_ino) not in seen:
                            seen.add((about.st_dev, about.st_ino))
                            folders.append(path)


def _kind(entry: os.DirEntry[str]) -> Literal["folder", "file", "other"]:
    """What an entry is, its link followed; a link to nowhere or to itself counts as a file."""
    try:
        mode = entry.stat().st_mode
    except OSError:
        if entry.is_symlink():
            return "file"
        raise
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"


def _parts(pattern: str) -> list[str]:
    """Split a pattern; a trailing slash becomes `**`, runs of `**` become one (they cost time and mean the same)."""
    if pattern.endswith("/"):
        pattern += "**"
    out: list[str] = []
    for part in pattern.split("/"):
        if part in ("", ".") or (part == "**" and out and out[-1] == "**"):
            continue
        out.append(part)
    return out


def _lead(parts: list[str]) -> list[str]:
    """Return the folders that a path must begin with to match."""
    lead = []
    for part in parts[:-1]:
        if "*" in part or "?" in part:
            break
        lead.append(part)
    return lead


def _alternatives(patterns: list[list[str]]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{_regex(parts)})" for parts in patterns), re.DOTALL) if patterns else None


def _regex(parts: list[str]) -> str:
    """Translate a pattern so that matching takes no more than quadratic time, however many wildcards it has.

    What stands between two `**` may be taken at its first place, for good (an atomic group): if the rest fits behind a
    later place, it fits behind the first one too. The same holds for what stands between two `*` in a name.
    """
    groups: list[list[str]] = [[]]
    for part in parts:
        if part == "**":
            groups.append([])
        else:
            groups[-1].append(_name(part))
    first, *rest = groups
    out = "".join(name + "/" for name in first) if rest else "/".join(first)
    for group in rest[:-1]:
        out += "(?>(?:[^/]+/)*?" + "".join(name + "/" for name in group) + ")"
    if rest:
        out += "(?:[^/]+/)*" + "/".join(rest[-1]) if rest[-1] else ".*"
    return out


def _name(part: str) -> str:
    first, *rest = ("".join("[^/]" if char == "?" else re.escape(char) for char in text) for text in _STARS.split(part))
    out = first + "".join(f"(?>[^/]*?{text})" for text in rest[:-1])
    return out + (f"[^/]*{rest[-1]}" if rest else "")
