"""Structures from JSON: the same in any thread."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from buildtools.core.decoding import from_json, json_decoder


class Point(msgspec.Struct):
    x: int
    y: int = 0


# Without the lock, one of the first rounds mostly ends with a segmentation fault.
_AT_ONCE = """
import sys, threading
import msgspec
from buildtools.core.decoding import from_json
sys.setswitchinterval(1e-6)

def made(name, kind):
    fields = {f"f{number}": None for number in range(40)}
    space = {"__annotations__": {field: kind for field in fields}, "__module__": __name__, **fields}
    return type(name, (msgspec.Struct,), space)

for _ in range(12):
    Inner = made("Inner", "int | None")
    outer = made("Outer", "Inner | None")
    found, go = [], threading.Barrier(4)
    def work():
        go.wait()
        found.append(from_json(b'[{"f1": {"f2": 3}}]', list[outer]))
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one[0].f1.f2 for one in found] == [3, 3, 3, 3]
print("fine")
"""


def test_it_is_what_msgspec_says() -> None:
    assert from_json(b'{"x": 1}', Point) == Point(1)
    assert from_json('[{"x": 1, "y": 2}]', list[Point]) == [Point(1, 2)]
    assert json_decoder(Point) is json_decoder(Point)
    with pytest.raises(msgspec.ValidationError):
        from_json(b'{"x": ""}', Point)


def test_threads_may_ask_for_the_same_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", _AT_ONCE], stdout=subprocess.PIPE, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, b"fine\n")
