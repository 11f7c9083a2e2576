"""A step's files as the cache keeps them: by content, with mode bits, links as links.

Contents lie in the store under the sha-256 of what they hold. Nothing is overwritten or removed in the tree whose
content the store does not hold, except a step's own artifacts: what somebody wrote by hand is never lost.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from buildtools.core.encoding import whole
from buildtools.core.errors import BuildtoolsError
from buildtools.core.masking import Masker
from buildtools.core.results import Artifact
from buildtools.core.wording import size
from buildtools.engine.components import relative
from buildtools.system.digests import Digests
from buildtools.system.outputs import find_outputs
from buildtools.system.replace import replacing
from buildtools.system.store import Store

LIMIT = 256 * 2**20
"""Bytes of one step's files. The cache has room for four steps of that size: what is larger would clear it out."""


class NotKept(BuildtoolsError):
    """A result cannot be kept, or not be put back; the message says why."""


class KeptFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file by its path below the folder that it is kept for; `link` is a link's target, which has no content."""

    path: str
    mode: int = 0
    digest: str = ""
    link: str = ""


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """Where a step's files lie, and which they are: its artifacts, and what its patterns match in its work folder."""

    root: Path
    workdir: Path
    reports: Path
    patterns: tuple[str, ...] = ()
    inputs: frozenset[str] = frozenset()
    """paths relative to the root, of files that are never outputs"""


def content(digest: str) -> str:
    """Return the name under which the store holds a content."""
    return f"content\0{digest}"


def outputs_in(area: Area) -> dict[str, Path]:
    """Return the declared outputs that are there, by their paths relative to the root. Raises `OSError`."""
    if not area.patterns:
        return {}
    found = (area.workdir / path for path in find_outputs(area.workdir, area.patterns))
    named = {relative(path, area.root): path for path in found}
    return {name: path for name, path in named.items() if name not in area.inputs}


def artifacts_in(area: Area, artifacts: Iterable[Artifact]) -> dict[str, Path]:
    """Return the files of artifacts, those in folders one by one. Raises `NotKept` for one that cannot be kept."""
    found: dict[str, Path] = {}
    for artifact in artifacts:
        path = area.root / artifact.path
        for file in _files_of(path):
            found[relative(file, area.root)] = file
    return found


class Bounds:
    """Where files may be kept from and put back to: really below the root or the reports folder, links followed."""

    def __init__(self, area: Area) -> None:
        self._root = area.root
        self._inside = [f"{os.path.realpath(place).rstrip('/')}/" for place in (area.root, area.reports)]
        self._known: dict[str, bool] = {}

    def check(self, names: Iterable[str]) -> None:
        """Raise `NotKept` for a path, relative to the root if it can be, that leads out of them."""
        for name in names:
            folder, last = os.path.split(name)
            if folder not in self._known:
                real = os.path.realpath(self._root / folder) + "/"
                self._known[folder] = any(map(real.startswith, self._inside))
            if last == ".." or not self._known[folder]:
                raise NotKept(f"{name} lies outside of the project")


def keep(paths: dict[str, Path], area: Area, store: Store, masker: Masker) -> tuple[KeptFile, ...]:
    """Put the contents of files into the store. Raises `NotKept`, or `OSError` for what cannot be read."""
    Bounds(area).check(paths)
    kept, total = [], 0
    for name, path in sorted(paths.items()):
        about = path.lstat()
        if whole(name) != name:
            raise NotKept(f"{whole(name)}: its name is no UTF-8")
        if stat.S_ISLNK(about.st_mode):
            kept.append(KeptFile(path=name, link=os.readlink(path)))  # noqa: PTH115
            continue
        total += about.st_size
        if total > LIMIT:
            raise NotKept(f"its files are larger than {size(LIMIT)}")
        data = path.read_bytes()
        if masker.finds(data):
            raise NotKept(f"a secret stands in {name}")
        digest = sha256(data).hexdigest()
        if not store.holds(content(digest)) and not store.put(content(digest), data):
            raise NotKept("the cache cannot be written")
        kept.append(KeptFile(path=name, mode=stat.S_IMODE(about.st_mode), digest=digest))
    return tuple(kept)


class Restoring:
    """Puts kept files back: all of them, or the step must run."""

    def __init__(self, area: Area, store: Store, digests: Digests) -> None:
        self._area = area
        self._store = store
        self._digests = digests

    def put_back(self, files: Sequence[KeptFile], artifacts: Iterable[Artifact]) -> None:
        """Write what is not there as it was kept, and remove outputs that the kept result does not have.

        Raises `NotKept` if that is not possible, before anything is removed; `OSError` likewise.
        """
        own = self._own(artifacts)
        present = outputs_in(self._area)
        kept = {file.path: file for file in files}
        stale = [path for name, path in present.items() if name not in kept]
        Bounds(self._area).check([*kept, *present])
        for file in files:
            # What is a link now need not be one then, and leads where it likes.
            if any(parent in kept for parent in _parents(file.path)):
                raise NotKept(f"{file.path} lies below a file or a link")
        wanted = [file for file in files if not self._is_there(file)]
        for file in wanted:
            if file.digest and not self._store.holds(content(file.digest)):
                raise NotKept(f"{file.path} is no longer in the cache")
            if not any(file.path == name or file.path.startswith(f"{name}/") for name in own):
                self._spare(self._area.root / file.path)
        for path in stale:
            self._spare(path)
        for file in wanted:
            self._write(file)
        for path in stale:
            path.unlink(missing_ok=True)
        for name in kept.keys() - {file.path for file in wanted}:
            # What was there already is as good as made now, and must not look older than the run.
            with suppress(OSError):
                os.utime(self._area.root / name, follow_symlinks=False)

    def _own(self, artifacts: Iterable[Artifact]) -> list[str]:
        return [relative(self._area.root / artifact.path, self._area.root) for artifact in artifacts]

    def _is_there(self, file: KeptFile) -> bool:
        path = self._area.root / file.path
        try:
            about = path.lstat()
            if file.link or stat.S_ISLNK(about.st_mode):
                return stat.S_ISLNK(about.st_mode) and os.readlink(path) == file.link  # noqa: PTH115
            return stat.S_IMODE(about.st_mode) == file.mode and self._digests.of(path) == file.digest
        except OSError:
            return False

    def _spare(self, path: Path) -> None:
        """Raise `NotKept` if something is there that could not be had again."""
        try:
            about = path.lstat()
        except FileNotFoundError:
            return
        name = relative(path, self._area.root)
        if not stat.S_ISREG(about.st_mode) or not self._store.holds(content(self._digests.of(path))):
            raise NotKept(f"{name} is not as this step left it, and would be lost")

    def _write(self, file: KeptFile) -> None:
        path = self._area.root / file.path
        if file.link:
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                path.unlink()
            path.symlink_to(file.link)
            return
        data = self._store.get(content(file.digest))
        if data is None or sha256(data).hexdigest() != file.digest:
            raise NotKept(f"{file.path} is no longer in the cache, or damaged there")
        with replacing(path) as out:
            out.write(data)
            os.fchmod(out.fileno(), file.mode)


def _parents(name: str) -> Iterator[str]:
    while name := name.rpartition("/")[0]:
        yield name


def _files_of(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        if not path.is_file():
            raise NotKept(f"its artifact {path.name} is no file")
        yield path
        return
    for folder, _, names in os.walk(path):
        for name in names:
            yield Path(folder, name)
