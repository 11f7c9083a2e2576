"""Packing and deploying small releases in tests, and looking at what stands on a host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from buildtools.plugin import Status, StepError, StepResult
from buildtools.steps.pack import Pack
from buildtools.steps.upload import Upload
from tests.support.context import LoneContext

_T = TypeVar("_T")


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write text files below a folder and return it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def configured(plugin: type[_T], options: Mapping[str, Any]) -> _T:
    """Return the step that these options, as a pipeline file has them, make."""
    return msgspec.convert(options, plugin, dec_hook=lambda kind, value: kind(value))


def names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


def pack(root: Path, files: Mapping[str, str], *, revision: str = "r1", version: str = "1.0") -> Path:
    """Pack these files as target `demo` and return the archive."""
    source = write(root / f"src-{version}-{revision}", files)
    step = Pack(release_dir=source, target="demo", release_version=version, revision=revision)
    return root / step.run(LoneContext(root)).outputs["archive"]


def upload(
    folder: Path, archive: Path, *, context: LoneContext | None = None, **options: Any
) -> tuple[StepResult, str]:
    """Deploy an archive, by default to `local:` below `site`; return the result and what was said.

    A result that is none of a deployment is raised as the error that it tells of.
    """
    context = context or LoneContext(folder)
    step = Upload(archive=archive, **{"hosts": ("local:",), "root": "site", **options})
    result = step.run(context)
    if result.status is not Status.PASSED:
        raise StepError(result.reason, remedy=result.remedy)
    return result, "".join(context.shown)


def content(folder: Path) -> dict[str, str]:
    """Return all files below a folder, by path, with their text."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def current(root: Path) -> str:
    """Return what `current` of the target `demo` below `site` points to."""
    return str((root / "site/demo/current").readlink())


def residue(root: Path) -> list[str]:
    """Return what a deployment should not have left."""
    state = root / "site/demo/.buildtools"
    found = [path for name in ("txn", "stage") for path in (state / name).iterdir()]
    found += [path for path in state.iterdir() if path.name.startswith("stale") or path.name == "lock"]
    found += list((root / "site/demo/releases").glob("*/.buildtools"))
    return [str(path) for path in found]
