"""What pylint judges at the end: cycles of imports, and lines that files share."""

from __future__ import annotations

import pytest

from tests.steps.pylint.conftest import Compared

CYCLES = {
    "ring/__init__.py": "",
    # Two, three, and several through one module; one within a function, one only for types, one told to be overlooked.
    "ring/a.py": "from ring import b, c\n",
    "ring/b.py": "from ring import a\n",
    "ring/c.py": "from ring import d\n",
    "ring/d.py": "import ring.a\n",
    "ring/e.py": "def f():\n    from ring import f as g\n    return g\n",
    "ring/f.py": "import ring.e\n",
    "ring/g.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ring import h\n",
    "ring/h.py": "from ring import g\n",
    "ring/i.py": "from ring import j  # pylint: disable=cyclic-import\n",
    "ring/j.py": "from ring import i\n",
    "ring/k.py": "# pylint: disable=R0401\nfrom . import l\n",
    "ring/l.py": "from . import k, m, n\n",
    "ring/m.py": "from . import l, n\n",
    "ring/n.py": "from . import l, m, a\n",
    "ring/self.py": "import ring.self\nfrom . import self\n",
    "ring/sub/__init__.py": "from .one import X\n",
    "ring/sub/one.py": "from . import two\nfrom .. import a\nX = 1\n",
    "ring/sub/two.py": "from .one import X\nfrom ring import sub\n",
    "top.py": "import bottom\n",
    "bottom.py": "import top\nimport ring.a\n",
}

LINES = [f"value_{number} = call({number}, 'text {number}')" for number in range(14)]


def block(first: int, last: int, indent: str = "    ") -> str:
    return "".join(f"{indent}{line}\n" for line in LINES[first:last])


COPIES = {
    "same/__init__.py": "",
    "same/a.py": f'"""Doc."""\nimport os\nfrom sys import path\n\n\ndef f(call):\n    """Doc."""\n{block(0, 14)}',
    "same/b.py": f'"""Doc."""\nimport os\nfrom sys import path\n\n\ndef g(call):\n    """Other."""\n{block(0, 14)}',
    "same/c.py": f'"""Doc."""\n# c\n\ndef f(call):\n    """Doc."""\n{block(3, 9)}    # between\n\n{block(9, 12)}',
    "same/d.py": f"def f(call):\n    x = 1\n{block(0, 4)}    y = 1\n{block(4, 8)}",
    "same/e.py": f"# pylint: disable=duplicate-code\ndef f(call):\n{block(0, 14)}",
    "same/f.py": f"def f(call):\n{block(0, 5)}    # pylint: disable=R0801\n{block(5, 14)}",
    "same/g.py": f"class A:\n    def f(self, call):\n{block(2, 11, ' ' * 8)}",
    "same/h.py": f"def f(call):\n{block(0, 14)}\n\ndef g(call):\n{block(0, 14)}",
    "same/sub/__init__.py": "",
    "same/sub/a.py": f"def f(call):\n{block(0, 14)}",
    "same/crlf.py": f"def f(call):\n{block(0, 14)}".replace("\n", "\r\n"),
    "same/broken.py": f"def f(call:\n{block(0, 14)}",
    "loose.py": f"def f(call):\n{block(1, 13)}",
}


@pytest.mark.parametrize(
    "arguments",
    [
        ("ring", "top.py", "bottom.py"),
        ("--enable=all", "bottom.py", "top.py", "ring"),
        ("--disable=all", "--enable=cyclic-import", "--recursive=y", "."),
        (
            "--disable=all",
            "--enable=R0401,useless-suppression,I0020",
            "ring/m.py",
            "ring/l.py",
            "ring/n.py",
            "ring/k.py",
        ),
        ("--ignore-paths=ring/[bd].py", "ring"),
    ],
    ids=" ".join,
)
def test_cycles(compare: Compared, arguments: tuple[str, ...]) -> None:
    ran = compare.write(CYCLES)(*arguments)
    assert ran.workers == 2
    assert sum(message["symbol"] == "cyclic-import" for message in ran.messages) > 1


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--enable=all",),
        ("--min-similarity-lines=3",),
        ("--min-similarity-lines=10", "--ignore-signatures=y"),
        ("--min-similarity-lines=0",),
        ("--ignore-comments=n", "--ignore-docstrings=n", "--ignore-imports=n", "--ignore-signatures=n"),
        ("--disable=all", "--enable=duplicate-code", "--reports=y"),
    ],
    ids=" ".join,
)
def test_lines_that_files_share(compare: Compared, options: tuple[str, ...]) -> None:
    compare.write(COPIES)
    for arguments in (("same", "loose.py"), ("loose.py", "same/h.py", "same/g.py", "same/a.py")):
        ran = compare(*options, *arguments)
        assert ran.workers == 2
        found = [message for message in ran.messages if message["symbol"] == "duplicate-code"]
        assert found or options == ("--min-similarity-lines=0",)
