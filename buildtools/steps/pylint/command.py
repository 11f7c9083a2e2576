"""What pylint is called with: its arguments, and the files that they may be restricted to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from buildtools.steps.owncode import SUFFIXES


def changed(files: Iterable[Path], paths: Sequence[str], workdir: Path) -> tuple[str, ...]:
    """Return which of the changed files lie under `paths`: existing Python files, or files named there themselves.

    A path that is not on disk may be a module's name; which files it means, only pylint knows.
    """
    named = [(workdir / path).resolve() for path in paths]
    module = any(not path.exists() for path in named)
    out = []
    for file in files:
        real = file.resolve()
        if not real.is_file():
            continue
        below = any(real == path or path in real.parents for path in named)
        if real in named or (file.suffix in SUFFIXES and (below or module)):
            out.append(str(file))
    return tuple(out)


def listed(option: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return `--option=a,b`, or nothing for no values."""
    return (f"--{option}={','.join(values)}",) if values else ()
