"""Reading JSON among other output, and finding the words that matter."""

from __future__ import annotations

import msgspec
import pytest

from buildtools.linters import decode
from buildtools.plugin import Completed
from buildtools.steps.linters.report import said


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2]",
        "[\n1,\n2\n]\n",
        "hello\n[1, 2]",
        "[1]\n[1, 2]\n",
        "{}\n  [1, 2]\nbye\n",
        "[noise] x\n[1, 2]\n(node:1) Warning",
    ],
)
def test_a_value_among_other_lines(text: str) -> None:
    assert decode(text.encode(), list[int]) == [1, 2]


@pytest.mark.parametrize("text", ["", "hello", "[1, 2", "x [1, 2]", '["a"]', "[1, 2]]", "\n" * 9 + "["])
def test_no_value(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(text.encode(), list[int])


@pytest.mark.parametrize(
    ("stdout", "stderr", "words"),
    [
        ("", "", "it did not say why"),
        ("on stdout", "  \n", "on stdout"),
        ("on stdout", "\x1b[31mon\x1b[0m   stderr", "on stderr"),
        ("", "Oops! Something went wrong! :(\n\nESLint: 10.1.0\n\nTypeError: x\n    at f (y.js:1)\n", "TypeError: x"),
        ("", "usage: x [-h]\n  [-v]\nx: error: no", "x: error: no"),
        ("", "Traceback (most recent call last):\n  File x\nValueError: no", "ValueError: no"),
        ("", "a.py:1: UserWarning: old\n  warn()\nfailed\nCause: x", "warn() failed Cause: x"),
        ("", "a.py:1: Warning: old\n  warn()\n[main]\tERROR\tno tests\n", "[main] ERROR no tests"),
        (
            "",
            "biome.json:1:1 parse ━━━━━━\n\n  × Found it.\n\n> 1 │ x\n  │ ^\n  2 │",
            "biome.json:1:1 parse × Found it.",
        ),
        ("", "one\ntwo\nthree\nfour\nfive", "one two three four"),
        ("", "x" * 500, "x" * 399 + "…"),
    ],
)
def test_the_words_that_matter(stdout: str, stderr: str, words: str) -> None:
    done = Completed(argv=("x",), returncode=2, seconds=0.0, stdout=stdout.encode(), stderr=stderr.encode())
    assert said(done) == words
