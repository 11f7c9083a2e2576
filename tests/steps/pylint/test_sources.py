"""Files with odd bytes, odd lines, odd depth, and those that are no Python at all."""

# ruff: noqa: E501 - each file in one string

from __future__ import annotations

import pytest

from tests.steps.pylint.conftest import Compared
from tests.support.oracle import Oracle

DEEP = 40

SOURCES: dict[str, str | bytes] = {
    "syntax.py": "def broken(:\n",
    "unclosed.py": "x = (1,\n\n",
    "dedent.py": "if True:\n        x = 1\n    y = 2\n",
    "quote.py": "x = 'open\n",
    "triple.py": '"""never closed\n',
    "nul.py": b"x = 1\0\n",
    "future.py": "x = 1\nfrom __future__ import annotations\n",
    "star.py": "from syntax import *\nfrom latin import *\nprint(broken)\n",
    "latin.py": '# -*- coding: latin-1 -*-\n"""Doc."""\nN\xe4me = ["\xe4\xf6", "b" "c", "d"]\n'.encode("latin-1"),
    "undeclared.py": '"""D\xf6c."""\nimport os\n'.encode("latin-1"),
    "wrong_coding.py": '# coding: ascii\n"""Döc."""\n'.encode(),
    "unknown_coding.py": "# coding: no-such-coding\nX = 1\n",
    "late_coding.py": "\n\n# coding: latin-1\nX = '\xe4'\n".encode(),
    "utf16.py": "X = 1\n".encode("utf-16"),
    "koi.py": "# coding: koi8-r\nX = 'привет'\nimport os\n".encode("koi8-r"),
    "bom.py": b"\xef\xbb\xbf" + b"X = ['a' 'b', 'c']\n",
    "bom_coding.py": b"\xef\xbb\xbf# coding: latin-1\nX = 1\n",
    "crlf.py": b'"""Doc."""\r\nX = 1\r\nY = [\r\n  "a" "b",\r\n]\r\n\r\n\r\n',
    "cr.py": b'"""Doc."""\rX = 1\rY = 2\r',
    "mixed_ends.py": b'"""Doc."""\r\nX = 1\nY = 2\r\n',
    "feeds.py": '"""Doc."""\n\x0c\nX = 1\n\x0c\n\n\ndef f():\n    """Doc."""\n\x0c    return 1 \n',
    "vertical.py": '"""Doc."""\nX = "\x0b\x1c\u2028"  # \u2028 \x85\nimport os\n',
    "no_newline.py": "X = 1",
    "newlines.py": "X = 1\n\n\n\n",
    "empty.py": "",
    "blank.py": "\n",
    "feed_only.py": "\x0c",
    "comment.py": "# nothing\n",
    "tabs.py": "if True:\n\tX = 1\n        \n",
    "tab_mix.py": "if True:\n\tX = 1\n        Y = 2\n",
    "backslash.py": "X = 1 + \\\n    2\nassert X, \\\n  Y\n",
    "bidi.py": 'X = "\u202e right"  # \u2066 left\n',
    "zero_width.py": 'X = "a\u200bb\x1b\x08\x00"\nY\u00aa = 1\n'.replace("\x00", "\\0"),
    "names.py": "größe = 1\nℌ = 2\nclass Ünï:\n    pass\nprint(H, größe)\n",
    "long.py": "X = '" + "x" * 5000 + "'\n" + "Y = [" + "1, " * 5000 + "]\n",
    "nested.py": "X = "
    + "[" * DEEP
    + "]" * DEEP
    + "\n"
    + "".join(f"{' ' * n}if X:\n" for n in range(18))
    + " " * 18
    + "pass\n",
    "parentheses.py": "X = " + "(" * 300 + "1" + ")" * 300 + "\n",
    "indents.py": "".join(f"{' ' * n}if True:\n" for n in range(101)) + " " * 101 + "pass\n",
    "match.py": "def f(a):\n    match a:\n        case {'x': [1, *rest]} | [rest]:\n            return rest\n        case _:\n"
    "            pass\n",
    "newer.py": "type X[T] = list[T]\ndef f[T](a: T) -> T:\n    return a\n",
    "older.py": "print 'x'\nexec 'y'\n",
    "f_strings.py": "X = 1\nprint(f'{X!r:>{X}} {X:{X}.{X}} {{}}' f'{'x'}')\nprint(f\"{X + 'a' 'b'}\")\n",
    "twisted.py": "class A(A):\n    pass\nclass B(C):\n    pass\nclass C(B):\n    def f(self):\n        return self.f().g\n"
    "x = x\ny = [y for y in y]\nA.f = A\nA.f.f = B\n",
}


@pytest.mark.parametrize("options", [(), ("--enable=all",)], ids=["default", "all"])
def test_all_together(compare: Compared, options: tuple[str, ...]) -> None:
    ran = compare.write(SOURCES)(*options, "--recursive=y", ".")
    assert ran.workers == 2
    bad = {message["path"] for message in ran.messages if message["symbol"] == "syntax-error"}
    assert {"syntax.py", "nul.py", "undeclared.py", "unknown_coding.py", "indents.py", "older.py"} <= bad


@pytest.mark.parametrize(
    "text",
    [
        "def f(a):\n    return a" + ".b()" * 800 + "\n",
        "X = 'a'" + " + 'a'" * 900 + "\nprint(X.nothing)\n",
        "def f(a):\n" + "".join(f"    {'el' * (n > 0)}if a == {n}:\n        a = {n + 1}\n" for n in range(300)),
        "X = 1\n" + "".join(f"X{n + 1} = X{n or ''}\n" for n in range(600)) + "X600.nothing()\n",
        "".join(f"def f{n}():\n    return f{n + 1}()\n\n\n" for n in range(300))
        + "def f300():\n    return 1\n\n\nf0().nothing()\n",
        "".join(f"class C{n + 1}({f'C{n}' if n else 'object'}):\n    pass\n\n\n" for n in range(90))
        + "C90().nothing()\n",
    ],
    ids=["calls", "sums", "branches", "names", "functions", "classes"],
)
def test_what_is_too_deep_for_the_stack(compare: Compared, text: str) -> None:
    compare.write({"deep.py": text, "other.py": "import deep\nimport os\n"})
    ran = compare("--enable=all", "deep.py", "other.py")
    assert any(message["path"] == "other.py" for message in ran.messages)


def test_the_stack_is_as_deep_as_pylints(compare: Compared, oracle: Oracle) -> None:
    """One term more, and pylint fails on a file: before that in none of our processes, and then as it does itself."""

    def terms(count: int) -> tuple[str, ...]:
        compare.write(
            {"deep.py": "X = 'a'" + " + 'a'" * count + "\n", "other.py": "import deep\nprint(deep.nothing)\n"}
        )
        return ("deep.py", "other.py")

    fine, fails = 50, 800
    while fails - fine > 1:
        middle = (fine + fails) // 2
        found = oracle.lint(compare.root, terms(middle)).messages
        fine, fails = (fine, middle) if any(one["messageId"] == "F0002" for one in found) else (middle, fails)
    assert compare(*terms(fine)).workers == 2
    assert compare(*terms(fails)).plain


def test_what_a_failure_leaves_to_the_next_file(compare: Compared) -> None:
    """pylint goes on with what its checkers hold half-way through a file."""
    compare.write(
        {
            "a.py": "import c\nX = 1" + " + 1" * 300 + "\n",
            "b.py": "import third\nimport os\n",
            "c.py": "import os\n",
            "third.py": "",
        }
    )
    ran = compare("c.py", "a.py", "b.py", "third.py")
    assert "pylint failed" in ran.plain
    assert any("imports" in one["message"] and one["symbol"] == "wrong-import-order" for one in ran.messages)
