"""Compressing on all cores: one file to every program, the same bytes however many threads, readable from its parts."""

from __future__ import annotations

import gzip
import io
import random
import subprocess
import sys
import threading

import pytest

from buildtools.deploy.compress import MOST, Compressor

DICE = random.Random(4711)
PIECES = [
    b"short",
    b"",
    DICE.randbytes(MOST // 8),
    b"packs well " * (MOST // 32),
    DICE.randbytes(2 * MOST + 1),
    b"x" * (MOST + 7),
    b"end",
]


def compressed(threads: int) -> tuple[bytes, list[tuple[int, int]]]:
    out = io.BytesIO()
    sink = Compressor(out, threads)
    for number, piece in enumerate(PIECES):
        if number != 2:
            sink.begin(number)
        sink.write(piece)
    sink.close()
    assert sink.offset == len(out.getvalue())
    return out.getvalue(), sink.starts


def test_threads_change_nothing() -> None:
    data, starts = compressed(1)
    assert gzip.decompress(data) == b"".join(PIECES)
    for threads in (2, 3, 7):
        assert compressed(threads) == (data, starts)
    assert not any(thread.name.startswith("compress") for thread in threading.enumerate())


def test_it_can_be_read_from_each_part() -> None:
    data, starts = compressed(2)
    assert starts[0] == (0, 0)
    assert len(starts) > 2
    for number, offset in starts:
        assert gzip.decompress(data[offset:]) == b"".join(PIECES[number:])


def test_nothing_is_nothing() -> None:
    out = io.BytesIO()
    Compressor(out).close()
    assert out.getvalue() == b""


def test_an_output_that_fails_ends_the_threads() -> None:
    class Full:
        def write(self, data: bytes) -> None:
            raise OSError(28, "No space left on device")

    sink = Compressor(Full(), 2)
    sink.write(bytes(MOST))
    with pytest.raises(OSError, match="No space"):
        sink.close()
    assert not any(thread.name.startswith("compress") for thread in threading.enumerate())


def test_without_isal_the_standard_library_does_it() -> None:
    code = (
        "import sys, io, gzip\nsys.modules['isal'] = None\n"
        "from buildtools.deploy.compress import Compressor\nout = io.BytesIO()\nsink = Compressor(out)\n"
        "[sink.write(b'abc' * 1000000) for _ in range(3)]\nsink.close()\n"
        "print(sink.name, gzip.decompress(out.getvalue()) == b'abc' * 3000000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("zlib ")
    assert done.stdout.endswith(" level 6 True\n")
