"""Which Python code is a project's own, for steps that are not told what to look at."""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".py", ".pyi")
_NOT_SOURCE = frozenset({"build", "dist", "node_modules", "__pycache__"})


def everything(folder: Path) -> tuple[str, ...]:
    """Return what a project's folder holds of its own: its Python files and folders, sorted.

    Left out are hidden folders, virtual environments, `node_modules` and build output, in the folder itself; what
    lies deeper is the tool's to find, and what its configuration leaves out is left out there.
    """
    if (folder / "__init__.py").is_file():
        return (".",)
    return tuple(sorted(entry.name for entry in folder.iterdir() if _is_source(entry)))


def _is_source(entry: Path) -> bool:
    if entry.name.startswith(".") or entry.name in _NOT_SOURCE or entry.suffix == ".egg-info":
        return False
    if entry.is_dir():
        return not (entry / "pyvenv.cfg").exists()
    return entry.suffix in SUFFIXES
