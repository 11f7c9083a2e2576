"""The files that a step makes, by patterns: as they lie there, links as links."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from buildtools.system.files import Patterns

_OURS = frozenset({".git", ".buildtools"})
"""Nobody's output, whatever the patterns say."""


def outputs_problem(pattern: str) -> str:
    """Say why a pattern, right in itself, cannot say what a step makes, or return an empty text."""
    if all(set(part) <= {"*"} for part in pattern.split("/")):
        return f"{pattern!r} claims every file as made by this step: begin with a folder, or end in a kind of name"
    return ""


def find_outputs(folder: Path, patterns: Sequence[str]) -> list[str]:
    """Return the files and links below `folder` that match, as sorted POSIX paths relative to it.

    Other than `find_files`, it leaves out nothing but `.git` and `.buildtools`, and follows no link: a link, also to a
    folder, is an output by itself. Raises `OSError` for a folder that cannot be listed.
    """
    wanted = Patterns(patterns)
    return sorted(path for path in _walk(os.fspath(folder), "", wanted) if wanted.matches(path))


def missing_outputs(folder: Path, patterns: Sequence[str]) -> list[str]:
    """Return the patterns that nothing below `folder` matches. Raises `OSError`."""
    found = find_outputs(folder, patterns) if patterns else []
    return [pattern for pattern in patterns if not any(map(Patterns([pattern]).matches, found))]


def _walk(root: str, folder: str, wanted: Patterns) -> Iterator[str]:
    try:
        entries = os.scandir(f"{root}/{folder}")
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _OURS and wanted.reaches(path):
                    yield from _walk(root, path, wanted)
            elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                yield path
