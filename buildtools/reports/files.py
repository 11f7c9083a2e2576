"""The reports of a run as files: which ones, and writing each whole or not at all."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from buildtools.core.errors import UsageProblem
from buildtools.core.results import RunResult
from buildtools.reports.kinds import ALWAYS, BEGINNINGS, RENDERERS
from buildtools.reports.scene import Scene
from buildtools.system.replace import replace_file

Places = Sequence[tuple[str, Path]]
"""(kind, path)"""
_HEAD = 4096
"""bytes in which a report shows that it is one"""


def places(folder: Path, wanted: Places) -> Places:
    """Return what a run writes: the usual reports into `folder`, then those that were asked for."""
    return (*((kind, folder / name) for kind, name in ALWAYS), *wanted)


def refuse(files: Places, sources: Iterable[Path]) -> None:
    """Raise `UsageProblem` for a report in the place of a source of the pipeline, a folder or a device."""
    for kind, path in files:
        if any(same(path, source) for source in sources):
            message = f"{path}: the {kind} report would take the place of a file that the pipeline is read from"
            raise UsageProblem(message, remedy="Write the report to another path.")
        if _special(path):
            what = "a folder" if os.path.isdir(path) else "no regular file"  # noqa: PTH112 - as in `_special`
            message = f"{path}: the {kind} report cannot be written there: it is {what}"
            raise UsageProblem(message, remedy="Write the report to another path.")


def forget(files: Places) -> None:
    """Remove the reports that an earlier run left: if this one never comes to write its own, none may pass for it."""
    for _, path in files:
        if not _special(path):
            with suppress(OSError):
                path.unlink()


def earlier(files: Places) -> Places:
    """Return the files that an earlier run wrote: those that begin as a report of the kind does."""
    return [(kind, path) for kind, path in files if re.match(BEGINNINGS[kind], _head(path))]


def same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file, through links as well; one that is not there is the same as none."""
    try:
        return path.samefile(other)
    except OSError:
        return False


def _special(path: Path) -> bool:
    """Whether a path leads to what is there and no regular file."""
    return os.path.exists(path) and not os.path.isfile(path)  # noqa: PTH110, PTH113 - without rights, pathlib's raise


def _head(path: Path) -> bytes:
    """Return the first bytes of a file; of what cannot be read, some with which no report begins."""
    if _special(path):  # to open a pipe is to wait
        return b"\0"
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b"\0"


def write(result: RunResult, files: Places, scene: Scene) -> tuple[str, ...]:
    """Render and write the reports, one kind after the other; return what could not be written.

    What a renderer raises is a fault of ours: it is raised again when the other reports are written.
    """
    problems: list[str] = []
    faults: list[Exception] = []
    for kind in dict.fromkeys(kind for kind, _ in files):
        paths = [path for other, path in files if other == kind]
        try:
            data = RENDERERS[kind](result, msgspec.structs.replace(scene, folder=paths[0].parent))
        except Exception as fault:  # one report that fails must not take the others with it
            faults.append(fault)
            continue
        for path in paths:
            try:
                replace_file(path, data)
            except OSError as error:
                problems.append(f"{path}: the {kind} report could not be written: {_obstacle(error)}")
    if faults:
        raise faults[0]
    return tuple(problems)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector of cycles from looking through a large result again and again: rendering makes no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _obstacle(error: OSError) -> str:
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return f"{error.filename} is in the way: it is no folder"
    if isinstance(error, PermissionError):
        return f"{error.strerror} (choose another place by --reports, or see to the rights)"
    return error.strerror or str(error)
