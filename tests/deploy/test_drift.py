"""What two listings have to say about files."""

from __future__ import annotations

import pytest

from buildtools.deploy.drift import Drift, drift

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([f"h {A} ./a b", f"\th {B} ./a b"], {"changed": ("a b",)}),
        (["f 644 ./x", f"h {A} ./x"], {"missing": ("x",)}),
        (["\tf 644 ./sub/x", f"\th {A} ./sub/x", "\td ./sub"], {"added": ("sub", "sub/x")}),
        (["f 644 ./x", "\tf 755 ./x"], {"modes": ("x",)}),
        (["f 644 ./x"], {"modes": ("x",)}),
        ([f"h {A} ./x"], {"changed": ("x",)}),
        (["l ./link\told", "\tl ./link\tnew"], {"changed": ("link",)}),
        (["f 644 ./x", f"h {A} ./x", "\tl ./x\t/etc"], {"changed": ("x",)}),
        (["d ./empty"], {"missing": ("empty",)}),
        (["\t? ./fifo"], {"added": ("fifo",)}),
        (["\td ./a", "garbage of a name with a newline"], {"added": ("a",), "missing": ("of a name with a newline",)}),
    ],
)  # fmt: skip
def test_lines_become_files(lines: list[str], found: dict[str, tuple[str, ...]]) -> None:
    assert drift("differs", lines) == Drift(verdict="differs", **found)  # type: ignore[arg-type]


def test_it_is_told_in_one_phrase() -> None:
    many = drift("differs", [f"\td ./{name}" for name in "edcba"])
    assert many.told == "added: a, b, c and 2 more"
    both = drift("differs", [f"h {A} ./x", f"\th {B} ./x", "f 644 ./y", f"h {A} ./y"])
    assert both.told == "changed: x; missing: y"
    cut = drift("differs", [f"\tf 644 ./{name}" for name in range(200)])
    assert (cut.cut, cut.told) == (True, "added: 0, 1, 10 and 197 more; and many more")
    assert drift("differs", []).told == "differs from its manifest"
    assert drift("same", []).told == ""
    assert "its listing on the host was changed" in drift("forged", []).told
    assert "without a manifest" in drift("unknown", []).told
    assert drift("what is this", []).verdict == "unknown"
