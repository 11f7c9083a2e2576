"""Keeping a cache's folder below a size: what was used longest ago goes first."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

BOUND = 2**30
"""Bytes that a cache may have: 1 GiB."""
_TOOLS = "tools"
_HOUR, _DAY = 3600.0, 86_400.0


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder holds. `oldest` is when its least recently used part was used, seconds since the epoch."""

    blobs: int = 0
    bytes: int = 0
    tools: tuple[str, ...] = ()
    """the plugins whose own programs keep something there"""
    tool_bytes: int = 0
    oldest: float | None = None


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed, and what is left."""

    removed: int = 0
    removed_bytes: int = 0
    bytes: int = 0
    stuck: int = 0
    """how many parts were to go and could not be removed"""
    problem: str = ""
    """what the system said of the first of these"""


class _Part(msgspec.Struct, frozen=True):
    """Something that is kept or removed whole: a blob, or the folder of a plugin's own program."""

    used: float
    size: int
    path: str
    folder: bool


def contents(folder: Path) -> Contents:
    """Return what is there; nothing, if the folder is not."""
    parts = list(_parts(folder))
    tools = [part for part in parts if part.folder]
    return Contents(
        blobs=len(parts) - len(tools),
        bytes=sum(part.size for part in parts),
        tools=tuple(sorted(os.path.basename(part.path) for part in tools)),  # noqa: PTH119
        tool_bytes=sum(part.size for part in tools),
        oldest=min((part.used for part in parts), default=None),
    )


def sweep(folder: Path, bound: int) -> Swept:
    """Remove what was used longest ago until at most `bound` bytes are left, and what cut off runs left behind.

    Runs that use the folder meanwhile do without what is gone. What cannot be removed stays, and is told.
    """
    _remove_litter(folder)
    parts = sorted(_parts(folder), key=lambda part: part.used)
    total, removed, freed = sum(part.size for part in parts), 0, 0
    problems: list[str] = []
    for part in parts:
        if total - freed <= bound:
            break
        try:
            remove_folder(part.path) if part.folder else os.unlink(part.path)  # noqa: PTH108
        except FileNotFoundError:  # somebody else was quicker
            freed += part.size
        except OSError as error:
            problems.append(f"{part.path}: {error.strerror}")  # the error knows no more than a name
        else:
            removed += 1
            freed += part.size
    stuck, problem = len(problems), problems[0] if problems else ""
    return Swept(removed=removed, removed_bytes=freed, bytes=total - freed, stuck=stuck, problem=problem)


def sweep_now_and_then(folder: Path, bound: int = BOUND, *, written: int = 0) -> None:
    """Sweep if that was last done more than a day ago, or if much was `written` (bytes) since the last look.

    Costs one look at a file otherwise.
    """
    marker = folder / "swept"
    now = time.time()
    with suppress(OSError):
        try:
            due = written > bound // 8 or not now - _DAY < marker.stat().st_mtime <= now
        except FileNotFoundError:
            due = written > bound // 8
            marker.touch()
        if due:
            marker.touch()
            sweep(folder, bound)


def clear(folder: Path) -> Contents:
    """Remove everything; return what was there. Raises `OSError` if something cannot be taken away.

    A link stays, and so does a folder that cannot be moved, as where another file system is mounted: these are emptied.
    """
    found = contents(folder)
    _remove_litter(folder)
    if not folder.is_dir():
        if not folder.is_symlink():
            folder.unlink(missing_ok=True)
        return found
    if away := _moved_away(folder):
        remove_folder(away)
    else:
        _empty(folder)
    return found


def _moved_away(folder: Path) -> Path | None:
    """Move a folder at one stroke, so that a run that is under way begins anew; `None` if it has to stay."""
    if folder.is_symlink():
        return None
    away = folder.with_name(f".{folder.name}.{os.urandom(4).hex()}")
    try:
        return folder.rename(away)
    except OSError:
        return None


def _empty(folder: Path) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                remove_folder(entry.path)
            else:
                os.unlink(entry.path)  # noqa: PTH108


def remove_folder(path: str | Path) -> None:
    """Remove a folder with all that is in it. Raises `OSError` for what cannot be removed, once the rest is gone."""
    import shutil

    shutil.rmtree(path, ignore_errors=True)
    if os.path.lexists(path):
        shutil.rmtree(path)  # to hear why


def _parts(folder: Path) -> Iterator[_Part]:
    for entry in _entries(folder):
        if not entry.is_dir(follow_symlinks=False):
            continue
        for inner in _entries(entry.path):
            with suppress(OSError):
                if entry.name == _TOOLS:
                    if not inner.name.startswith("."):
                        yield _tool(inner.path)
                elif inner.is_file(follow_symlinks=False):
                    about = inner.stat(follow_symlinks=False)
                    yield _Part(about.st_mtime, about.st_size, inner.path, folder=False)


def _tool(path: str) -> _Part:
    used, size = os.stat(path).st_mtime, 0  # noqa: PTH116
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                about = os.lstat(f"{folder}/{name}")
                used, size = max(used, about.st_mtime), size + about.st_size
    return _Part(used, size, path, folder=True)


def _remove_litter(folder: Path) -> None:
    """Remove temporary files that a killed run left, and folders that were put away: tools' own, and the whole one."""
    limit = time.time() - _HOUR
    away = re.compile(rf"\.{re.escape(folder.name)}\.[0-9a-f]{{8}}")
    for beside in _entries(folder.parent):
        if away.fullmatch(beside.name) and beside.is_dir(follow_symlinks=False):
            with suppress(OSError):
                remove_folder(beside.path)
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            for inner in _entries(entry.path):
                with suppress(OSError):
                    if not inner.name.startswith("."):
                        continue
                    if inner.is_dir(follow_symlinks=False):
                        remove_folder(inner.path)
                    elif inner.stat(follow_symlinks=False).st_mtime < limit:
                        os.unlink(inner.path)  # noqa: PTH108


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []
