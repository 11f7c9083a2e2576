"""Packages that the lock file names: from the cache, else through npm, and never without the lock file's sha512."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path

import msgspec

from buildtools.core.decoding import from_json
from buildtools.plugin import StepContext, StepError
from buildtools.steps.jslint import store

_LARGEST_MEMBER = 64 * 1024 * 1024

NpmFinder = Callable[[], tuple[str, ...]]
"""Finds the words that start npm; asked only when something must be fetched."""


class Package(msgspec.Struct, frozen=True):
    """A package, its version, and the sha512 of its archive."""

    name: str
    version: str
    sha512: bytes

    @property
    def spec(self) -> str:
        """`name@version`, as npm takes it."""
        return f"{self.name}@{self.version}"

    @property
    def file(self) -> str:
        """The archive's name in the cache; another content has another name."""
        return f"{self.name.rpartition('/')[2]}-{self.version}-{self.sha512.hex()[:32]}.tgz"


def locked(lockfile: Path, name: str) -> Package:
    """Read a package's version and integrity from npm's lock file (version 3)."""
    entry = from_json(lockfile.read_bytes(), _Lock).packages[f"node_modules/{name}"]
    kind, _, digest = entry.integrity.partition("-")
    if kind != "sha512":
        raise StepError(f"{lockfile}: {name} has no sha512")
    return Package(name, entry.version, base64.b64decode(digest))


def obtain(ctx: StepContext, package: Package, npm: NpmFinder) -> bytes:
    """Return a package's archive: the cache's if it is whole, else what npm fetches from its registry.

    Raises `StepError` when offline, when npm fails, or when the archive is not the one that the lock file names.
    """
    folder = store.cache_folder(ctx.env)
    cached = store.load(folder / package.file)
    if cached is not None:
        if _matches(package, cached):
            return cached
        ctx.warn(f"{folder / package.file} is damaged; fetching {package.spec} again")
    if ctx.offline:
        raise StepError(f"{package.spec} is not in {folder}, and nothing may be fetched offline")
    fetched = _fetch(ctx, package, npm())
    if not _matches(package, fetched):
        raise StepError(
            f"the registry's {package.spec} is not the archive that the lock file names (its sha512 differs); not used",
            remedy="Ask who runs the registry that npm is configured for; `npm config get registry` says which it is.",
        )
    if problem := store.save(folder / package.file, fetched):
        ctx.warn(f"{package.spec} could not be kept in the cache: {problem}")
    return fetched


def member(archive: bytes, name: str) -> bytes:
    """Return one file of a package's archive, `name` being relative to the package."""
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        entry = tar.getmember(f"package/{name}")
        file = tar.extractfile(entry) if entry.size <= _LARGEST_MEMBER else None
        if file is None:
            raise StepError(f"{name}: not a file in the package")
        return file.read()


class _Entry(msgspec.Struct):
    version: str = ""
    integrity: str = ""


class _Lock(msgspec.Struct):
    packages: dict[str, _Entry]


def _matches(package: Package, archive: bytes) -> bool:
    import hashlib

    return hashlib.sha512(archive).digest() == package.sha512


def _fetch(ctx: StepContext, package: Package, npm: tuple[str, ...]) -> bytes:
    import tempfile

    ctx.output(f"fetching {package.spec} through npm\n")
    with tempfile.TemporaryDirectory(dir=ctx.temp, prefix="npm-") as folder:
        quiet = ("--ignore-scripts", "--no-update-notifier", "--no-fund", "--no-audit", "--loglevel=error")
        # npm's own patience is some minutes, too long for a step that has not begun.
        patience = ("--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=3000")
        argv = (*npm, "pack", package.spec, "--pack-destination", folder, *quiet, *patience)
        # In the root, so that the project's own .npmrc (its registry, its proxy) counts.
        completed = ctx.run(argv, cwd=ctx.root, capture=True)
        archives = sorted(Path(folder).glob("*.tgz"))
        if completed.returncode != 0 or len(archives) != 1:
            raise StepError(
                f"npm could not fetch {package.spec} (exit {completed.returncode})",
                remedy="Its own words stand in the step's output; `npm config get registry` says where it looked.",
            )
        return archives[0].read_bytes()
