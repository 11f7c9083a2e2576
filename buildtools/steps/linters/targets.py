"""What a tool is called with: the paths that were named, the files below them, or those of them that have changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from buildtools.plugin import StepError

_MAGIC = "*?[{!("


def present(paths: Iterable[str], workdir: Path, *, option: str = "paths", globs: bool = False) -> None:
    """Raise `StepError` for a path that is not there: several tools pass over it in silence if another one is."""
    for path in paths:
        if not os.path.lexists(workdir / path) and not (globs and any(char in path for char in _MAGIC)):
            raise StepError(f"{option}: {workdir / path} is not there", remedy="Correct the path, or take it out.")


def changed(files: Iterable[Path], paths: Sequence[str], suffixes: tuple[str, ...], workdir: Path) -> Iterator[str]:
    """Yield which of the changed files still exist, lie below `paths`, and are of the tool's kinds or named there.

    Of a pattern counts the folder before its first wildcard: more may be checked than it says, never less.
    """
    named = [_lead(workdir, path).resolve() for path in paths]
    for file in files:
        real = file.resolve()
        if not real.is_file():
            continue
        below = any(place == real or place in real.parents for place in named)
        if below and (real in named or file.name.endswith(suffixes)):
            yield os.fspath(file)


def _lead(workdir: Path, path: str) -> Path:
    """Return what a path names; the folder before the first wildcard of a pattern."""
    place = workdir / path
    while not os.path.lexists(place) and any(char in os.fspath(place) for char in _MAGIC):
        place = place.parent
    return place
