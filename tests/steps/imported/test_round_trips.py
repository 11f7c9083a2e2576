"""Our own reports, read again: the same findings and cases, as far as each form holds them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from buildtools.core.model import Severity, Status
from buildtools.core.results import Finding, RunResult, StepResult, StepRun, TestCase
from buildtools.reports.findings import all_findings
from buildtools.reports.kinds import RENDERERS
from buildtools.reports.scene import ELSEWHERE
from buildtools.reports.testcases import suites
from buildtools.reports.xmltext import clean
from buildtools.steps.imported.forms import read
from tests.support.runs import endless_line, every_outcome, hostile, large

RUNS = {
    "every": every_outcome(),
    "hostile": hostile(),
    "large": large(1_500, 600),
    "endless": endless_line(300_000),
}


def out(run: RunResult, kind: str) -> bytes:
    return RENDERERS[kind](run, ELSEWHERE)


def again(run: RunResult, kind: str) -> StepResult:
    return read(out(run, kind), "auto", "x").result


def written(run: RunResult) -> list[Finding]:
    """The findings as every report of findings has them."""
    return list(all_findings(run, ELSEWHERE))


def bare(case: TestCase) -> TestCase:
    """What JUnit holds of a testcase: not the default types; and texts that are long, cut short."""
    shown = {name: clean(getattr(case, name))[:300] for name in ("message", "file")}
    return replace(case, type="", details="", stdout="", stderr="", attempts=(), line=max(case.line, 0), **shown)


def nowhere(case: TestCase) -> TestCase:
    return replace(case, suite="", attempts=tuple(replace(one, suite="") for one in case.attempts))


@pytest.mark.parametrize("name", RUNS)
def test_sarif(name: str) -> None:
    def held(finding: Finding) -> Finding:
        rule = finding.rule or finding.symbol or finding.tool
        symbol = finding.symbol if finding.symbol != rule else ""
        return replace(finding, rule=rule, symbol=symbol, fingerprint="", column=0, end_line=0, end_column=0)

    run = RUNS[name]
    by_tool: dict[str, list[Finding]] = {}
    for finding in written(run):
        by_tool.setdefault(finding.tool, []).append(held(finding))
    found = again(run, "sarif").findings
    if name == "hostile":  # the parts of a URI that are no UTF-8
        assert len(found) == sum(map(len, by_tool.values()))
        return
    first: dict[tuple[str, str], str] = {}
    expected = [one for ones in by_tool.values() for one in ones]
    for one in expected:  # a rule has one name, that of its first finding
        first.setdefault((one.tool, one.rule), one.symbol)
    expected = [replace(one, symbol=first[one.tool, one.rule]) for one in expected]
    tools = list(dict.fromkeys(one.tool for one in found))
    assert [held(one) for one in found] == sorted(expected, key=lambda one: tools.index(one.tool))


@pytest.mark.parametrize("name", RUNS)
def test_checkstyle(name: str) -> None:
    def key(finding: Finding) -> tuple[object, ...]:
        return finding.path, finding.line, finding.column, finding.severity, finding.message

    run = RUNS[name]
    by_path: dict[str, list[Finding]] = {}
    for finding in written(run):
        by_path.setdefault(clean(finding.path), []).append(finding)
    expected = [replace(one, path=path) for path, ones in by_path.items() for one in ones]
    found = again(run, "checkstyle").findings
    assert [key(one) for one in found] == [key(one) for one in expected]
    if name != "hostile":  # whose tools' and rules' names hold dots
        assert [(one.tool, one.rule) for one in found] == [
            (one.tool, one.rule or one.symbol or one.tool) for one in expected
        ]


@pytest.mark.parametrize("name", RUNS)
def test_codequality(name: str) -> None:
    found = again(RUNS[name], "codequality").findings
    assert [(one.path, one.line, one.severity, one.message) for one in found] == [
        (clean(one.path), one.line, one.severity, one.message) for one in written(RUNS[name])
    ]
    if name != "hostile":
        assert [(one.tool, one.rule) for one in found if one.tool != "codequality"] == [
            (one.tool, one.rule) for one in written(RUNS[name]) if one.rule
        ]


def test_parseable() -> None:
    for name in ("every", "large"):
        found = again(RUNS[name], "parseable").findings
        assert [(one.path, one.line, one.message) for one in found] == [
            (one.path, one.line, " ".join(one.message.split())) for one in written(RUNS[name])
        ]
    pylints = [one for one in again(RUNS["large"], "parseable").findings if one.tool == "pylint"]
    assert [(one.rule, one.symbol) for one in pylints] == [(one.rule, one.symbol) for one in written(RUNS["large"])]


@pytest.mark.parametrize("kind", ["junit", "junit:xunit10", "junit:ant"])
@pytest.mark.parametrize("name", RUNS)
def test_junit(name: str, kind: str) -> None:
    run = RUNS[name]
    expected = [entry.case for suite in suites(run) for entry in suite.entries]
    found = again(run, kind).cases
    assert len(found) == len(expected)
    for one, case in zip(found, expected, strict=True):
        assert one.status is (Status.ERROR if case.status is Status.CANCELLED else case.status)
        if name in ("every", "large"):
            assert one.seconds == pytest.approx(case.seconds, abs=0.001)
            known = bare(replace(case, status=one.status, seconds=one.seconds))
            if kind != "junit":
                known = replace(known, file="", line=0)
            if kind == "junit:ant":
                known = replace(known, classname=one.classname)
            if not case.message:
                known = replace(known, message=one.message[:300])
            assert bare(one) == known
            if kind != "junit:ant" and case.status is not Status.CANCELLED:
                assert [attempt.message for attempt in one.attempts] == [a.message for a in case.attempts]
            if kind == "junit" and case.status is Status.FAILED and case.details:
                assert one.details == case.details.strip("\n")


def test_junit_out_of_what_was_read_is_the_same() -> None:
    """As often as you like."""
    result = again(RUNS["every"], "junit")
    run = RunResult(pipeline="p", id="i", steps=(StepRun(id="s", plugin="report", result=result, started=0.0),))
    once = again(run, "junit").cases
    assert {case.suite for case in once} == {f"s: {case.suite}" for case in result.cases}
    assert [nowhere(case) for case in once] == [nowhere(case) for case in result.cases]


def test_run_json() -> None:
    run = RUNS["every"]
    result = again(run, "json")
    own = [finding for step in run.steps for finding in step.result.findings]
    assert [replace(one, known=False) for one in result.findings] == own
    told = next(step for step in run.steps if step.id == "told")
    assert [one.known for one in result.findings] == [
        one in told.result.findings and n >= 7 for n, one in enumerate(own)
    ]
    cases = [case for step in run.steps for case in step.result.cases]
    assert [case for case in result.cases if not case.classname.startswith(("step.", "buildtools."))] == cases
    added = {case.name: case.status for case in result.cases if case.classname.startswith(("step.", "buildtools."))}
    bad = {
        step.id
        for step in run.steps
        if step.exit_code
        and not any(case.status in (Status.FAILED, Status.ERROR) for case in step.result.cases)
        and not any(finding.severity is Severity.ERROR for finding in step.result.findings)
    }
    assert set(added) == {*bad, "run"}
    assert added["shell"] is Status.FAILED
    assert added["upload"] is Status.ERROR
