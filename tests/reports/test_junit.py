"""JUnit XML: every row of the table of outcomes, read back as CI systems read it."""

from __future__ import annotations

import time
import tracemalloc
from collections import Counter
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from buildtools.core.errors import ExitCode
from buildtools.core.model import Cause, Status
from buildtools.core.results import Attempt, Finding, Metric, RunResult, StepResult, StepRun, TestCase
from buildtools.reports import junit


def step(identity: str = "s", plugin: str = "shell", **fields: object) -> StepRun:
    known = {"seconds", "started", "earlier", "tail", "allowed", "cached", "log"}
    outer = {"started": 0.5, "seconds": 1.5} | {key: fields.pop(key) for key in tuple(fields) if key in known}
    return StepRun(id=identity, plugin=plugin, result=StepResult(**fields), **outer)  # type: ignore[arg-type]


def rendered(*runs: StepRun, **fields: object) -> Element:
    result = RunResult(pipeline="webapp", id="r1", steps=runs, started=1_700_000_000.0, seconds=9.0, **fields)  # type: ignore[arg-type]
    root = ElementTree.fromstring(junit.render(result))
    check(root)
    return root


def check(root: Element) -> None:
    """What Jenkins and GitLab ask of every file."""
    names: Counter[tuple[str, str, str]] = Counter()
    for suite in root.findall("testsuite"):
        cases = suite.findall("testcase")
        assert cases, "Jenkins ignores a suite without a testcase"
        for case in cases:
            assert case.get("name")
            assert float(case.get("time", "x")) >= 0
            names[suite.get("name", ""), case.get("classname", ""), case.get("name", "")] += 1
        totals = {"tests": len(cases)}
        for tag, total in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            totals[total] = sum(case.find(tag) is not None for case in cases)
        assert {name: int(suite.get(name, "-1")) for name in totals} == totals
    assert not [name for name, number in names.items() if number > 1], "GitLab drops equal ones"
    for total in ("tests", "failures", "errors", "skipped"):
        assert int(root.get(total, "-1")) == sum(int(suite.get(total, "-1")) for suite in root)
    for verdict in (*root.iter("failure"), *root.iter("error"), *root.iter("skipped")):
        assert (verdict.text or "").strip(), "GitLab shows the content only"
        assert verdict.get("type") not in ("integer", "boolean", "date", "yaml")


def only(root: Element) -> Element:
    (case,) = root.iter("testcase")
    return case


FINDING = Finding(
    tool="pylint", rule="W0611", symbol="unused-import", message="Unused import os", path="src/app.py", line=3, column=1
)


def test_findings_are_one_case_for_each_file_and_rule() -> None:
    again = Finding(
        tool="pylint", rule="W0611", symbol="unused-import", message="Unused import re", path="src/app.py", line=9
    )
    other = Finding(tool="pylint", rule="E0602", message="Undefined\nname", path="top.py", line=1)
    root = rendered(step("lint", "pylint", status=Status.FAILED, findings=(FINDING, other, again)))
    first, second = root.iter("testcase")
    assert first.attrib == {
        "name": "W0611 unused-import",
        "classname": "lint.pylint.src.app_py",
        "time": "0.000",
        "file": "src/app.py",
        "line": "3",
    }
    failure = first.find("failure")
    assert failure is not None
    assert failure.get("message") == "Unused import os (+1 more)"
    assert failure.text == " src/app.py:3:1: Unused import os\n src/app.py:9: Unused import re"
    assert second.get("classname") == "lint.pylint.top_py"
    assert second.findtext("failure") == " top.py:1: Undefined\n    name"
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("name"), suite.get("time")) == ("lint", "1.500")


def test_findings_below_the_bar_of_a_passed_step_are_told_but_are_no_failures() -> None:
    case = only(rendered(step("lint", "pylint", findings=(FINDING,))))
    assert case.find("failure") is None
    assert case.findtext("system-out") == " src/app.py:3:1: Unused import os"


def test_a_clean_file_is_a_passing_case_beside_the_findings() -> None:
    case = only(rendered(step("lint", "pylint", cases=(TestCase(name="pylint", file="src/my.mod.py"),))))
    assert (case.get("name"), case.get("classname"), len(case)) == ("pylint", "lint.pylint.src.my_mod_py", 0)


def test_unit_tests_keep_their_suites_and_totals_are_counted_anew() -> None:
    cases = (
        TestCase(name="test_a", classname="tests.a", suite="pytest", seconds=0.25),
        TestCase(
            name="test_a", classname="tests.a", suite="pytest", status=Status.FAILED, message="no", details="trace"
        ),
        TestCase(name="test_b", classname="tests.a", suite="pytest", status=Status.SKIPPED, message="not here"),
        TestCase(
            name="test_c", classname="tests.a", suite="pytest", status=Status.ERROR, message="broken", type="date"
        ),
        TestCase(name="test_d", classname="tests.a", suite="other", stdout="out", stderr="err"),
    )
    root = rendered(step("unit", "tests", status=Status.FAILED, cases=cases))
    assert [suite.get("name") for suite in root] == ["unit: pytest", "unit: other"]
    names = [case.get("name") for case in root[0].iter("testcase")]
    assert names == ["test_a", "test_a (2)", "test_b", "test_c"]
    assert root[0].get("time") == "0.250"
    assert root[0].findtext("testcase/failure") == "no\ntrace"
    skipped = root[0].find("testcase/skipped")
    assert skipped is not None
    assert (skipped.get("message"), skipped.text) == ("not here", "not here")
    error = root[0].find("testcase/error")
    assert error is not None
    assert error.get("type") == "python.date"
    assert (root[1].findtext("testcase/system-out"), root[1].findtext("testcase/system-err")) == ("out", "err")


def test_a_number_that_follows_a_real_name_does_not_collide() -> None:
    cases = tuple(TestCase(name=name, classname="c") for name in ("a", "a (2)", "a", "a", "a (2)"))
    root = rendered(step(cases=cases))
    assert [case.get("name") for case in root.iter("testcase")] == ["a", "a (2)", "a (3)", "a (4)", "a (2) (2)"]


@pytest.mark.parametrize(
    ("value", "message"),
    [(83.256, "83.26 % is below 85 %"), (84.9999, "84.9999 % is below 85 %"), (float("nan"), "nan % is below 85 %")],
)
def test_a_metric_under_its_bar_has_a_stable_name(value: float, message: str) -> None:
    metrics = (Metric(name="line coverage", value=value, unit="%", threshold=85), Metric(name="files", value=3))
    case = only(rendered(step("unit", "tests", status=Status.FAILED, metrics=metrics)))
    assert (case.get("name"), case.get("classname")) == ("line coverage", "metric.tests")
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == f"line coverage: {message}"


def test_a_metric_at_its_bar_passes() -> None:
    case = only(rendered(step("unit", "tests", metrics=(Metric(name="line coverage", value=85, threshold=85),))))
    assert case.find("failure") is None


@pytest.mark.parametrize(
    ("status", "cause", "tag", "kind"),
    [
        (Status.FAILED, Cause.NONE, "failure", "StepFailed"),
        (Status.ERROR, Cause.NONE, "error", "StepError"),
        (Status.ERROR, Cause.EMPTY, "error", "NothingChecked"),
        (Status.ERROR, Cause.TOOL, "error", "ToolMissing"),
        (Status.ERROR, Cause.PLUGIN, "error", "PluginFault"),
        (Status.FAILED, Cause.TIMEOUT, "error", "StepTimeout"),
        (Status.CANCELLED, Cause.INTERRUPTED, "error", "StepCancelled"),
    ],
)
def test_a_step_without_cases_is_one_case(status: Status, cause: Cause, tag: str, kind: str) -> None:
    run = step("up", "upload", status=status, cause=cause, reason="the reason", remedy="do this", tail="last words\n")
    case = only(rendered(run))
    assert (case.get("name"), case.get("classname"), case.get("time")) == ("up", "step.upload", "1.500")
    verdict = case.find(tag)
    assert verdict is not None
    assert (verdict.get("message"), verdict.get("type")) == ("the reason", kind)
    assert "do this" in (verdict.text or "")
    assert "last words" in (verdict.text or "")


def test_a_passed_step_shows_its_output() -> None:
    case = only(rendered(step("pack", "./my steps.py:Pack", tail="12 files\n")))
    assert (case.get("classname"), case.findtext("system-out")) == ("step._/my_steps_py_Pack", "12 files\n")


def test_a_timeout_is_said_beside_the_cases_that_ran() -> None:
    run = step("unit", "tests", status=Status.FAILED, cause=Cause.TIMEOUT, cases=(TestCase(name="ok", classname="c"),))
    root = rendered(run)
    assert [case.get("name") for case in root.iter("testcase")] == ["ok", "unit"]
    assert root.find("testsuite/testcase/error") is not None


def test_a_failed_step_whose_cases_all_passed_fails_nevertheless() -> None:
    root = rendered(
        step("unit", "tests", status=Status.FAILED, reason="exit 2", cases=(TestCase(name="ok", classname="c"),))
    )
    assert (root.get("tests"), root.get("failures")) == ("2", "1")


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.CANCELLED])
def test_what_never_started_is_skipped_in_both_forms(status: Status) -> None:
    skipped = only(rendered(step("up", status=status, reason="pack failed", started=None))).find("skipped")
    assert skipped is not None
    assert (skipped.get("message"), skipped.text) == ("pack failed", "pack failed")


def test_a_flaky_step_is_one_passing_case() -> None:
    earlier = (Attempt(result=StepResult(status=Status.FAILED, reason="exit 1"), seconds=2.0),)
    case = only(rendered(step(earlier=earlier)))
    assert case.find("failure") is None
    flaky = case.find("flakyFailure")
    assert flaky is not None
    assert (flaky.get("message"), flaky.findtext("stackTrace")) == ("exit 1", "exit 1")


def test_flaky_and_failing_tests_carry_their_earlier_failures() -> None:
    def attempt(*statuses: Status) -> StepResult:
        cases = tuple(
            TestCase(name=f"test_{n}", classname="c", status=status, message=f"m{n}" if status is Status.FAILED else "")
            for n, status in enumerate(statuses)
        )
        return StepResult(status=Status.FAILED, cases=cases)

    first = attempt(Status.FAILED, Status.FAILED, Status.PASSED)
    last = attempt(Status.PASSED, Status.FAILED, Status.PASSED)
    run = StepRun(id="unit", plugin="tests", result=last, started=0.0, earlier=(Attempt(result=first),))
    root = rendered(run)
    tags = [[child.tag for child in case] for case in root.iter("testcase")]
    assert tags == [["flakyFailure"], ["failure", "rerunFailure"], []]


def test_an_earlier_failure_that_no_case_tells_is_not_lost() -> None:
    gone = TestCase(name="import of tests.x", status=Status.ERROR, message="SyntaxError")
    first = StepResult(status=Status.FAILED, cases=(gone,), reason="1 error")
    last = StepResult(cases=(TestCase(name="test_a", classname="c"),))
    run = StepRun(id="unit", plugin="tests", result=last, started=0.0, earlier=(Attempt(result=first),))
    cases = list(rendered(run).iter("testcase"))
    assert [case.get("name") for case in cases] == ["test_a", "unit"]
    assert "SyntaxError" in (cases[1].findtext("flakyFailure/stackTrace") or "")


def test_problems_and_a_forced_end_are_never_a_green_file() -> None:
    root = rendered(step(), problems=("run.json: disk full",), ended_by=ExitCode.TERMINATED)
    errors = [error.get("message") for error in root.iter("error")]
    assert errors == ["run.json: disk full", "the run was ended: terminated (exit 143)"]


def test_a_run_without_steps_is_well_formed() -> None:
    assert rendered().get("tests") == "0"


def test_hostile_text_is_readable_afterwards() -> None:
    text = "\x1b[31mred\x1b[0m \x00 \ud800 \ufffe ]]> <&>\"' \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x1b end\r\nnext"
    clean = "red \ufffd \ufffd \ufffd ]]> <&>\"' link nd\nnext"
    run = step(text, text, status=Status.FAILED, reason=text, tail=text)
    case = only(rendered(run))
    failure = case.find("failure")
    assert case.get("name") == clean
    assert failure is not None
    assert failure.get("message") == clean
    assert (failure.text or "").startswith(clean)


def test_many_findings_are_quick_and_take_little_memory() -> None:
    findings = tuple(
        Finding(
            tool="pylint",
            rule=f"W{number % 40:04}",
            symbol="unused-thing",
            message=f"Unused import <os> & others {number}",
            path=f"src/pkg{number % 300}/mod.py",
            line=number % 999 + 1,
            column=4,
        )
        for number in range(50_000)
    )
    result = RunResult(pipeline="p", id="1", steps=(step("lint", "pylint", status=Status.FAILED, findings=findings),))
    began = time.process_time()
    data = junit.render(result)
    assert time.process_time() - began < 3
    assert sum(line.startswith(b" src/") or b"> src/" in line for line in data.splitlines()) == 50_000
    tracemalloc.start()
    junit.render(result)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * len(data)


def test_endless_captured_output_stays_under_gitlabs_limit() -> None:
    cases = tuple(
        TestCase(
            name=f"test_{n}",
            classname="c",
            status=Status.FAILED,
            message="m",
            details="d" * 300_000,
            stdout="o" * 100_000,
        )
        for n in range(200)
    )
    data = junit.render(
        RunResult(pipeline="p", id="1", steps=(step("unit", "tests", status=Status.FAILED, cases=cases),))
    )
    assert len(data) < 30_000_000
    assert len(ElementTree.fromstring(data).findall("testsuite/testcase/failure")) == 200
