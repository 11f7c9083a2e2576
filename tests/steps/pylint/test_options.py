"""Options that choose what is said and how it is judged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.steps.pylint.conftest import Compared
from tests.support import same

SOURCES = {
    "pkg/__init__.py": "",
    "pkg/a.py": "import os\nfrom pkg import b\n\n\ndef f(x, y):\n    return b.nothing(undefined)\n",
    "pkg/b.py": "import pkg.a\nimport json, sys\nX = 1 \nclass small: pass\n",
    "pkg/c.py": '"""Doc."""\n\nVALUE = 1\n',
    "lone.py": "import requests_of_nobody\nprint(undefined)\nassert (1, 'x')\n",
}


@pytest.mark.parametrize(
    "options",
    [
        ("--errors-only",),
        ("-E", "--enable=W0611"),
        ("--fail-on=E,unused-import", "--fail-under=0"),
        ("--fail-on=useless-suppression", "--fail-under=-100"),
        ("--fail-under=5",),
        ("--fail-under=-50",),
        ("--exit-zero",),
        ("--evaluation=10.0 - error * 3 - statement / 7",),
        ("--evaluation=1 / 0",),
        ("--evaluation=no such thing",),
        ("--evaluation=fatal and 1 or undefined_name",),
        ("--score=n",),
        ("--reports=y", "--enable=all"),
        ("--disable=all", "--enable=E,unused-import,R0401"),
        ("--disable=all",),
        ("--disable=R,C", "--disable=imports"),
        ("--enable=no-such-message", "--disable=E9999"),
        ("--confidence=HIGH,CONTROL_FLOW",),
        ("--py-version=3.7", "--enable=all"),
        ("--limit-inference-results=1",),
        ("--ignored-modules=pkg.b", "--ignored-classes=small", "--generated-members=noth.*"),
        ("--max-line-length=20", "--max-args=1", "--good-names=f,x"),
        ("--const-naming-style=snake_case", "--class-rgx=.*", "--bad-names=VALUE"),
        ("--clear-cache-post-run=y",),
        ("--verbose",),
        ("--msg-template={path}", "--include-naming-hint=y"),
        ("--analyse-fallback-blocks=y", "--allow-any-import-level=json", "--known-third-party=json"),
    ],
    ids=" ".join,
)
def test_options(compare: Compared, options: tuple[str, ...]) -> None:
    ran = compare.write(SOURCES)(*options, "pkg", "lone.py")
    if ran.status != 32 and options != ("--disable=all",):
        assert ran.messages
        assert (ran.workers, ran.plain) == (2, "")


def test_options_that_pylint_refuses(compare: Compared) -> None:
    compare.write(SOURCES)
    for word in ("--no-such-option", "--max-line-length=many", "--load-plugins"):
        ran = compare("pkg", word)
        assert ran.status
        assert not ran.messages


def test_files_that_an_option_writes(compare: Compared) -> None:
    """The graph of imports, as the report RP0402 draws it."""
    compare.write(SOURCES)
    options = (
        "--reports=y",
        "--enable=RP0402",
        "--disable=R0801",
        "--import-graph=all.dot",
        "--int-import-graph=in.dot",
    )
    same.theirs(compare.root, (*options, "pkg", "lone.py"))
    expected = {name: (compare.root / name).read_text() for name in ("all.dot", "in.dot")}
    for name in expected:
        (compare.root / name).unlink()
    assert same.ours(compare.root, ("--jobs=2", *options, "pkg", "lone.py")).workers == 2
    assert {name: (compare.root / name).read_text() for name in expected} == expected
    assert "pkg" in expected["all.dot"]


def test_source_from_stdin(compare: Compared, tmp_path: Path) -> None:
    compare.write(SOURCES)
    text = (compare.root / "pkg/b.py").read_bytes() + b"print(undefined_here)\n"
    out = (tmp_path / "ours.json", tmp_path / "theirs.json")
    arguments = ("--enable=all", "--from-stdin", "pkg/b.py")
    words = (
        (sys.executable, same.DRIVER, out[0], "-", "--persistent=n", "--jobs=2", *arguments),
        (sys.executable, "-m", "pylint", *same.reporting(out[1]), *arguments),
    )
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    ends = [subprocess.run(one, cwd=compare.root, input=text, env=env, check=False).returncode for one in words]
    mine, other = map(same.read, out)
    assert ends[0] == ends[1]
    assert mine["plain"] == "the source comes from stdin"
    assert mine["messages"] == other["messages"]
    assert mine["statistics"] == other["statistics"]
    assert any("undefined_here" in message["message"] for message in mine["messages"])


def test_the_oracle_is_plain_pylint(compare: Compared) -> None:
    compare.write(SOURCES)
    arguments = ("--enable=all", "pkg", "lone.py", "missing.py")
    forked, plain = compare._oracle.lint(compare.root, arguments), same.theirs(compare.root, arguments)
    assert (forked.messages, forked.statistics, forked.status) == (plain.messages, plain.statistics, plain.status)
    assert plain.messages
