"""What the last archive of a release holds already: of most files, nothing has changed since.

An archive is made of runs of members, each compressed by itself. Where a run ends follows from what is in it alone: so
it has the same bytes in every archive, wherever it lies, and is taken over instead of being read and compressed again.
A file counts as unchanged if its size, both times, and its inode are what they were (the `Stamp`), as git has it too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING
from zlib import crc32

import msgspec

from buildtools.deploy.selection import Member
from buildtools.deploy.tarhead import BLOCK
from buildtools.system.opening import without_waiting
from buildtools.system.stamp import Stamp

if TYPE_CHECKING:
    from buildtools.core.step import Cache
    from buildtools.deploy.manifest import Entry, Part

LEAST, ENOUGH = 2**19, 2**20
"""bytes before compression: a run has at least so many, and ends with the member with which it has enough"""
_EIGHTH = 8
_MOST = 2**26
"""bytes of a run that are taken over at once: where one huge file is a run by itself, it is compressed again"""


class _Memo(msgspec.Struct, array_like=True):
    """An archive (a name), the offsets and lengths of its runs by their keys, and its files by where they were."""

    archive: str = ""
    sha256: str = ""
    runs: dict[bytes, tuple[int, int]] = {}
    files: dict[str, tuple[Stamp, str]] = {}


def runs(members: Sequence[Member]) -> Iterator[tuple[int, int]]:
    """Yield where each run begins and ends, as indices.

    It ends where it has enough; or earlier, with a member whose name says so: else all runs behind a file that has
    grown would begin elsewhere than before.
    """
    start = held = 0
    for index, member in enumerate(members):
        held += BLOCK + member.stamp.size
        if held >= ENOUGH or (held >= LEAST and crc32(os.fsencode(member.path)) % _EIGHTH == 0):
            yield start, index + 1
            start, held = index + 1, 0
    if start < len(members):
        yield start, len(members)


class Known:
    """What is known from the last archive in the folder `out`, or nothing; and what will be known of this one."""

    def __init__(self, cache: Cache | None = None, name: str = "", out: Path = Path()) -> None:
        self._cache = cache
        self._name = f"packed {name}"
        self._began = time.time_ns()
        self._memo = _recalled(cache, self._name)
        self._files: dict[str, tuple[Stamp, str]] = {}
        self._archive: IO[bytes] | None = None
        self._opening = Thread(target=self._open, args=(out,), daemon=True)
        if self._memo.runs:
            self._opening.start()

    def close(self) -> None:
        """Let go of the archive."""
        if self._opening.ident is not None:
            self._opening.join()
        if self._archive is not None:
            self._archive.close()
            self._archive = None

    def hash_of(self, member: Member) -> str:
        """Return the SHA-256 of a file's content without reading it, or nothing."""
        stamp, digest = self._memo.files.get(member.source, (None, ""))
        if stamp is None or stamp != member.stamp:
            return ""
        self._files[member.source] = stamp, digest
        return digest

    def run(self, key: bytes) -> bytes | None:
        """Return a run, compressed, if the archive has it and is what it was."""
        place = self._memo.runs.get(key)
        if place is None or place[1] > _MOST:
            return None
        self._opening.join()
        data = os.pread(self._archive.fileno(), place[1], place[0]) if self._archive is not None else b""
        return data if len(data) == place[1] else None

    def note(self, member: Member, stamp: Stamp, digest: str) -> None:
        """Take note of a file's hash; `stamp` is how it was when it had been read."""
        if stamp == member.stamp and stamp.settled(self._began):
            self._files[member.source] = stamp, digest

    def keep(self, archive: Path, sha256: str, places: Mapping[bytes, tuple[int, int]]) -> None:
        """Remember what was written, for the next time."""
        if self._cache is not None:
            memo = _Memo(archive.name, sha256, dict(places), self._files)
            try:
                data = msgspec.msgpack.encode(memo)
            except UnicodeEncodeError:  # where the project lies has a name that is no UTF-8
                return
            self._cache.put(self._name, data)

    def _open(self, out: Path) -> None:
        import hashlib

        try:
            file = open(out / self._memo.archive, "rb", opener=without_waiting)  # noqa: SIM115 - kept until `close`
        except OSError:
            return
        with suppress(OSError):
            if hashlib.file_digest(file, "sha256").hexdigest() == self._memo.sha256:
                self._archive = file
                return
        file.close()


def key(entries: Sequence[Entry], epoch: int, compressor: str) -> bytes:
    """Return what all bytes of a run follow from, as a hash."""
    from hashlib import sha256

    lines = [f"{one.kind} {one.mode} {one.size} {one.sha256} {one.path}\0{one.target}\0" for one in entries]
    return sha256(f"{compressor}\0{epoch}\0{''.join(lines)}".encode()).digest()


def places(
    entries: Sequence[Entry], parts: Sequence[Part], epoch: int, compressor: str
) -> dict[bytes, tuple[int, int]]:
    """Return where each run of an archive lies, by its key: the last part is behind them."""
    return {
        key(entries[one.entry : other.entry], epoch, compressor): (one.offset, other.offset - one.offset)
        for one, other in pairwise(parts)
    }


def _recalled(cache: Cache | None, name: str) -> _Memo:
    data = cache.get(name) if cache is not None else None
    if data is None:
        return _Memo()
    try:
        return msgspec.msgpack.decode(data, type=_Memo)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Memo()
