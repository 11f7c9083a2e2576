"""What travels to a host: only what it lacks, as far as it can be known what it has.

`full` is the whole archive. `rest` is what an interrupted upload of the very same content has not brought yet. `delta`
are the files that the most similar release on the host lacks; what follows from its listing, which is known by the
manifest beside that release's own archive, or else is fetched from the host. The digest says whether it is the one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar, cast

import msgspec

from buildtools.core.errors import StepError
from buildtools.deploy.compress import SIZED
from buildtools.deploy.contents import part_before
from buildtools.deploy.delta import Difference, difference
from buildtools.deploy.ground import beside, fetched, stowed
from buildtools.deploy.host import Host
from buildtools.deploy.manifest import Part
from buildtools.deploy.plan import Plan, Seen
from buildtools.deploy.stream import write_delta, write_front, write_rest

_CANDIDATES = 4
_ENOUGH = 0.02
"""of the archive: a delta as small as this is not compared with others"""
_WORTH = 0.8
"""of the archive: what is not smaller than this goes as a whole, which can be resumed"""
_MUCH = 2**22
"""bytes from which it pays to start one program more for them"""
_T = TypeVar("_T")


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """What goes to one host: files that are sent one after the other, and the variables of `stage.sh` for them.

    `way` is how much it is, `origin` what is there that it builds upon, `size` the bytes that are sent.
    """

    way: Literal["full", "rest", "delta"]
    origin: str
    feed: tuple[Path, ...]
    variables: dict[str, str]
    size: int


class _Way(msgspec.Struct, frozen=True, kw_only=True):
    """One of the choices: about how many bytes it would take, and how to make it."""

    cost: float
    make: Callable[[], Shipment]


class Dispatch:
    """Makes the shipments of one plan, each only once for all hosts that need the same; for many threads at once."""

    def __init__(self, plan: Plan, temp: Path) -> None:
        self.plan = plan
        self.temp = temp
        self._made: dict[str, object] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def ship(self, host: Host, seen: Seen, *, whole: bool = False) -> Shipment:
        """Return what is to go to this host; `whole`: everything, whatever is there.

        May run commands there that read only. Raises `StepError` for an archive that cannot be read.
        """
        whole_way = _Way(cost=self.plan.manifest.archive_size, make=self._full)
        if whole:
            return whole_way.make()
        ways = [whole_way, *self._rests(host, seen), *(self._deltas(host, seen) if self.plan.delta else ())]
        cheapest: _Way = min(ways, key=lambda way: way.cost)
        return cheapest.make()

    def _full(self) -> Shipment:
        front = self._file("front", lambda path: write_front(path, self.plan))
        return self._shipment("full", "", (front, self.plan.archive))

    def _rests(self, host: Host, seen: Seen) -> Iterator[_Way]:
        if 0 <= seen.space < self.plan.size // 1024:
            return  # it is copied: for a while there are two
        stages = [name.removeprefix("stage/") for name in seen.residue if self._serves(name)]
        for stage in stages[-1:]:
            for origin, count in stowed(host, self.plan.site, stage):
                if way := self._rest(origin, count):
                    yield way

    def _serves(self, residue: str) -> bool:
        return residue.startswith(f"stage/{self.plan.digest}.") and not residue.endswith(".trash")

    def _rest(self, origin: str, count: int) -> _Way | None:
        manifest = self.plan.manifest
        files = [number for number, entry in enumerate(manifest.entries) if entry.kind == "file"]
        paths = [manifest.entries[number].path.encode() for number in files]
        # The host knows its files by their order, and the last one may be there in part.
        if paths != sorted(paths) or not 1 < count <= len(files):
            return None
        part = part_before(manifest, files[count - 1])
        first = sum(one < part.entry for one in files)
        if not first:
            return None

        make = partial(self._resumed, origin, part, first)
        return _Way(cost=manifest.archive_size - part.offset, make=make)

    def _resumed(self, origin: str, part: Part, first: int) -> Shipment:
        path = self._file(f"rest-{part.entry}", lambda path: write_rest(path, self.plan, part))
        return self._shipment("rest", origin, (path,), str(first))

    def _deltas(self, host: Host, seen: Seen) -> Iterator[_Way]:
        manifest = self.plan.manifest
        packed = manifest.archive_size / max(1, manifest.size)
        for name, known, old in self._listings(host, seen):
            compare = partial(difference, manifest.entries, self.plan.listing, old)
            change = self._once(f"difference {known}", compare)
            cost = change.size * packed + len(change.added) + len(change.gone)
            if cost < manifest.archive_size * _WORTH:
                yield _Way(cost=cost, make=partial(self._delta, name, known, change))
            if cost < manifest.archive_size * _ENOUGH:
                return

    def _delta(self, name: str, known: str, change: Difference) -> Shipment:
        path = self._file(f"delta-{known}", lambda path: write_delta(path, self.plan, change))
        return self._shipment("delta", name, (path,))

    def _listings(self, host: Host, seen: Seen) -> Iterator[tuple[str, str, bytes]]:
        """Yield releases on the host, their digests and listings; those first that are likely to be most similar."""
        plan = self.plan
        latest = [name for name, _ in reversed(seen.good)]
        names = [name for name in dict.fromkeys([seen.serving, *latest, *seen.releases]) if name in seen.releases]
        fetch = True
        for name in names[:_CANDIDATES]:
            known = seen.releases[name].digest
            manifest = plan.archive.parent / f"{plan.release.target}.{name.partition('~')[0]}.manifest.json"
            old = self._once(f"beside {known}", partial(beside, manifest, known, plan.shared))
            if not old and fetch and known != "-":
                fetch = False  # one is worth a command, more would be a guess
                old = self._once(f"fetched {known}", partial(fetched, host, plan.site, name, known))
            if old:
                yield name, known, old

    def _shipment(
        self, way: Literal["full", "rest", "delta"], origin: str, feed: tuple[Path, ...], first: str = "0"
    ) -> Shipment:
        try:
            size = sum(path.stat().st_size for path in feed)
            unzip = "python" if size >= _MUCH and all(map(_sized, feed)) else "gzip"
        except OSError as error:
            raise StepError(f"{error.filename}: cannot be read: {error.strerror}") from None
        much = "yes" if self.plan.size >= _MUCH else "no"
        modes = " ".join(self.plan.modes)
        variables = {"way": way, "origin": origin, "first": first, "unzip": unzip, "much": much, "modes": modes}
        return Shipment(way=way, origin=origin, feed=feed, variables=variables, size=size)

    def _file(self, name: str, write: Callable[[Path], None]) -> Path:
        path = self.temp / f"{name}.tgz"

        def made() -> Path:
            try:
                write(path)
            except OSError as error:
                what = f"{error.filename or path}: cannot be used"
                raise StepError(f"{what}: {error.strerror or error}") from None
            return path

        return self._once(name, made)

    def _once(self, name: str, make: Callable[[], _T]) -> _T:
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._made:
                self._made[name] = make()
            return cast(_T, self._made[name])


def _sized(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SIZED)) == SIZED
