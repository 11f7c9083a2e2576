"""Several processes find what pylint finds in one: findings, order, statistics, score and status."""

# ruff: noqa: E501 - each file in one string

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from buildtools.steps.pylint import Pylint
from tests.support import same
from tests.support.context import LoneContext

BLOCK = "".join(f"    value_{number} = call({number}, 'text {number}')\n" for number in range(12))
ALL = "--enable=all"
EXTENSIONS = ",".join(
    f"pylint.extensions.{name}"
    for name in (
        "docparams",
        "mccabe",
        "private_import",
        "code_style",
        "typing",
        "magic_value",
        "redefined_variable_type",
    )
)

# What each file is for stands beside it; all of them are linted together.
FILES: dict[str, str | bytes] = {
    # A package and a script of one name, with findings in both.
    "one/__init__.py": '"""Doc."""\nimport os\nfrom one import a\n',
    "one.py": "import sys\nX = 1 \n",
    # A cycle of three (R0401), one edge of which is told to be overlooked elsewhere.
    "one/a.py": '"""Doc."""\nfrom one import b\n\n\nclass Held:\n    """Doc."""\n\n    def run(self):\n        """Doc."""\n        return b\n',
    "one/b.py": '"""Doc."""\nfrom one import c\nfrom one import d  # pylint: disable=cyclic-import\n',
    "one/c.py": '"""Doc."""\nimport one.a\nfrom one import e\n',
    "one/d.py": '"""Doc."""\nimport one.b\n\none.b.d = None\n',
    "one/e.py": '"""Doc."""\nfrom one import a, f\n',
    "one/f.py": '"""Doc."""\nfrom one import e, a\n',
    # Another module gives a class an attribute: no E1101 in the module that comes first.
    "inject/__init__.py": '"""Doc."""\n',
    "inject/first.py": '"""Doc."""\nfrom one.a import Held\n\nprint(Held().given, Held().absent)\n',
    "inject/second.py": '"""Doc."""\nfrom one.a import Held\n\nHeld.given = 1\n',
    # The same lines in three files, in one of them told to be overlooked.
    "same/__init__.py": '"""Doc."""\n',
    "same/x.py": f'"""Doc."""\n\n\ndef function(call):\n    """Doc."""\n{BLOCK}',
    "same/y.py": f'"""Doc."""\n# y\n\n\ndef function(call):\n    """Doc."""\n{BLOCK}',
    "same/z.py": f'"""Doc."""\n\n\ndef other(call):\n    """Doc."""\n{BLOCK}    return value_1\n',
    "same/quiet.py": f'"""Doc."""\n# pylint: disable=duplicate-code\n\n\ndef other(call):\n    """Doc."""\n{BLOCK}',
    # A stub and its module, which share a tree: what is counted by node is counted on.
    "stub/__init__.py": "",
    "stub/counted.py": "def f(a):\n" + "".join(f"    if a == {n}:\n        print(a)\n" for n in range(8)),
    "stub/counted.pyi": "def f(a): ...\n",
    # A namespace package, a folder that is none, and a hidden pattern.
    "space/part/__init__.py": "import os\n",
    "space/part/mod.py": "from space.other import thing\n",
    "space/other/thing.py": "import json\nfrom . import nothing\n",
    "space/ignored_this.py": "import os\n",
    # Files that can't be parsed, tokenised or decoded, that are empty, and whose bytes are another encoding's.
    "odd/__init__.py": "",
    "odd/syntax.py": "def broken(:\n",
    "odd/uses_syntax.py": '"""Doc."""\nfrom odd import syntax\nimport odd.syntax\n',
    "odd/nul.py": b"x = 1\0\n",
    "odd/latin.py": '# -*- coding: latin-1 -*-\n"""Doc."""\nN\xe4me = ["\xe4\xf6", "b" "c", "d"]\n'.encode("latin-1"),
    "odd/undeclared.py": '"""D\xf6c."""\n'.encode("latin-1"),
    "odd/bom.py": b"\xef\xbb\xbf" + b"X = ['a' 'b', 'c']\n",
    "odd/crlf.py": b'"""Doc."""\r\nX = 1\nY = 2\r\n',
    "odd/tabs.py": "if True:\n\tX = 1\n        \n",
    # Comments to pylint: skipped files, useless and unknown ones, by number, by line, by block.
    "talk/__init__.py": "# pylint: skip-file\nimport os\n",
    "talk/all.py": "# pylint: disable=all\nimport os\n",
    "talk/useless.py": '"""Doc."""\n# pylint: disable=unused-import, E1101\nimport os\nX = 1  # pylint: disable=invalid-name\n'
    "# pylint: disable=R0801,cyclic-import\n# pylint: enable=unused-import\nimport sys\n# pylint: disable=no-such\n# pylint: nonsense\n",
    "talk/block.py": '"""Doc."""\n\n\ndef f(a):\n    # pylint: disable=unused-argument\n    def g(b):\n        return 1\n    return g\n',
    # A call in an f-string, whose place another file fills with joined strings (before Python 3.12).
    "tokens/a_joined.py": 'X = [1,\n                   "x" "b",\n           "c"]\n',
    "tokens/b_inner.py": "def f(call):\n    return f\"{call('a', 'b')}\"\nY = (1,\n f\"12345678{X.join('ab', 'c')}\")\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def check(root: Path, *arguments: str, more: tuple[str, ...] = ("--jobs=3",)) -> same.Ran:
    """Compare, and return our run."""
    mine = same.ours(root, (*more, *arguments))
    assert same.differences(mine, same.theirs(root, arguments)) == []
    return mine


@pytest.mark.parametrize(
    "arguments",
    [
        ("--recursive=y", "."),
        (ALL, "--recursive=y", "--ignore-patterns=^ignored_.*", "--fail-on=E", "--fail-under=-100", "."),
        (
            ALL,
            f"--load-plugins={EXTENSIONS}",
            "--recursive=y",
            "one",
            "one.py",
            "inject",
            "same",
            "odd",
            "talk",
            "tokens",
            "space/part",
        ),
    ],
    ids=["default", "all", "plugins"],
)
def test_it_is_pylint(tree: Path, arguments: tuple[str, ...]) -> None:
    ran = check(tree, *arguments)
    assert (ran.workers, ran.plain) == (3, "")
    found = {(message["symbol"], message["path"]) for message in ran.messages}
    assert {"duplicate-code", "cyclic-import", "syntax-error"} <= {symbol for symbol, _path in found}
    if sys.version_info < (3, 12):
        assert ("implicit-str-concat", "tokens/b_inner.py") in found


def test_the_configuration_and_its_hook_are_obeyed(tree: Path) -> None:
    (tree / "lib").mkdir()
    (tree / "lib/hooked.py").write_text("THING = 1\n")
    (tree / "space/uses.py").write_text("import hooked\nprint(hooked.THING, hooked.OTHER)\n")
    (tree / ".pylintrc").write_text(
        "[MAIN]\ninit-hook=import sys; sys.path.insert(0, 'lib')\nignore-paths=^odd/.*\nfail-under=3\n"
        "[FORMAT]\nmax-line-length=40\n"
    )
    (tree / "one/.pylintrc").write_text("[FORMAT]\nmax-line-length=10\n")
    ran = check(tree, "--recursive=y", ".")
    assert ran.workers == 3
    hooked = [message["symbol"] for message in ran.messages if message["path"] == "space/uses.py"]
    assert "no-member" in hooked
    assert "import-error" not in hooked
    assert check(tree / "one", "--rcfile=.pylintrc", "a.py", str(tree / "one.py"), more=("-j", "2")).workers == 2


def test_the_quoted_lines_are_always_the_same(tree: Path) -> None:
    runs = [same.ours(tree, (f"--jobs={jobs}", "same")).messages for jobs in (1, 2, 3)]
    assert runs[0] == runs[1] == runs[2]


def plugin(root: Path, name: str, body: str) -> tuple[str, ...]:
    (root / f"{name}.py").write_text(
        "from pylint.checkers import BaseChecker\n\n\nclass Mine(BaseChecker):\n    name = 'mine'\n"
        f"    msgs = {{'R9901': ('Number %s', 'my-number', 'Doc.')}}\n{body}\n\n\n"
        "def register(linter):\n    linter.register_checker(Mine(linter))\n"
    )
    return (f"--load-plugins={name}", "--init-hook=import sys; sys.path.insert(0, '.')", "one", "inject")


COUNT = "    def visit_module(self, node):\n        self.add_message('my-number', node=node, args=self.next(node))\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "    seen = 0\n    def next(self, node):\n        self.seen += 1\n        return self.seen\n" + COUNT,
            "keeps seen of",
        ),
        (
            "    seen = []\n    def next(self, node):\n        self.seen.append(1)\n        return len(self.seen)\n"
            + COUNT,
            "Mine.seen",
        ),
        ("    def close(self):\n        self.add_message('my-number', args=1)\n", "judges all files together"),
    ],
    ids=["object", "class", "close"],
)
def test_a_checker_that_keeps_something_is_given_one_process(tree: Path, body: str, said: str) -> None:
    ran = check(tree, *plugin(tree, "keeping", body))
    assert ran.workers == 0
    assert said in ran.plain
    assert "mine (keeping)" in ran.plain


def test_a_checker_with_a_reduction_of_its_own_is_run_in_parts(tree: Path) -> None:
    body = (
        "    def open(self):\n        self.names = []\n"
        "    def visit_module(self, node):\n        self.names.append(node.name)\n"
        "    def get_map_data(self):\n        return self.names\n"
        "    def reduce_map_data(self, linter, data):\n        self.names = [n for part in data for n in part]\n        self.close()\n"
        "    def close(self):\n        self.add_message('my-number', args=' '.join(self.names))\n"
    )
    ran = check(tree, *plugin(tree, "reducing", body))
    assert (ran.workers, ran.plain) == (3, "")
    (found,) = (message["message"] for message in ran.messages if message["symbol"] == "my-number")
    names = {"one", *(f"one.{name}" for name in "abcdef"), "inject", "inject.first", "inject.second"}
    assert set(found.split()) == {"Number", *names}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "        os.kill(os.getpid(), 9) if os.getpid() != MAIN else None\n",
            "a worker ended before its time (signal 9)",
        ),
        ("        raise RuntimeError\n", ""),
    ],
    ids=["killed", "raising"],
)
def test_what_breaks_a_worker_breaks_nothing_else(tree: Path, body: str, said: str) -> None:
    head = "    def visit_module(self, node):\n        import os\n        from breaking import MAIN\n"
    arguments = plugin(tree, "breaking", head + body)
    source = (tree / "breaking.py").read_text()
    (tree / "breaking.py").write_text(f"import os\nMAIN = os.getpid()\n{source}")
    mine, other = same.ours(tree, ("--jobs=2", *arguments)), same.theirs(tree, arguments)
    assert said in mine.plain
    # A crash's text holds the time.
    assert [m["symbol"] for m in mine.messages] == [m["symbol"] for m in other.messages]
    assert mine.statistics == other.statistics


def test_one_process_where_it_is_asked_for_or_needed(tree: Path) -> None:
    assert check(tree, "one", more=("--jobs=1",)).plain == ""
    hook = "--init-hook=import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    assert "threads" in check(tree, hook, "one").plain
    assert same.ours(tree, ("--jobs=2", "--from-stdin", "one/a.py")).plain == "the source comes from stdin"


def test_the_step_says_when_it_takes_one_process(tree: Path) -> None:
    context = LoneContext(tree)
    hook = "--init-hook=import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()"
    Pylint(paths=("one",), jobs=2, args=(hook,)).run(context)
    assert any("pylint runs in one process: a plugin or hook runs threads" in line for line in context.shown)
    context = LoneContext(tree)
    Pylint(paths=("one",), jobs=2).run(context)
    assert not any("one process" in line for line in context.shown)


def test_links_and_a_folder_that_is_not_to_be_read(tree: Path) -> None:
    (tree / "linked").symlink_to(tree / "same", target_is_directory=True)
    if os.geteuid():
        (tree / "same/z.py").chmod(0)
    check(tree, "--recursive=y", "same", "linked", "one", "nowhere")
