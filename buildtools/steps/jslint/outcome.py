"""From verdicts to the step's result; pure."""

from __future__ import annotations

from collections.abc import Sequence

from buildtools.core.wording import count
from buildtools.plugin import FROM_CACHE, Finding, Metric, Severity, Status, StepResult, TestCase, fingerprinted
from buildtools.steps.jslint.protocol import TOOL, Verdict


def result(verdicts: Sequence[tuple[str, Verdict]], *, max_warnings: int = 0, known: int | None = None) -> StepResult:
    """Return the result for all files, given as paths and verdicts; `known` is how many are from the cache.

    Failed if there are more than `max_warnings` findings, or any file could not be linted to its end.
    """
    findings = fingerprinted(finding for _, verdict in verdicts for finding in verdict.findings)
    incomplete = [path for path, verdict in verdicts if not verdict.complete]
    bad = sum(1 for _, verdict in verdicts if verdict.findings)
    reason = ""
    if findings:
        reason = f"{count(len(findings), 'finding')} in {bad} of {count(len(verdicts), 'file')}"
    if incomplete:
        some = ", ".join(incomplete[:3]) + (", …" if len(incomplete) > 3 else "")
        reason += f"; not linted to the end: {some}"
    return StepResult(
        status=Status.FAILED if closes(findings, max_warnings) else Status.PASSED,
        reason=reason,
        findings=findings,
        cases=tuple(
            TestCase(name=TOOL, file=path, seconds=round(verdict.seconds, 6))
            for path, verdict in verdicts
            if not verdict.findings
        ),
        metrics=(
            Metric(name="files checked", value=len(verdicts)),
            Metric(name="findings", value=len(findings)),
            *((Metric(name=FROM_CACHE, value=known),) if known is not None else ()),
        ),
    )


def closes(findings: Sequence[Finding], max_warnings: int) -> bool:
    """Whether so many findings, or such grave ones, close the gate."""
    return len(findings) > max_warnings or any(finding.severity is Severity.ERROR for finding in findings)
