"""Compressing on all cores into gzip members that can be read by themselves, the same bytes however many cores.

One thread reads and hashes, the others compress a piece each. To every program that reads gzip, the members one after
the other are one file; who knows where one begins can start reading there, or take it over as it is. Each says how long
it is, in an extra field of its header (RFC 1952, 2.3.1.1): so it can be unpacked on all cores as well.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

MOST = 2**22
"""bytes before compression: where a member ends in any case"""

SIZED = b"\x1f\x8b\x08\x04" + bytes(4) + b"\0\xff" + b"\x08\0" + b"BT\x04\0"
"""what each member begins with; then come the length of all that follows in it (4 bytes, little-endian) and that itself

No time, no name, by no known system, with one extra field `BT`."""

_SAMPLE = 2**14


class Output(Protocol):
    """Where compressed bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take a piece."""


class Compressor:
    """Hands what is written to it on to `output`, compressed. Closing it ends its threads."""

    def __init__(self, output: Output, threads: int = 0) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.name, self._compress = _program()
        self.offset = 0
        self.starts: list[tuple[int, int]] = []
        """of members that `begin` began: their numbers, and the offsets in the output"""
        self._output = output
        self._pieces: list[bytes] = []
        self._held = 0
        self._mark = -1
        count = threads or min(4, _cores())
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="compress")
        self._most = count + 2
        self._running: deque[tuple[int, Future[bytes]]] = deque()

    def write(self, data: bytes) -> int:
        """Take a piece of any size."""
        self._pieces.append(data)
        self._held += len(data)
        if self._held >= MOST:
            self._start()
        return len(data)

    def begin(self, number: int) -> None:
        """Begin a member of its own here, which is called `number` (from 0)."""
        if self._held:
            self._start()
        self._mark = number

    def splice(self, number: int, data: bytes) -> None:
        """Take whole members as they are, compressed; the first one is called `number`."""
        from concurrent.futures import Future

        self.begin(number)
        done: Future[bytes] = Future()
        done.set_result(data)
        self._queue(done)

    def close(self) -> None:
        """Write what is left."""
        try:
            if self._held:
                self._start()
            while self._running:
                self._end()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def abandon(self) -> None:
        """End the threads; what was not written yet never will be."""
        self._pool.shutdown(cancel_futures=True)

    def _start(self) -> None:
        data = b"".join(self._pieces)
        self._pieces, self._held = [], 0
        self._queue(self._pool.submit(self._compress, data))

    def _queue(self, compressing: Future[bytes]) -> None:
        self._running.append((self._mark, compressing))
        self._mark = -1
        while len(self._running) > self._most:
            self._end()

    def _end(self) -> None:
        mark, compressing = self._running.popleft()
        if mark >= 0:
            self.starts.append((mark, self.offset))
        data = compressing.result()
        self._output.write(data)
        self.offset += len(data)


def _program() -> tuple[str, Callable[[bytes], bytes]]:
    import zlib

    try:
        import isal
        from isal import isal_zlib
    except ImportError:
        name = f"zlib {zlib.ZLIB_RUNTIME_VERSION} level 6"
        return name, lambda data: _member(data, zlib.compress(data, 6, wbits=-15), zlib.crc32(data))

    def compress(data: bytes) -> bytes:
        # Level 3 takes four times as long as level 1, in vain for pictures and the like: 0.02 % of the size at most.
        probe = b"".join(data[at : at + _SAMPLE] for at in (0, len(data) // 2, max(0, len(data) - _SAMPLE)))
        packs = len(isal_zlib.compress(probe, 1)) < 0.9 * len(probe)
        return _member(data, isal_zlib.compress(data, 3 if packs else 1, wbits=-15), isal_zlib.crc32(data))

    return f"isal {isal.__version__} level 3", compress


def _member(data: bytes, packed: bytes, crc: int) -> bytes:
    rest = len(packed) + 8
    return b"%b%b%b%b" % (
        SIZED,
        rest.to_bytes(4, "little"),
        packed,
        crc.to_bytes(4, "little") + len(data).to_bytes(4, "little"),
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
