from __future__ import annotations

import json

import pytest

from buildtools.core.encoding import encode, whole, whole_value
from buildtools.core.results import StepResult


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("\ufeffx", "\ufeffx"),
        ("😀", "😀"),
        ("a\udce9b", "a\ufffdb"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_whole(text: str, expected: str) -> None:
    assert whole(text) == expected


def test_every_text_within_a_value() -> None:
    assert whole_value({"k\udcff": ["a\udcff", {"x": ("\udcff", 1, None)}]}) == {
        "k\ufffd": ["a\ufffd", {"x": ["\ufffd", 1, None]}]
    }


def test_what_utf8_cannot_hold_costs_no_report() -> None:
    result = StepResult(reason="caf\udce9", outputs={"\udcff": "y"})
    assert json.loads(encode(result)) == {"reason": "caf\ufffd", "outputs": {"\ufffd": "y"}}
