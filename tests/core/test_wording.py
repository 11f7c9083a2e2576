from __future__ import annotations

import pytest

from buildtools.core.wording import count, did_you_mean, nearest


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
