"""What a finding is about, and which of them are new with these changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.plugin import Finding, Severity
from buildtools.steps.scope import is_new, unchecked

CHANGED = {"src/pk/a.py": ((3, 5),), "src/pk/__init__.py": (), "b.py": (), "js/a.js": ()}


def of(tool: str, rule: str, message: str = "m", path: str = "src/pk/a.py", line: int = 1) -> Finding:
    return Finding(tool=tool, rule=rule, message=message, path=path, line=line)


@pytest.mark.parametrize(
    ("tool", "rule", "message", "expected"),
    [
        ("pylint", "E0001", "Parsing failed: 'invalid syntax (m, line 2)'", True),
        ("pylint", "E0001", "Cannot import 'bad' due to 'invalid syntax (bad, line 1)'", False),
        ("pylint", "F0002", "m", True),
        ("pylint", "E0602", "m", False),
        ("ruff", "invalid-syntax", "m", True),
        ("ruff", "E902", "m", True),
        ("ruff", "F401", "m", False),
        ("mypy", "syntax", "Unexpected EOF while parsing", True),
        ("mypy", "syntax", 'Invalid "type: ignore" comment', False),
        ("mypy", "syntax", 'syntax error in type comment "foo bar"', False),
        ("mypy", "unreadable", "m", True),
        ("mypy", "assignment", "m", False),
        ("biome", "parse", "m", True),
        ("biome", "internalError/io", "m", True),
        ("biome", "lint/style/useConst", "m", False),
        ("ESLint", "fatal", "m", True),
        ("eslint", "no-undef", "m", False),
        ("oxlint", "oxlint", "m", True),
        ("oxlint", "eslint(eqeqeq)", "m", False),
        ("bandit", "unchecked", "m", True),
        ("checkstyle", "exception", "m", True),
        ("parseable", "E999", "SyntaxError: invalid syntax", True),
    ],
)
def test_what_was_not_checked(tool: str, rule: str, message: str, expected: bool) -> None:
    assert unchecked(of(tool, rule, message)) is expected


def test_each_error_of_jslint_is_one() -> None:
    finding = Finding(tool="jslint", rule="timeout", message="m", path="js/a.js", severity=Severity.ERROR)
    assert unchecked(finding)
    assert not unchecked(Finding(tool="jslint", rule="unexpected_a", message="m", path="js/a.js"))


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (of("ruff", "F401", line=4), True),
        (of("ruff", "F401", line=6), False),
        (of("ruff", "F401", line=0), True),
        (of("ruff", "F401", path="other.py", line=4), False),
        (of("ruff", "invalid-syntax", path="b.py", line=9), True),
        (of("ruff", "invalid-syntax", path="other.py", line=9), False),
        (of("mypy", "syntax", path="other.py", line=9), True),
        (of("pylint", "C0302", path="b.py"), True),
        (of("pylint", "C0302", path="other.py"), False),
        (of("pylint", "E0013", path="Command line or configuration file"), True),
        (of("biome", "configuration", path=".", line=0), True),
        (of("biome", "long", path="x" * 999), True),
        (of("biome", "odd", path="a\0b"), True),
        (of("pylint", "R0801", "Similar lines in 2 files\n==pk.a:[1:3]\n==zz:[1:3]\n    x", path="zz.py"), True),
        (of("pylint", "R0801", "Similar lines in 2 files\n==pk.a:[5:9]\n==zz:[1:3]\n    x", path="zz.py"), False),
        (of("pylint", "R0801", "Similar lines in 2 files\n==k.a:[1:3]\n==zz:[1:3]\n    x", path="zz.py"), False),
        (of("pylint", "R0801", "Similar lines in 2 files"), True),
        (of("pylint", "R0801", "Similar lines in 2 files", path="other.py"), False),
        (of("pylint", "R0401", "Cyclic import (pk -> pk.c)", path="other.py"), True),
        (of("pylint", "R0401", "Cyclic import (pk.c -> pk.d)"), False),
    ],
)
def test_what_is_new(tmp_path: Path, finding: Finding, expected: bool) -> None:
    (tmp_path / "other.py").touch()
    assert is_new(finding, CHANGED, tmp_path) is expected
