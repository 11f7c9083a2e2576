"""Writing a release's archive: one pass that reads, hashes and compresses, with the same bytes for the same tree.

Compression is by isal, else by the standard library, on all cores: each gives the same bytes every time, but not the
same as the other.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import msgspec

from buildtools.core.errors import StepError
from buildtools.deploy.compress import Compressor, Output
from buildtools.deploy.manifest import Entry, Part
from buildtools.deploy.selection import Member
from buildtools.deploy.tarhead import BLOCK, header
from buildtools.system.replace import replacing

_CHUNK = 2**20
_RECORD = 10240
"""what tar pads an archive to"""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A finished archive; `parts` are the points from which it can be read."""

    size: int
    sha256: str
    compressor: str
    entries: tuple[Entry, ...]
    parts: tuple[Part, ...]


class _Changed(Exception):
    """A file changed while it was read."""


class _Hashing:
    """Hands bytes on to a file, and hashes and counts them."""

    def __init__(self, file: IO[bytes]) -> None:
        from hashlib import sha256

        self.file = file
        self.hash = sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.hash.update(data)
        self.size += len(data)


def write_archive(
    members: Sequence[Member], destination: Path, *, epoch: int, threads: int = 0, step: Callable[[int], None]
) -> Written:
    """Write the archive of these members under its final name, whole or not at all.

    `epoch` is the time that every member gets, in seconds; `step` is called with the number of bytes read since its
    last call, and may raise. `threads` 0 means all cores. A file that changes while it is read is tried once more.
    Raises `StepError` for what cannot be read or written.
    """
    try:
        return _written(members, destination, epoch, threads, step)
    except _Changed:
        pass
    try:
        return _written(members, destination, epoch, threads, step)
    except _Changed as error:
        raise StepError(
            f"{error}: changes while it is read, twice in a row",
            remedy="Leave it out by `exclude`, or stop what writes to it.",
        ) from None


def _written(
    members: Sequence[Member], destination: Path, epoch: int, threads: int, step: Callable[[int], None]
) -> Written:
    try:
        with replacing(destination) as file:
            hashing = _Hashing(file)
            sink = Compressor(hashing, threads)
            try:
                entries = _members(members, sink, epoch, step)
                sink.close()
            finally:
                sink.abandon()
    except OSError as error:
        raise unwritable(destination, error) from None
    return Written(
        size=hashing.size,
        sha256=hashing.hash.hexdigest(),
        compressor=sink.name,
        entries=entries,
        parts=tuple(Part(entry=entry, offset=offset) for entry, offset in sink.starts),
    )


def unwritable(path: Path, error: OSError) -> StepError:
    """Return the error for an archive, or what belongs to it, that cannot be written."""
    remedy = "Make room, or choose another `archive-dir`." if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return StepError(f"{path}: cannot be written: {error.strerror or error}", remedy=remedy)


def _members(members: Sequence[Member], sink: Compressor, epoch: int, step: Callable[[int], None]) -> tuple[Entry, ...]:
    entries = []
    total = 0
    for number, member in enumerate(members):
        sink.mark(number)
        if member.kind == "file":
            entry = _file(member, sink, epoch, step)
        else:
            sink.write(header(member.path, epoch, kind=member.kind, target=member.target))
            entry = Entry(path=member.path, kind=member.kind, target=member.target)
        entries.append(entry)
        total += BLOCK + entry.size + -entry.size % BLOCK
        step(0)
    total += 2 * BLOCK
    sink.write(bytes(2 * BLOCK + -total % _RECORD))
    return tuple(entries)


def _file(member: Member, sink: Output, epoch: int, step: Callable[[int], None]) -> Entry:
    from hashlib import sha256

    opened, before = _opened(member.source)
    try:
        sink.write(header(member.path, epoch, size=before.st_size, mode=member.mode))
        hashed = sha256()
        left = before.st_size
        while left:
            try:
                data = os.read(opened, min(left, _CHUNK))
            except OSError as error:
                raise StepError(f"{member.source}: cannot be read: {error.strerror}") from None
            if not data:
                raise _Changed(member.source)
            hashed.update(data)
            sink.write(data)
            left -= len(data)
            step(len(data))
        after = os.fstat(opened)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise _Changed(member.source)
    finally:
        os.close(opened)
    sink.write(bytes(-before.st_size % BLOCK))
    return Entry(path=member.path, mode=f"{member.mode:o}", size=before.st_size, sha256=hashed.hexdigest())


def _opened(path: str) -> tuple[int, os.stat_result]:
    try:
        # What was a file a moment ago may be a link or a FIFO by now: neither follow the one nor wait for the other.
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _Changed(path) from None
    except OSError as error:
        raise StepError(f"{path}: cannot be read: {error.strerror}") from None
    found = os.fstat(opened)
    if not stat.S_ISREG(found.st_mode):
        os.close(opened)
        raise _Changed(path)
    return opened, found
