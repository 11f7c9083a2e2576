"""TeamCity's build log: each step's tests, inspections, problems, statistics and artifacts, in a flow of its own.

Everything that is written is a service message, also the output of the steps' own programs: so nothing of theirs can be
taken for a message of ours, whatever it is.
"""

from __future__ import annotations

import math
import posixpath
from collections.abc import Iterator

from buildtools.core.events import AnyEvent, RunFinished, RunStarted, StepFinished, StepStarted
from buildtools.core.model import Severity, Status
from buildtools.core.results import Finding, Metric, RunResult, StepRun, TestCase
from buildtools.reports.closing import summary
from buildtools.reports.servicemessages import identity, message, single
from buildtools.reports.style import Style, bad
from buildtools.reports.xmltext import excerpt

_DESCRIPTION = 4_000
_NAME = 255
_DETAILS = 64_000
_LINE = 16_000
_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "WEAK WARNING"}
_COVERED = {"lines covered": "CodeCoverageAbsLCovered", "lines": "CodeCoverageAbsLTotal"}


class TeamCity:
    """A console's text as service messages; `prefix` leads from the checkout's top to the project, or is empty."""

    def __init__(self, *, prefix: str = "") -> None:
        self._prefix = prefix
        self._root = ""
        self._rules: set[str] = set()
        self._covered: dict[str, float] = {}

    def event(self, event: AnyEvent, text: str) -> str:
        """Return the messages of an event, as `Dress` says."""
        return "".join(self._messages(event, text))

    def note(self, text: str) -> str:
        """Return a word between the events as a message."""
        return "".join(_logged(text))

    def _messages(self, event: AnyEvent, text: str) -> Iterator[str]:
        match event:
            case StepStarted():
                yield single("progressMessage", f"step {event.step}")
            case StepFinished():
                yield from self._step(event.run, text)
            case RunFinished():
                yield from self._run(event.result, text)
            case RunStarted():
                self._root = event.root
                yield from _logged(text)
            case _:
                yield from _logged(text)

    def _step(self, run: StepRun, text: str) -> Iterator[str]:
        flow = run.id
        yield message("flowStarted", flowId=flow)
        yield message("blockOpened", name=run.id, description=run.description, flowId=flow)
        yield from _logged(text, flow)
        yield from self._inspections(run, flow)
        yield from _tests(run, flow)
        for metric in run.result.metrics:
            yield from self._statistic(run, metric)
        for warning in run.result.warnings:
            yield message("message", text=excerpt(f"{run.id}: {warning}", _LINE), status="WARNING", flowId=flow)
        for artifact in run.result.artifacts:
            yield single("publishArtifacts", posixpath.join(self._root, artifact.path))
        if bad(run) and not run.allowed:
            reason = run.result.reason or run.result.status.value
            told = excerpt(f"{run.id}: {reason}", _DESCRIPTION - 100)
            yield message("buildProblem", description=told, identity=identity(run.id), flowId=flow)
        yield message("blockClosed", name=run.id, flowId=flow)
        yield message("flowFinished", flowId=flow)

    def _inspections(self, run: StepRun, flow: str) -> Iterator[str]:
        for finding in run.result.findings:
            rule = f"{finding.tool}:{finding.rule}"[:_NAME]
            if rule not in self._rules:
                self._rules.add(rule)
                name = f"{finding.rule} {finding.symbol}".strip() or finding.tool
                told = f"{finding.tool} {name}"
                yield message(
                    "inspectionType", id=rule, name=name[:_NAME], category=finding.tool, description=told, flowId=flow
                )
            yield self._inspection(finding, rule, flow)

    def _inspection(self, finding: Finding, rule: str, flow: str) -> str:
        return message(
            "inspection",
            typeId=rule,
            message=excerpt(finding.message, _DESCRIPTION - 100) or rule,
            file=self._prefix + (finding.path or "."),
            line=str(max(finding.line, 1)),
            SEVERITY=_SEVERITIES[finding.severity],
            flowId=flow,
        )

    def _statistic(self, run: StepRun, metric: Metric) -> Iterator[str]:
        if not math.isfinite(metric.value):
            return
        if metric.name in _COVERED:
            key = _COVERED[metric.name]
            self._covered[key] = self._covered.get(key, 0) + metric.value
            return
        yield message("buildStatisticValue", key=f"{run.id}: {metric.name}", value=_number(metric.value))

    def _run(self, result: RunResult, text: str) -> Iterator[str]:
        for key, value in self._covered.items():
            yield message("buildStatisticValue", key=key, value=_number(value))
        yield from _logged(text)
        for problem in result.problems:
            yield message(
                "buildProblem", description=excerpt(problem, _DESCRIPTION - 100), identity=identity(f"run {problem}")
            )
        words = summary(result, Style())
        if result.exit_code and not any(bad(run) and not run.allowed for run in result.steps):
            yield message("buildProblem", description=words, identity=identity("run"))
        yield message("buildStatus", text=f"{{build.status.text}}; {words}")


def _logged(text: str, flow: str = "") -> Iterator[str]:
    for line in text.split("\n"):
        if line.strip():
            yield message("message", text=excerpt(line, _LINE), flowId=flow)


def _tests(run: StepRun, flow: str) -> Iterator[str]:
    """Yield the messages of a step's testcases, suite by suite; whole files of a linter are none."""
    suites: dict[str, list[TestCase]] = {}
    for case in run.result.cases:
        if case.classname or case.suite or case.status is not Status.PASSED:
            suites.setdefault(f"{run.id}: {case.suite}" if case.suite else run.id, []).append(case)
    for suite, cases in suites.items():
        yield message("testSuiteStarted", name=suite, flowId=flow)
        if any(case.attempts for case in cases):
            # Of a test that ran several times, its last run counts.
            yield message("testRetrySupport", enabled="true", flowId=flow)
        for case in cases:
            name = ".".join(part for part in (case.classname, case.name) if part)
            for one in (*case.attempts, case):
                yield from _test(one, name, flow)
        yield message("testSuiteFinished", name=suite, flowId=flow)


def _test(case: TestCase, name: str, flow: str) -> Iterator[str]:
    if case.status is Status.SKIPPED:
        yield message("testIgnored", name=name, message=excerpt(case.message, _DESCRIPTION), flowId=flow)
        return
    yield message("testStarted", name=name, captureStandardOutput="false", flowId=flow)
    for kind, text in (("testStdOut", case.stdout), ("testStdErr", case.stderr)):
        if text:
            yield message(kind, name=name, out=excerpt(text, _DETAILS), flowId=flow)
    if case.status is not Status.PASSED:
        told = excerpt(case.message, _DESCRIPTION) or case.status.value
        yield message("testFailed", name=name, message=told, details=excerpt(case.details, _DETAILS), flowId=flow)
    if case.file:
        place = f"{case.file}:{case.line}" if case.line else case.file
        yield message("testMetadata", testName=name, name="file", value=place, flowId=flow)
    yield message("testFinished", name=name, duration=str(max(round(case.seconds * 1000), 0)), flowId=flow)


def _number(value: float) -> str:
    """Return a statistic's value: TeamCity takes 13 digits before the point and 6 behind it."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
