"""From a tool's report to the step's result; pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from buildtools.core.wording import count
from buildtools.plugin import Cause, Finding, Metric, Severity, Status, StepResult, TestCase, fingerprinted
from buildtools.steps.linters.report import Report

_RANK = (Severity.INFO, Severity.WARNING, Severity.ERROR)
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_LARGEST = 2**31


class Bar(msgspec.Struct, frozen=True):
    """What closes the gate: errors always; of the others, more than `most` that are at least as grave as `least`."""

    least: Severity = Severity.WARNING
    most: int = 0

    def closes(self, findings: tuple[Finding, ...]) -> bool:
        """Whether these findings close the gate."""
        if any(finding.severity is Severity.ERROR for finding in findings):
            return True
        counted = [finding for finding in findings if _RANK.index(finding.severity) >= _RANK.index(self.least)]
        return len(counted) > self.most


def result(tool: str, report: Report, bar: Bar, locate: Callable[[str], str]) -> StepResult:
    """Return the result for a report; `locate` makes the tool's paths the paths of results."""
    if report.empty and not report.findings:
        remedy = "Correct `paths`, or what its configuration leaves out, or say `allow-empty: true`."
        reason = f"{tool} found no file to check"
        return StepResult(status=Status.ERROR, cause=Cause.EMPTY, reason=reason, remedy=remedy)
    findings = fingerprinted(_clean(finding, locate) for finding in report.findings)
    files = tuple(dict.fromkeys(map(locate, report.files)))
    bad = {finding.path for finding in findings}
    checked = len(files) or report.checked
    metrics = () if checked is None else (Metric(name="files checked", value=float(checked)),)
    return StepResult(
        status=Status.FAILED if bar.closes(findings) else Status.PASSED,
        reason=_reason(findings, len(bad), checked),
        findings=findings,
        warnings=report.warnings,
        cases=tuple(TestCase(name=tool, file=path) for path in files if path not in bad),
        metrics=(*metrics, Metric(name="findings", value=float(len(findings)))),
    )


def _reason(findings: tuple[Finding, ...], bad: int, checked: int | None) -> str:
    if not findings:
        return ""
    numbers = {noun: sum(finding.severity is level for finding in findings) for level, noun in _NOUNS.items()}
    parts = ", ".join(count(number, noun) for noun, number in numbers.items() if number)
    # A file that could not be checked has its finding, but is not counted by every tool.
    if checked is None or checked < bad:
        return f"{parts} in {count(bad, 'file')}"
    return f"{parts} in {bad} of {count(checked, 'file')}"


def _clean(finding: Finding, locate: Callable[[str], str]) -> Finding:
    """Return the finding with its path located (`.` for none), and 0 for numbers that are no place in a file."""
    names = ("line", "column", "end_line", "end_column")
    numbers = {name: getattr(finding, name) for name in names}
    return msgspec.structs.replace(
        finding,
        path=locate(finding.path) if finding.path else ".",
        **{name: number if 0 < number < _LARGEST else 0 for name, number in numbers.items()},
    )
