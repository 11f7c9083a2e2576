"""What goes into a release: walking a folder, leaving things out, renaming, setting modes."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from buildtools.core.errors import StepError
from buildtools.core.wording import did_you_mean
from buildtools.deploy.layout import PRIVATE, link_problem, parents, path_problem
from buildtools.system.stamp import Stamp, stamp_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

LEFT_OUT = (
    ".git", ".hg", ".svn", f"{PRIVATE}/", ".venv/", "__pycache__/", "*.py[cod]", ".mypy_cache/", ".ruff_cache/",
    ".pytest_cache/", ".hypothesis/", ".import_linter_cache/", ".tox/", ".nox/", ".coverage", ".coverage.*",
    ".DS_Store", "pipeline.local.yaml", "/pipeline.yaml", "/pipeline.yml", "/.config/pipeline.yaml",
    "/.config/pipeline.yml", "/fabfile.py", "/fabric.yaml", "/fabric.yml", "/fabric.json", "/build/dist/",
    "/build/reports/",
)  # fmt: skip
"""Out by default, as gitignore patterns before the user's own: `!.venv/` among those takes one back in."""

GLOB = frozenset("*?[")
_ODD = re.compile(r"[\\*?\[ ]")
"""what means something in a gitignore pattern"""


class Member(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing to pack: where it is, and what it is in the release; of a file, how it was found."""

    source: str
    path: str
    kind: Literal["file", "link", "folder"] = "file"
    mode: int = 0o644
    target: str = ""
    stamp: Stamp = Stamp()


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What is packed of a `folder`; `outputs` (absolute) are left out, `tracked` restricts it to these paths.

    `unwanted` are paths in the folder that are out by default, too.
    """

    folder: Path
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    rename: Mapping[str, str] = {}
    modes: Mapping[str, int] = {}
    outputs: frozenset[Path] = frozenset()
    tracked: frozenset[str] | None = None
    unwanted: Sequence[str] = ()

    @property
    def without(self) -> tuple[str, ...]:
        """The patterns of what is out by default, before those of `exclude`."""
        return (*LEFT_OUT, *("/" + _ODD.sub(r"\\\g<0>", path) for path in self.unwanted))


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The members, sorted by path, folders before what is in them; `dangling` are links to what is not packed."""

    members: tuple[Member, ...]
    dangling: tuple[str, ...] = ()


Note = Callable[[str, str], None]
"""told of a path that is left out (folders end with `/`), and by which rule"""


def select(rules: Rules, note: Note | None = None) -> Selection:
    """Return what the rules choose; raise `StepError` for what cannot be in a release, or for a rule without effect."""
    found = _renamed(list(_walk(rules, note)), rules.rename)
    members = _moded(_with_folders(found), rules.modes)
    names = {".", *(member.path for member in members)}
    inside = os.path.realpath(rules.folder)
    dangling = []
    for member in members:
        if problem := path_problem(member.path):
            place = os.fsencode(member.source).decode("utf-8", "replace")
            raise StepError(f"{place}: {problem}", remedy="Rename it, or leave it out by `exclude`.")
        if member.kind == "link":
            _check_link(member, inside)
            if _landing(member) not in names:
                dangling.append(f"{member.path} -> {member.target}")
    return Selection(members=members, dangling=tuple(dangling))


def spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    """Compile gitignore patterns; raise `ValueError` for one that is none."""
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(patterns)


def _walk(rules: Rules, note: Note | None) -> Iterator[Member]:
    """Yield files, links and empty folders, unsorted. Folders that are left out are not entered."""
    excluded = spec([*rules.without, *rules.exclude])
    included = spec(rules.include) if rules.include else None

    def without(path: str, rule: str) -> None:
        if note is not None:
            note(path, rule or _pattern(excluded, path, rules))

    outputs = frozenset(map(os.fspath, rules.outputs))
    todo = [(os.fspath(rules.folder), "")]
    while todo:
        folder, prefix = todo.pop()
        try:
            with os.scandir(folder) as scan:
                children = list(scan)
        except OSError as error:
            raise StepError(f"{folder}: cannot be read: {error.strerror}") from None
        if prefix and {"releases", PRIVATE} <= {child.name for child in children}:
            without(prefix, "releases are deployed to it")  # each would contain all earlier ones
            continue
        for child in children:
            path = prefix + child.name
            is_folder = child.is_dir(follow_symlinks=False)
            if excluded.match_file(path + "/" * is_folder):
                without(path + "/" * is_folder, "")
            elif child.path in outputs:
                without(path + "/" * is_folder, "of buildtools itself, or with secrets in it")
            elif is_folder:
                todo.append((child.path, path + "/"))
            elif included is not None and not included.match_file(path):
                without(path, "not in `include`")
            elif rules.tracked is not None and path not in rules.tracked:
                without(path, "not known to git")
            else:
                yield _member(child, path)
        wanted = included is None or included.match_file(prefix)
        if not children and prefix and wanted and rules.tracked is None:
            yield Member(source=folder, path=prefix[:-1], kind="folder")


def _pattern(excluded: GitIgnoreSpec, path: str, rules: Rules) -> str:
    """Name the pattern that leaves a path out."""
    index = excluded.check_file(path).index or 0
    without = rules.without
    if index < len(without):
        return f"by default: {without[index]}"
    return f"`exclude`: {rules.exclude[index - len(without)]}"


def _member(child: os.DirEntry[str], path: str) -> Member:
    try:
        about = child.stat(follow_symlinks=False)
        mode = about.st_mode
        if stat.S_ISLNK(mode):
            return Member(source=child.path, path=path, kind="link", target=os.readlink(child.path))  # noqa: PTH115
    except OSError as error:
        raise StepError(f"{child.path}: cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        kind = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}.get(stat.S_IFMT(mode), "a device")
        raise StepError(f"{child.path}: is {kind}, which no release can hold", remedy="Leave it out by `exclude`.")
    return Member(source=child.path, path=path, mode=0o755 if mode & 0o100 else 0o644, stamp=stamp_of(about))


def _renamed(found: list[Member], rename: Mapping[str, str]) -> list[Member]:
    """Give files, links and whole folders their names in the release; two of one name are refused."""
    unused = set(rename)
    taken: dict[str, Member] = {}
    for member in found:
        path = member.path
        for part in (path, *parents(path)) if rename else ():  # the longest name first
            if part in rename:
                unused.discard(part)
                path = rename[part] + path.removeprefix(part)
                break
        if path in taken:
            raise StepError(f"{taken[path].source} and {member.source} would both become {path!r} in the release")
        taken[path] = member if path == member.path else msgspec.structs.replace(member, path=path)
    for name in sorted(unused):
        hint = did_you_mean(name, (member.path for member in found))
        raise StepError(f"rename: {name!r} is not among what is packed.{hint}")
    return list(taken.values())


def _with_folders(found: list[Member]) -> list[Member]:
    """Add every folder that something lies in, and sort."""
    named = {member.path: member for member in found}
    for member in found:
        for parent in parents(member.path):
            there = named.get(parent)
            if there is None:
                named[parent] = Member(source="", path=parent, kind="folder")
            elif there.kind != "folder":
                raise StepError(f"{there.source} would become {parent!r}, in which {member.path!r} is to lie")
    return sorted(named.values(), key=lambda member: os.fsencode(member.path))


def _moded(members: list[Member], modes: Mapping[str, int]) -> tuple[Member, ...]:
    """Set modes by exact path, or by a pattern where there is a `*`, `?` or `[` in it; later ones win."""
    for name, mode in modes.items():
        matches = spec([name]).match_file if GLOB & set(name) else name.__eq__
        hits = {member.path for member in members if member.kind == "file" and matches(member.path)}
        if not hits:
            hint = did_you_mean(name, (member.path for member in members))
            raise StepError(f"modes: {name!r} is not among the files that are packed.{hint}")
        members = [msgspec.structs.replace(one, mode=mode) if one.path in hits else one for one in members]
    return tuple(members)


def _check_link(member: Member, inside: str) -> None:
    problem = link_problem(member.path, member.target)
    # By its text a link may stay inside and yet leave through another link: follow it for real.
    real = os.path.realpath(member.source)
    if not problem and real != inside and not real.startswith(inside.rstrip("/") + "/"):
        problem = f"is a link that leaves the release, to {real}"
    if problem:
        raise StepError(
            f"{member.source} -> {member.target}: {problem}",
            remedy="Put a copy there, leave it out by `exclude`, or see the option `shared` of `upload`.",
        )


def _landing(member: Member) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(member.path), member.target))
