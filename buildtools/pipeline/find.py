"""Finding the pipeline file, and the project that it belongs to."""

from __future__ import annotations

import os
from pathlib import Path

from buildtools.core.errors import InvalidPipeline
from buildtools.pipeline.layers import LOCAL
from buildtools.pipeline.source import shown_path

NAMES = ("pipeline.yaml", "pipeline.yml", ".config/pipeline.yaml", ".config/pipeline.yml")
_FOLDERS = (".config", "pipelines")
_NO_PIPELINES = (".local.yaml", ".local.yml", ".properties.yaml", ".properties.yml", ".secrets.yaml", ".secrets.yml")
"""endings of files that may lie in `pipelines/` and are none"""


def find_file(start: Path) -> Path:
    """Return the pipeline file for a folder: of the names, else the only file in `pipelines/`, there or further up.

    Raises `InvalidPipeline` if there is none, or more than one in `pipelines/`.
    """
    start = start.absolute()
    for folder in (start, *start.parents):
        for name in NAMES:
            if _is_file(folder / name):
                return folder / name
        several = _pipelines(folder / "pipelines")
        if len(several) > 1:
            names = ", ".join(shown_path(path) for path in several[:10])
            raise InvalidPipeline(
                f"{shown_path(folder / 'pipelines')} holds several files: {names}",
                remedy=f"Name one, as the first argument or by -f {shown_path(several[0])}.",
            )
        if several:
            return several[0]
    message = f"no pipeline file in {start} or any folder above it"
    remedy = (
        f"Looked for {', '.join(NAMES[:3])} and the only file in pipelines/. Name the file, or write pipeline.yaml."
    )
    raise InvalidPipeline(message, remedy=remedy)


def root_of(file: Path) -> Path:
    """Return the project's folder: the file's own, or the one above `.config` and `pipelines`."""
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100 - links in the path are meant as they are written
    return folder.parent if folder.name in _FOLDERS else folder


def _pipelines(folder: Path) -> list[Path]:
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.suffix in (".yaml", ".yml"))
    except OSError:
        return []
    names = [name for name in names if name != LOCAL and not name.endswith(_NO_PIPELINES)]
    return [folder / name for name in names if not name.startswith(".") and _is_file(folder / name)]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
