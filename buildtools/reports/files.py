"""The reports of a run as files: which ones, and writing each whole or not at all."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from buildtools.core.results import RunResult
from buildtools.reports.kinds import ALWAYS, RENDERERS
from buildtools.reports.scene import Scene
from buildtools.system.replace import replace_file

Places = Sequence[tuple[str, Path]]
"""(kind, path)"""


def places(folder: Path, wanted: Places) -> Places:
    """Return what a run writes: the usual reports into `folder`, then those that were asked for."""
    return (*((kind, folder / name) for kind, name in ALWAYS), *wanted)


def forget(files: Places) -> None:
    """Remove the reports that an earlier run left: if this one never comes to write its own, none may pass for it."""
    for _, path in files:
        with suppress(OSError):
            path.unlink()


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
