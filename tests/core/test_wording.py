from __future__ import annotations

import pytest

from buildtools.core.wording import count, did_you_mean, nearest, signal_name, size


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("pyint", ["pylint", "pack"], "pylint"),
        ("PACK", ["pylint", "pack"], "pack"),
        ("pack", ["Pack"], "Pack"),
        ("zzz", ["pylint", "pack"], ""),
        ("", ["pylint"], ""),
        ("pack", [], ""),
        ("pack" * 100_000, ["pack"], ""),
    ],
)
def test_nearest(word: str, known: list[str], expected: str) -> None:
    assert nearest(word, known) == expected


def test_the_same_word_is_meant_in_whatever_order_they_are_known() -> None:
    assert nearest("unt", ["unit", "aunt"]) == nearest("unt", ["aunt", "unit"])


def test_sentences() -> None:
    assert did_you_mean("uplod", ["upload"]) == " Did you mean 'upload'?"
    assert did_you_mean("uplod", ["pack"]) == ""
    assert (count(1, "file"), count(2_000, "file"), count(2, "entry", "entries")) == (
        "1 file",
        "2,000 files",
        "2 entries",
    )


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1_000, "1.0 KB"),
        (9_949, "9.9 KB"),
        (9_950, "10 KB"),
        (999_499, "999 KB"),
        (999_500, "1.0 MB"),
        (52_428_800, "52 MB"),
        (1_500_000_000, "1.5 GB"),
        (4_000_000_000_000, "4,000 GB"),
    ],
)
def test_size(number: int, expected: str) -> None:
    assert size(number) == expected


def test_signals_have_names() -> None:
    assert [signal_name(number) for number in (9, 15, 99)] == ["SIGKILL", "SIGTERM", "signal 99"]
