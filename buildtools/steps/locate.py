"""How a tool's paths become the paths of results."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePath


def locator(root: Path, workdir: Path) -> Callable[[str], str]:
    """Return the function that makes a path POSIX text, relative to the project's root where it lies inside."""
    roots = {os.fspath(root), os.path.realpath(root)}

    def locate(path: str) -> str:
        absolute = os.path.normpath(workdir / path)
        for base in roots:
            if absolute.startswith(base.rstrip(os.sep) + os.sep):
                return PurePath(os.path.relpath(absolute, base)).as_posix()
        return PurePath(absolute).as_posix()

    return locate


def shown(path: Path, root: Path) -> str:
    """Return an absolute path as seen from the project, or whole if it lies outside."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
