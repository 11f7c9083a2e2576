"""What pylint is called with: its arguments, and the files that they may be restricted to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

_SUFFIXES = (".py", ".pyi")
_NOT_SOURCE = frozenset({"build", "dist", "node_modules", "__pycache__"})


def everything(folder: Path) -> tuple[str, ...]:
    """Return what a project's folder holds of its own: its Python files and folders, sorted.

    Left out are hidden folders, virtual environments, `node_modules` and build output, in the folder itself; what
    lies deeper is pylint's to find, and `ignore` in its configuration holds there.
    """
    if (folder / "__init__.py").is_file():
        return (".",)
    return tuple(sorted(entry.name for entry in folder.iterdir() if _is_source(entry)))


def _is_source(entry: Path) -> bool:
    if entry.name.startswith(".") or entry.name in _NOT_SOURCE or entry.suffix == ".egg-info":
        return False
    if entry.is_dir():
        return not (entry / "pyvenv.cfg").exists()
    return entry.suffix in _SUFFIXES


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
        if real in named or (file.suffix in _SUFFIXES and (below or module)):
            out.append(str(file))
    return tuple(out)


def listed(option: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return `--option=a,b`, or nothing for no values."""
    return (f"--{option}={','.join(values)}",) if values else ()
