"""What the reports of a step come to together; pure, but for the function that finds paths."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec

from buildtools.core.wording import count
from buildtools.plugin import (
    Cause,
    CoveredFile,
    Finding,
    Metric,
    Severity,
    Status,
    StepResult,
    TestCase,
    fingerprinted,
)
from buildtools.steps.imported.hits import joined
from buildtools.steps.imported.imported import Imported

_BAD = (Status.FAILED, Status.ERROR)
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_LARGEST = 2**31
COVERAGE = "coverage"


def located(imported: Imported, locate: Callable[[str], str]) -> StepResult:
    """Return what was read with the paths of the project, and 0 for numbers that are no place in a file."""
    result = imported.result
    return msgspec.structs.replace(
        result,
        findings=tuple(_placed(finding, locate) for finding in result.findings),
        cases=tuple(
            msgspec.structs.replace(case, file=locate(case.file)) if case.file else case for case in result.cases
        ),
        coverage=tuple(msgspec.structs.replace(file, path=locate(file.path)) for file in result.coverage),
    )


def together(results: Iterable[StepResult]) -> StepResult:
    """Return several results as one without a verdict; files that several have measured count once."""
    found = list(results)
    metrics: dict[str, Metric] = {}
    for metric in (metric for result in found for metric in result.metrics):
        name, number = metric.name, 1
        while name in metrics:
            number += 1
            name = f"{metric.name} ({number})"
        metrics[name] = msgspec.structs.replace(metric, name=name)
    findings = fingerprinted(finding for result in found for finding in result.findings)
    cases = tuple(case for result in found for case in result.cases)
    coverage = joined(file for result in found for file in result.coverage)
    measured = (*metrics.values(), *_percentages(coverage))
    if findings or not (cases or coverage):
        measured = (*measured, Metric(name="findings", value=float(len(findings))))
    return StepResult(
        findings=findings,
        cases=cases,
        coverage=coverage,
        metrics=measured,
        outputs={"findings": str(len(findings)), "tests": str(len(cases))},
    )


def barred(result: StepResult, fail_under: float | None) -> StepResult:
    """Return the result with the coverage held against a bar."""
    metrics = (
        msgspec.structs.replace(metric, threshold=fail_under) if metric.name == COVERAGE else metric
        for metric in result.metrics
    )
    return msgspec.structs.replace(result, metrics=tuple(metrics))


def found(findings: tuple[Finding, ...]) -> str:
    """Return how many findings there are, and how grave: `2 errors, 1 note in 2 files`."""
    numbers = Counter(finding.severity for finding in findings)
    parts = ", ".join(count(numbers[level], noun) for level, noun in _NOUNS.items() if numbers[level])
    return f"{parts} in {count(len({finding.path for finding in findings}), 'file')}" if parts else ""


def beside(result: StepResult) -> tuple[str, ...]:
    """Return what closes the gate besides findings: tests, and bars that were missed."""
    return tuple(_reasons(result))


def skipped_all(cases: tuple[TestCase, ...]) -> bool:
    """Whether there are testcases, and every one of them was skipped."""
    return bool(cases) and all(case.status is Status.SKIPPED and case.type != "xfail" for case in cases)


def empty(reason: str) -> StepResult:
    """Return the result of reports in which nothing is."""
    remedy = "See that the tool is given something to check; if nothing is right, say `allow-empty: true`."
    return StepResult(status=Status.ERROR, cause=Cause.EMPTY, reason=reason, remedy=remedy)


def _reasons(result: StepResult) -> Iterator[str]:
    bad = sum(case.status in _BAD for case in result.cases)
    if bad:
        yield f"{bad:,} of {count(len(result.cases), 'test')} failed"
    for metric in result.metrics:
        if metric.threshold is not None and not metric.value >= metric.threshold:
            yield f"{metric.name} is {metric.value:g} {metric.unit}, under {metric.threshold:g} {metric.unit}"


def _percentages(files: tuple[CoveredFile, ...]) -> Iterator[Metric]:
    lines, covered = sum(file.lines for file in files), sum(file.covered_lines for file in files)
    branches, taken = sum(file.branches for file in files), sum(file.covered_branches for file in files)
    if lines:
        yield Metric(name=COVERAGE, value=_percent(covered + taken, lines + branches), unit="%")
        yield Metric(name="line coverage", value=_percent(covered, lines), unit="%")
        if branches:
            yield Metric(name="branch coverage", value=_percent(taken, branches), unit="%")
        yield Metric(name="lines covered", value=float(covered))
        yield Metric(name="lines", value=float(lines))


def _percent(part: int, whole: int) -> float:
    # Rounded down: 99.999 is not 100.
    return math.floor(part / whole * 10_000 + 1e-6) / 100


def _placed(finding: Finding, locate: Callable[[str], str]) -> Finding:
    names = ("line", "column", "end_line", "end_column")
    numbers = {name: getattr(finding, name) for name in names}
    return msgspec.structs.replace(
        finding,
        path=locate(finding.path) if finding.path else ".",
        **{name: number if 0 < number < _LARGEST else 0 for name, number in numbers.items()},
    )
