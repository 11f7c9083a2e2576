"""Lines in pylint's parseable form, read back by what Jenkins' warnings plugin looks for."""

from __future__ import annotations

import re

import pytest

from buildtools.core.results import RunResult
from buildtools.reports import parseable
from tests.support import runs

# The parts in the order in which the plugin's PyLintParser takes them; in Java, `.` stops at these line ends.
LINE = re.compile(
    r"(?P<path>[^:]+):(?P<line>\d+): \[(?P<kind>[A-Z]\d*)(?:\((?P<rule>[^()\[\]]*)\))?, \] "
    r"(?P<message>[^\n\r\x85\u2028\u2029]+)"
)
RUNS = {"every-outcome": runs.every_outcome(), "hostile": runs.hostile(), "endless-line": runs.endless_line()}


def lines(result: RunResult) -> list[str]:
    text = parseable.render(result).decode()
    assert text.endswith("\n")
    return text[:-1].split("\n")


@pytest.mark.parametrize("name", RUNS)
def test_every_finding_is_one_line_that_is_read_back(name: str) -> None:
    found = lines(RUNS[name])
    assert len(found) == sum(len(run.result.findings) for run in RUNS[name].steps) - (name != "endless-line")
    assert [line for line in found if not LINE.fullmatch(line)] == []


def test_lines_of_pylint_are_pylints_own_and_others_say_how_grave_they_are() -> None:
    assert lines(runs.every_outcome()) == [
        "src/app.py:3: [W0611(unused-import), ] Unused import os",
        "src/app.py:9: [W0611(unused-import), ] Unused import re",
        "src/app.py:12: [W0611(unused-import), ] Unused import re",
        "top.py:1: [E0602, ] Undefined name 'x'",
        "a b/ü.js:1: [C(use_strict), ] Put it first.",
        "pipeline.yaml:1: [W(own), ] no rule, no place",
        "/usr/lib/x.py:7: [W(arg-type), ] outside",
    ]


def test_no_findings_are_no_lines() -> None:
    assert parseable.render(runs.ended(runs.ENDED_BY[0])) == b""
