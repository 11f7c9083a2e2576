"""Whatever text is in a result or an event: reports can be read, and consoles do not raise."""

from __future__ import annotations

import io
import json
import re
from xml.etree import ElementTree

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from buildtools.core.errors import ExitCode
from buildtools.core.events import (
    AnyEvent,
    Output,
    PlannedStep,
    Progress,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
)
from buildtools.core.model import Cause, Severity, Status
from buildtools.core.results import Artifact, Attempt, Finding, Metric, RunResult, StepResult, StepRun, TestCase
from buildtools.reports import checkstyle, codequality, junit, markdown, parseable, run_json, sarif
from buildtools.reports.jsonl import JsonLines
from buildtools.reports.live import LiveConsole
from buildtools.reports.plain import PlainConsole
from buildtools.reports.style import Style
from tests.reports.test_junit import check
from tests.reports.test_sarif import check as check_sarif
from tests.support import junitform

BITS = (
    "\x1b[31m",
    "\x1b[2J",
    "\x1b]0;",
    "\x07",
    "\x00",
    "\ud800",
    "\ufffe",
    "]]>",
    "<",
    "&",
    "\r",
    "\n",
    "a",
    " (2)",
    "é",
    "漢",
)
# Shrinking values as big as these takes minutes.
quick = settings(deadline=None, database=None, phases=(Phase.generate,), suppress_health_check=(HealthCheck.too_slow,))
text = st.lists(st.sampled_from(BITS), max_size=6).map("".join) | st.text(
    st.characters(exclude_categories=()), max_size=8
)
number = st.floats(-10, 1e12) | st.sampled_from([float("nan"), float("inf"), 0.0])
count = st.integers(-3, 10**7)
status = st.sampled_from(Status)
finding = st.builds(
    Finding,
    tool=text,
    rule=text,
    message=text,
    path=text,
    line=count,
    column=count,
    symbol=text,
    severity=st.sampled_from(Severity),
)
case = st.builds(
    TestCase,
    name=text,
    classname=text,
    suite=text,
    status=status,
    seconds=number,
    type=text,
    message=text,
    details=text,
    file=text,
    line=count,
    stdout=text,
    stderr=text,
    attempts=st.just(()) | st.tuples(st.builds(TestCase, name=text, message=text, status=status)),
)
result = st.builds(
    StepResult,
    status=status,
    reason=text,
    cause=st.sampled_from(Cause),
    remedy=text,
    findings=st.lists(finding, max_size=3).map(tuple),
    cases=st.lists(case, max_size=3).map(tuple),
    metrics=st.lists(
        st.builds(Metric, name=text, value=number, unit=text, threshold=st.none() | number), max_size=2
    ).map(tuple),
    artifacts=st.lists(st.builds(Artifact, name=text, path=text, size=count), max_size=1).map(tuple),
    warnings=st.lists(text, max_size=2).map(tuple),
)
step_run = st.builds(
    StepRun,
    id=text,
    plugin=text,
    result=result,
    started=st.none() | number,
    seconds=number,
    earlier=st.lists(st.builds(Attempt, result=result, seconds=number), max_size=2).map(tuple),
    cached=st.booleans(),
    allowed=st.booleans(),
    log=text,
    tail=text,
)
run_result = st.builds(
    RunResult,
    pipeline=text,
    id=text,
    steps=st.lists(step_run, max_size=3).map(tuple),
    started=number,
    seconds=number,
    revision=text,
    ended_by=st.sampled_from([ExitCode.OK, ExitCode.FAULT, ExitCode.INTERRUPTED, ExitCode.TERMINATED]),
    problems=st.lists(text, max_size=2).map(tuple),
)
step_id = st.sampled_from(["a", "b", "\x1b[2J\ud800\n"])
event = st.one_of(
    st.builds(
        RunStarted,
        time=number,
        id=text,
        pipeline=text,
        root=text,
        folder=text,
        steps=st.lists(st.builds(PlannedStep, id=text, plugin=text), max_size=2).map(tuple),
    ),
    st.builds(StepStarted, time=number, step=step_id, attempt=count),
    st.builds(Output, time=number, step=step_id, text=text),
    st.builds(Progress, time=number, step=step_id, done=count, total=count, note=text),
    st.builds(StepFinished, time=number, run=step_run),
    st.builds(RunFinished, time=number, result=run_result),
)
# An escape that is no colour, or another control character than newline and tab, would wreck a log.
WRECKS = re.compile("\x1b(?!\\[[0-9;:]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")


@given(run_result)
@settings(quick, max_examples=80)
def test_junit_is_always_readable(run: RunResult) -> None:
    check(ElementTree.fromstring(junit.render(run)))


@given(run_result)
@settings(quick, max_examples=60)
def test_run_json_is_always_readable(run: RunResult) -> None:
    assert msgspec.json.decode(run_json.render(run))["exit_code"] == run.exit_code


@given(run_result)
@settings(quick, max_examples=40)
def test_every_flavour_of_junit_is_always_what_its_readers_take(run: RunResult) -> None:
    for flavour, forms in ((junit.XUNIT10, junitform.XUNIT10), (junit.ANT, junitform.ANT)):
        assert junitform.misfits(ElementTree.fromstring(junit.render(run, flavour=flavour)), forms) == []


@given(run_result)
@settings(quick, max_examples=40)
def test_reports_of_findings_are_always_readable(run: RunResult) -> None:
    findings = sum(len(step.result.findings) for step in run.steps)
    log = json.loads(sarif.render(run))
    check_sarif(log)
    told = sum(len(one["results"]) for one in log["runs"])
    assert told <= findings
    assert len(json.loads(codequality.render(run))) == told
    assert len(list(ElementTree.fromstring(checkstyle.render(run)).iter("error"))) == told
    assert parseable.render(run).count(b"\n") == told


@given(run_result)
@settings(quick, max_examples=40)
def test_markdown_is_always_readable(run: RunResult) -> None:
    written = markdown.render(run).decode()
    assert not WRECKS.search(written)
    assert "\x1b" not in written
    assert written.count("<details open>") == written.count("</details>")


@given(st.lists(event, max_size=8), st.booleans(), st.booleans(), st.sampled_from([-1, 0, 1]))
@settings(quick, max_examples=80)
def test_plain_never_raises_nor_wrecks_a_log(
    events: list[AnyEvent], color: bool, ascii_only: bool, verbosity: int
) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii" if ascii_only else "utf-8", newline="\n")
    console = PlainConsole(stream, style=Style(color=color, unicode=not ascii_only, verbosity=verbosity), clock=Ticks())
    for each in events:
        console.handle(each)
        console.tick()
    console.close()
    written = raw.getvalue().decode("ascii" if ascii_only else "utf-8")
    assert not WRECKS.search(written)
    assert color or "\x1b" not in written


@given(st.lists(event, max_size=8), st.booleans())
@settings(quick, max_examples=40)
def test_live_never_raises(events: list[AnyEvent], color: bool) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    console = LiveConsole(stream, style=Style(color=color, unicode=True), clock=Ticks())
    try:
        for each in events:
            console.handle(each)
            console._draw(5)  # what the drawing thread may ask for at any moment
    finally:
        console.close()


@given(st.lists(event, max_size=5))
@settings(quick, max_examples=60)
def test_json_lines_are_always_one_line_each(events: list[AnyEvent]) -> None:
    raw = io.BytesIO()
    sink = JsonLines(raw)
    for each in events:
        sink.handle(each)
    lines = raw.getvalue().splitlines()
    assert len(lines) == len(events)
    assert all("event" in msgspec.json.decode(line) for line in lines)


class Ticks:
    """A clock on which half a minute passes between any two looks."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 31.0
        return self.now
