"""A run that has everything a page can show, in a project that is really there."""

from __future__ import annotations

from pathlib import Path

import msgspec

from buildtools.core.model import Kind, Severity, Status
from buildtools.core.results import (
    Attempt,
    CoveredFile,
    Finding,
    Metric,
    RunResult,
    StepResult,
    StepRun,
    TestCase,
    fingerprinted,
)
from buildtools.reports.html.page import render
from buildtools.reports.html.trends import Trend
from buildtools.reports.scene import Scene

SOURCE = "import os\nimport re\n\n\ndef price(net):\n    return net * 1.19\n\n\nTOKEN = 's3cret-token'\n"
LOG = "\x1b[1;32mok\x1b[0m first\n" + "middle\n" * 20_000 + "\x1b[31mlast words\x1b[0m\n"
TRENDS = (
    Trend(name="Line coverage", values=(71.5, 80, 84.5), labels=("a1", "b2", "c3"), unit="%", better="higher"),
    Trend(name="Duration", values=(9.5, 9.5, 12), unit="s", better="lower"),
)


def scene(folder: Path) -> Scene:
    """Make the project and the record of the run in `folder`, with a secret in each."""
    (folder / "src").mkdir(parents=True)
    (folder / "src/shop.py").write_text(SOURCE)
    logs = folder / ".buildtools/runs/r1/logs"
    logs.mkdir(parents=True)
    (logs / "unit.log").write_text(LOG)
    (folder / "build/reports").mkdir(parents=True)
    return Scene(
        root=folder,
        record=logs.parent,
        folder=folder / "build/reports",
        mask=lambda text: text.replace("s3cret-token", "***"),
        rerun=lambda step: f"buildtools run pipeline.yaml {step}",
    )


def page(folder: Path) -> Path:
    """Write the page of `run()` where a run writes it, and return its path."""
    where = scene(folder)
    file = folder / "build/reports/report.html"
    file.write_bytes(render(run(), where, TRENDS))
    return file


def run() -> RunResult:
    """Return a run in which every section has something to show."""
    unused = Finding(
        tool="pylint",
        rule="W0611",
        symbol="unused-import",
        message="Unused import os",
        path="src/shop.py",
        line=1,
        column=1,
    )
    other = msgspec.structs.replace(unused, message="Unused import re", line=2, known=True)
    grave = Finding(
        tool="pylint",
        rule="E9999",
        symbol="secret-in-source",
        message="Looks like a secret",
        path="src/shop.py",
        line=9,
        severity=Severity.ERROR,
    )
    lint = StepResult(status=Status.FAILED, reason="3 messages", findings=fingerprinted((unused, other, grave)))
    again = TestCase(
        name="test_price",
        classname="tests.test_shop",
        suite="pytest",
        status=Status.FAILED,
        message="assert 1 == 2",
        details="E   assert 1 == 2",
        file="tests/test_shop.py",
        line=3,
        stdout="said this\n",
        attempts=(
            TestCase(name="test_price", status=Status.FAILED, message="no answer", details="E   no answer at first"),
        ),
    )
    cases = (TestCase(name="test_a", classname="tests.test_shop", suite="pytest", seconds=0.5), again)
    unit = StepResult(
        status=Status.FAILED,
        reason="1 of 2 tests failed",
        cases=cases,
        metrics=(Metric(name="coverage", value=80.0, unit="%", threshold=85),),
        coverage=(
            CoveredFile(path="src/shop.py", executed=((1, 2), (5, 5)), missing=((6, 6), (9, 9)), jumps=((5, 6),)),
            CoveredFile(path="src/whole.py", executed=((1, 4),)),
        ),
    )
    flaky = (Attempt(result=StepResult(status=Status.ERROR, reason="no route"), seconds=1.0),)
    steps = (
        StepRun(id="lint", plugin="pylint", kind=Kind.CHECK, result=lint, started=0.0, seconds=4.0),
        StepRun(id="unit", plugin="tests", kind=Kind.CHECK, result=unit, started=0.0, seconds=6.0, log="logs/unit.log"),
        StepRun(
            id="fetch", plugin="shell", result=StepResult(), needs=("lint",), started=6.0, seconds=3.0, earlier=flaky
        ),
        StepRun(
            id="upload", plugin="upload", result=StepResult(status=Status.SKIPPED, reason="unit failed"), started=None
        ),
    )
    return RunResult(
        pipeline="shop",
        id="r1",
        file="pipeline.yaml",
        version="1.0",
        steps=steps,
        started=1_700_000_000.0,
        seconds=9.0,
        revision="4f1d2c9aa0b14f1d2c9aa0b1",
    )
