"""What is remembered of runs, and what becomes of it."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from buildtools.core.model import Status
from buildtools.core.results import Metric, RunResult, StepResult, StepRun, TestCase
from buildtools.reports.history import History, HistoryError
from buildtools.reports.trends import rows, sparkline, trends
from tests.conftest import MakeProject
from tests.support import runs


def run(number: int, *, coverage: float = 80.0, cases: tuple[TestCase, ...] = (), passed: bool = True) -> RunResult:
    result = StepResult(
        status=Status.PASSED if passed else Status.FAILED,
        cases=cases,
        metrics=(Metric(name="coverage", value=coverage, unit="%"),),
    )
    step = StepRun(id="unit", plugin="tests", result=result, started=0.0, seconds=float(number))
    return RunResult(pipeline="p", id=f"run-{number}", steps=(step,), started=1e9 + number, revision="abc")


def case(status: Status = Status.PASSED, **fields: object) -> TestCase:
    return replace(TestCase(name="test_a", classname="tests.test_a", status=status), **fields)


def test_what_was_is_read_back(tmp_path: Path) -> None:
    history = History(tmp_path / "sub/history.sqlite")
    assert history.pipelines() == []
    assert history.previous("p", "unit", "coverage") is None
    history.add(runs.every_outcome(), "")
    for number in (1, 2, 3):
        history.add(run(number, coverage=80 + number, passed=number < 3), "")
    assert history.previous("p", "unit", "coverage") == 82, "the third did not pass"
    assert set(history.pipelines()) == {"p", "webapp"}
    past = history.steps("p", 2)["unit"]
    assert [(one.run, one.seconds, one.metrics) for one in past] == [
        ("run-2", 2.0, {"coverage": (82.0, "%")}),
        ("run-3", 3.0, {"coverage": (83.0, "%")}),
    ]
    [row] = rows(history.steps("p", 9))
    assert (row.runs, row.passed, row.median, row.metrics) == (3, 2, 1.5, {"coverage": (81.0, 82.0, 83.0)})


def test_curves_are_of_steps_that_ran(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    for number in (1, 2, 3):
        history.add(run(number, coverage=80 + number), "")
    found = {trend.name: trend for trend in trends(history.steps("p", 30), "run-3")}
    assert found["unit: coverage"].values == (81, 82, 83)
    assert found["unit: seconds"].values == (1, 2, 3)
    assert len(found["unit: coverage"].labels) == 3
    assert trends(history.steps("p", 30), "another") == ()
    assert sparkline([1, 2, 3]) == "▁▅█"
    assert sparkline([]) == ""


def test_flaky_tests_are_found(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    bad, good = case(Status.FAILED), case()
    history.add(run(1, cases=(bad,)), "one")
    assert history.flaky("p", 9) == []
    history.add(run(2, cases=(good,)), "two")
    assert history.flaky("p", 9) == [], "another revision"
    history.add(run(3, cases=(good,)), "one")
    assert [(test.name, test.times) for test in history.flaky("p", 9)] == [("tests.test_a::test_a", 1)]
    history.add(run(4, cases=(case(attempts=(bad,)),)), "")
    assert [test.times for test in history.flaky("p", 9)] == [2]
    history.add(run(5, cases=(bad,)), "")
    history.add(run(6, cases=(good,)), "")
    assert [test.times for test in history.flaky("p", 9)] == [2], "of a changed tree nobody knows"


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 50)
    history = History(path)
    with pytest.raises(HistoryError, match="cannot be read"):
        history.pipelines()
    history.add(run(1), "")
    assert history.pipelines() == ["p"]
    assert path.with_name("history.sqlite.damaged").is_file()


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(HistoryError, match="version 9"):
        History(path).add(run(1), "")
    with pytest.raises(HistoryError, match="version 9"):
        History(path).pipelines()
    assert path.read_bytes() == before


def test_several_write_at_once(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite")
    threads = [threading.Thread(target=history.add, args=(run(number), "")) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(history.steps("p", 99)["unit"]) == 8


FILE = """steps:
  unit:
    uses: tests
    with: {args: ["-q", "-p", "no:cacheprovider"], coverage: {source: [.], omit: ["test_*"], may-fall: 0}}
"""
CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
TEST = "import app\n\n\ndef test_one():\n    assert app.one() == 1\n"


def test_coverage_must_not_fall_from_run_to_run(project: MakeProject) -> None:
    made = project({"pipeline.yaml": FILE, "app.py": CODE, "test_app.py": TEST})
    assert made.run().code == 0
    assert made.run().code == 0
    made.replace("app.py", "    return 2\n", "    print(3)\n    return 2\n")
    ran = made.run()
    assert ran.code == 1
    assert "coverage has fallen from 75 % in the last passed run to 60 %" in ran.reason("unit")
    made.replace("test_app.py", "== 1\n", "== 1\n    assert app.two() == 2\n")
    assert made.run().code == 0

    told = made.call("report", "trends", "--json")
    assert told.code == 0, told
    [step] = json.loads(told.stdout)["steps"]
    assert (step["runs"], step["passed"]) == (4, 3)
    assert step["metrics"]["coverage"] == [75, 75, 60, 100]
    told = made.call("report", "trends", "unit")
    assert "coverage 75 -> 100" in told.stdout
    assert made.call("report", "trends", "unot").code == 2
    assert "unit: coverage" in ran.report("report.html").decode()


def test_a_history_elsewhere(project: MakeProject, tmp_path: Path) -> None:
    made = project({"pipeline.yaml": "steps:\n  say: {uses: shell, with: {run: echo said}}\n"})
    shared = tmp_path / "shared/history.sqlite"
    assert made.run("--history", str(shared)).code == 0
    assert not (made.root / ".buildtools/history.sqlite").exists()
    assert "say" in made.call("report", "trends", "--history", str(shared)).stdout
    told = made.call("report", "trends")
    assert told.code == 5
    assert "no run is in it" in told.text
    (tmp_path / "file").write_text("")
    ran = made.run("--history", str(tmp_path / "file/history.sqlite"))
    assert ran.code == 5
    assert "the history could not be written" in ran.text
