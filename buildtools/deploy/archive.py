"""Writing a release's archive: one pass that reads, hashes and compresses, with the same bytes for the same tree.

What the last archive has of it is taken over from there, which gives the same bytes too.

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
from buildtools.deploy.reuse import Known, key, places, runs
from buildtools.deploy.selection import Member
from buildtools.deploy.tarhead import BLOCK, header
from buildtools.system.replace import replacing
from buildtools.system.stamp import stamp_of

_CHUNK = 2**20


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive is made of. `epoch` is the time that every member gets, in seconds; `threads` 0: all cores."""

    members: Sequence[Member]
    epoch: int
    threads: int = 0


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


def write_archive(load: Load, destination: Path, known: Known, step: Callable[[int], None]) -> Written:
    """Write the archive of these members under its final name, whole or not at all.

    `step` is called with the number of bytes dealt with since its last call, and may raise. A file that changes while
    it is read is tried once more. Raises `StepError` for what cannot be read or written.
    """
    try:
        return _written(load, destination, known, step)
    except _Changed:
        load = msgspec.structs.replace(load, members=[_found_again(member) for member in load.members])
    try:
        return _written(load, destination, known, step)
    except _Changed as error:
        raise StepError(
            f"{error}: changes while it is read, twice in a row",
            remedy="Leave it out by `exclude`, or stop what writes to it.",
        ) from None


def _found_again(member: Member) -> Member:
    if member.kind != "file":
        return member
    try:
        return msgspec.structs.replace(member, stamp=stamp_of(os.lstat(member.source)))
    except OSError:
        return member  # opening it will say what it is


def _written(load: Load, destination: Path, known: Known, step: Callable[[int], None]) -> Written:
    try:
        with replacing(destination) as file:
            hashing = _Hashing(file)
            sink = Compressor(hashing, load.threads)
            try:
                entries = _members(load, sink, known, step)
                sink.close()
            finally:
                sink.abandon()
    except OSError as error:
        raise unwritable(destination, error) from None
    parts = tuple(Part(entry=entry, offset=offset) for entry, offset in sink.starts)
    sha256 = hashing.hash.hexdigest()
    known.keep(destination, sha256, places(entries, parts, load.epoch, sink.name))
    return Written(size=hashing.size, sha256=sha256, compressor=sink.name, entries=entries, parts=parts[:-1])


def unwritable(path: Path, error: OSError) -> StepError:
    """Return the error for an archive, or what belongs to it, that cannot be written."""
    remedy = "Make room, or choose another `archive-dir`." if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return StepError(f"{path}: cannot be written: {error.strerror or error}", remedy=remedy)


def _members(load: Load, sink: Compressor, known: Known, step: Callable[[int], None]) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    for start, end in runs(load.members):
        members = load.members[start:end]
        run = [_entry(member, known.hash_of(member)) for member in members]
        complete = all(entry.sha256 or entry.kind != "file" for entry in run)
        data = known.run(key(run, load.epoch, sink.name)) if complete else None
        if data is not None:
            sink.splice(start, data)
            step(sum(entry.size for entry in run))
        else:
            sink.begin(start)
            run = [_packed(member, sink, load.epoch, known, step) for member in members]
        entries += run
    sink.begin(len(load.members))
    sink.write(bytes(2 * BLOCK))
    return tuple(entries)


def _packed(member: Member, sink: Output, epoch: int, known: Known, step: Callable[[int], None]) -> Entry:
    if member.kind == "file":
        entry = _entry(member, _file(member, sink, epoch, known, step))
    else:
        sink.write(header(member.path, epoch, kind=member.kind, target=member.target))
        entry = _entry(member)
    step(0)
    return entry


def _entry(member: Member, sha256: str = "") -> Entry:
    if member.kind != "file":
        return Entry(path=member.path, kind=member.kind, target=member.target)
    return Entry(path=member.path, mode=f"{member.mode:o}", size=member.stamp.size, sha256=sha256)


def _file(member: Member, sink: Output, epoch: int, known: Known, step: Callable[[int], None]) -> str:
    from hashlib import sha256

    opened, before = _opened(member.source)
    try:
        left = member.stamp.size
        if before.st_size != left:
            raise _Changed(member.source)
        sink.write(header(member.path, epoch, size=left, mode=member.mode))
        hashed = sha256()
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
    digest = hashed.hexdigest()
    known.note(member, stamp_of(after), digest)
    return digest


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
