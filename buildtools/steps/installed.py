"""What is installed in an interpreter, as far as names and versions tell, without starting it each time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from buildtools.core.decoding import from_json
from buildtools.plugin import Cache, StepContext, StepError

_ASK = """
import json, platform, sys
version = f"{platform.python_implementation()} {sys.version}"
print(json.dumps({"version": version, "path": [folder for folder in sys.path if folder]}))
"""
_MATTERS = ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "HOME")
"""Variables by which the folders of packages differ."""


class Installed(msgspec.Struct, frozen=True):
    """`packages` are names and versions, `links` the files that add further folders (`*.pth`)."""

    version: str
    packages: tuple[tuple[str, str], ...] = ()
    links: tuple[Path, ...] = ()


class _Told(msgspec.Struct):
    version: str
    path: list[str]


def installed(ctx: StepContext, cache: Cache, python: str) -> Installed:
    """Return what the interpreter `python` has. Raises `StepError` or `OSError` if it cannot be asked.

    The interpreter is started only if its file, its environment's `pyvenv.cfg`, or a variable that it heeds is new to
    the cache. Packages are seen by the names of their `*.dist-info`: one that was edited in place looks the same.
    """
    told = _told(ctx, cache, python)
    packages: dict[str, str] = {}
    links: list[Path] = []
    for part in told.path:
        folder = ctx.workdir / part
        for name in _listed(folder):
            stem, dot, ending = name.rpartition(".")
            if ending in ("dist-info", "egg-info"):
                package, _, version = stem.partition("-")
                packages.setdefault(package.lower().replace("_", "-"), version or "?")
            elif dot and ending in ("pth", "egg-link"):
                links.append(folder / name)
    return Installed(told.version, tuple(sorted(packages.items())), tuple(links))


def _told(ctx: StepContext, cache: Cache, python: str) -> _Told:
    key = "interpreter\0" + "\0".join(_identity(ctx, cache, python))
    data = cache.get(key)
    if data is None:
        done = ctx.run((python, "-c", _ASK), capture=True)
        if done.returncode:
            raise StepError(f"{python}: {done.ending}, when asked for its version")
        data = done.stdout
        cache.put(key, data)
    try:
        return from_json(data, _Told)
    except msgspec.DecodeError:
        raise StepError(f"{python} does not say its version") from None


def _identity(ctx: StepContext, cache: Cache, python: str) -> Iterator[str]:
    found = python if os.sep in python else shutil.which(python, path=ctx.env.get("PATH"))
    if not found:
        raise StepError(f"{python}: not found")
    program = Path(os.path.normpath(ctx.workdir / found))
    yield str(program)
    yield cache.digest(program)
    for config in (program.parent.parent / "pyvenv.cfg", program.parent / "pyvenv.cfg"):
        if config.is_file():
            yield cache.digest(config)
    yield from (f"{name}={ctx.env.get(name, '')}" for name in _MATTERS)


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:  # a zip, or nothing at all
        return []
