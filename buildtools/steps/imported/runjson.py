"""Our own run.json: all steps of a run as one result."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from buildtools.core.errors import ExitCode
from buildtools.core.results import SCHEMA_VERSION, RunResult, StepRun
from buildtools.plugin import Finding, Severity, Status, StepResult, TestCase
from buildtools.steps.imported.imported import Imported, Unreadable, decoded

_BAD = (Status.FAILED, Status.ERROR)


def read(data: bytes) -> Imported:
    """Read what the steps of a run found. Raises `Unreadable`.

    Findings that closed no gate there are known. A step that closed it, of which neither a testcase nor a grave finding
    tells, is a testcase, and so is what went wrong outside of all steps.
    """
    run = read_run(data)
    result = StepResult(
        findings=tuple(finding for step in run.steps for finding in _findings(step)),
        cases=tuple(case for step in run.steps for case in _cases(step)) + tuple(_outside(run)),
        metrics=tuple(
            msgspec.structs.replace(metric, name=f"{step.id}: {metric.name}", threshold=None)
            for step in run.steps
            for metric in step.result.metrics
        ),
        coverage=tuple(file for step in run.steps for file in step.result.coverage),
    )
    return Imported(result=result, nothing=not run.steps)


def read_run(data: bytes) -> RunResult:
    """Read the run itself. Raises `Unreadable`."""
    run = decoded(data, RunResult)
    if run.schema_version != SCHEMA_VERSION:
        raise Unreadable(f"has the schema version {run.schema_version}, which this buildtools does not know")
    return run


def _findings(step: StepRun) -> Iterator[Finding]:
    for finding in step.result.findings:
        passed = step.exit_code is ExitCode.OK
        yield msgspec.structs.replace(finding, known=True) if passed and not finding.known else finding


def _cases(step: StepRun) -> Iterator[TestCase]:
    result = step.result
    yield from result.cases
    if step.exit_code is ExitCode.OK or any(case.status in _BAD for case in result.cases):
        return
    if not any(finding.severity is Severity.ERROR and not finding.known for finding in result.findings):
        yield TestCase(
            name=step.id,
            classname=f"step.{step.plugin}",
            status=Status.FAILED if result.status is Status.FAILED else Status.ERROR,
            seconds=step.seconds,
            message=result.reason or result.cause.value or result.status.value,
            details=step.tail,
        )


def _outside(run: RunResult) -> Iterator[TestCase]:
    told = list(run.problems)
    if run.ended_by is not ExitCode.OK:
        told.append(f"the run was ended: {run.ended_by.name.lower()}")
    for message in told:
        yield TestCase(name="run", classname="buildtools.run", status=Status.ERROR, message=message)
