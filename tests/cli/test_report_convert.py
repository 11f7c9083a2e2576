"""`buildtools report convert`: files of other tools in, any of our reports out."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import msgspec
import pytest

from buildtools.core.results import RunResult
from buildtools.reports.kinds import RENDERERS
from buildtools.reports.scene import ELSEWHERE
from tests.conftest import MakeProject
from tests.support.runs import every_outcome

LINES = (
    "a.py:3:0: W0611: Unused import os (unused-import)\na.py:9:4: E0602: Undefined variable 'x' (undefined-variable)\n"
)
CASE = '<testcase name="t" classname="c" time="2.5"><failure message="no">x</failure></testcase>'
JUNIT = f'<testsuite name="S">{CASE}</testsuite>'
LCOV = "SF:a.py\nDA:1,1\nDA:2,0\nend_of_record\n"


def test_several_files_become_one_run(project: MakeProject) -> None:
    here = project({"lint.txt": LINES, "more/lint.txt": LINES, "unit.xml": JUNIT, "c.lcov": LCOV, "a.py": ""})
    reports = [word for kind in RENDERERS for word in ("--report", f"{kind}=out/{kind.replace(':', '-')}")]
    outcome = here.call("report", "convert", "lint.txt", "more/lint.txt", "unit.xml", "c.lcov", *reports)
    assert outcome.code == 0, outcome
    out = here.root / "out"
    assert len(list(out.iterdir())) == len(RENDERERS)
    run = msgspec.json.decode((out / "json").read_bytes(), type=RunResult)
    steps = {step.id: step for step in run.steps}
    assert {name: str(step.result.status) for name, step in steps.items()} == {
        "lint": "failed",
        "lint-2": "failed",
        "unit": "failed",
        "c": "passed",
    }
    assert steps["unit"].seconds == 2.5
    assert steps["c"].result.metrics[0].value == 50
    assert [finding.rule for finding in steps["lint"].result.findings] == ["W0611", "E0602"]
    root = ET.fromstring((out / "junit").read_bytes())
    assert [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None] == [
        "W0611 unused-import",
        "E0602 undefined-variable",
        "W0611 unused-import",
        "E0602 undefined-variable",
        "t",
    ]
    assert [entry["location"]["path"] for entry in json.loads((out / "codequality").read_bytes())] == ["a.py", "a.py"]


def test_a_run_stays_as_it_is(project: MakeProject) -> None:
    run = every_outcome()
    here = project({"run.json": RENDERERS["json"](run, ELSEWHERE)})
    assert here.call("report", "convert", "run.json", "--report", "json=again.json").code == 0
    assert msgspec.json.decode((here.root / "again.json").read_bytes(), type=RunResult) == run


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("gone.xml",), 5, "gone.xml: cannot be read: No such file or directory"),
        (("bad.txt",), 5, "bad.txt: is no report of a form that is known\nName its form by --from."),
        (("bad.txt", "--from", "sarif"), 5, "bad.txt: cannot be read as sarif: JSON is malformed"),
        (("bad.txt", "--from", "html"), 2, "'html' is not one of 'auto', 'junit'"),
        ((), 2, "Missing argument"),
    ],
)
def test_what_cannot_be_converted(project: MakeProject, words: tuple[str, ...], code: int, why: str) -> None:
    here = project({"bad.txt": "hello\n"})
    outcome = here.call("report", "convert", *words, "--report", "json=out.json")
    assert outcome.code == code, outcome
    assert why in outcome.stderr, outcome
    assert not (here.root / "out.json").exists()
