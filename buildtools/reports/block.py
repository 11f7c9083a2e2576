"""What a console says about one step when it has ended: a pure function, shared by all consoles."""

from __future__ import annotations

from collections.abc import Iterator

from buildtools.core.model import Cause, Status
from buildtools.core.results import Finding, StepRun, TestCase
from buildtools.core.wording import count
from buildtools.reports.ansi import RESET, one_line, tame
from buildtools.reports.metrics import against_bar
from buildtools.reports.style import COLOURS, Style, duration, flags

_FINDINGS = 20
_CASES = 20
_DETAIL_LINES = 60


def block(run: StepRun, output: str, style: Style) -> str:
    """Return a step's block, ending in a newline: header, output, findings, failing tests, warnings, reason, remedy.

    `output` is as the step's programs wrote it; control characters are tamed here. Empty if it should not be shown.
    """
    if style.quiet:
        return ""
    lines = [header(run, style)]
    shown = tame(output, color=style.color).strip("\n")
    if shown.strip():
        colour = shown.rfind("\x1b")
        lines.append(shown + ("" if colour < 0 or shown.startswith(RESET, colour) else RESET))
    lines += finding_lines(run, style, limit=None if style.verbose else _FINDINGS)
    lines += case_lines(run, style, limit=None if style.verbose else _CASES)
    lines += _notes(run, style)
    # A step that has something to say stands apart from its neighbours.
    return "\n".join(lines) + ("\n\n" if len(lines) > 1 else "\n")


def header(run: StepRun, style: Style) -> str:
    """Return `✓ passed   lint  1.2 s`, with what else is to be known at a glance in brackets."""
    result = run.result
    status = result.status
    word = f"{style.symbol(status)} {status.value:<9}"
    parts = [style.paint(word, COLOURS[status]), style.paint(one_line(run.id), "bold")]
    if run.started is not None:
        parts.append(duration(run.seconds))
    notes = list(flags(run))
    if status is Status.SKIPPED and (result.cause is not Cause.WHEN or style.verbose):
        notes.append(one_line(result.reason))
    if style.verbose:
        notes.append(f"uses {one_line(run.plugin)}")
    notes = [note for note in notes if note]
    if notes:
        parts.append(style.paint(f"({', '.join(notes)})", "dim"))
    return "  ".join(parts)


def finding_lines(run: StepRun, style: Style, *, limit: int | None) -> Iterator[str]:
    """Yield a line for each finding, `limit` at most, then how many more there are and where."""
    findings = [one for one in run.result.findings if limit is None or not one.known]
    for finding in findings[:limit]:
        yield f"  {_finding(finding, style)}"
    yield from _more(len(findings), limit, "finding", style)
    if (known := len(run.result.findings) - len(findings)) and run.result.status is Status.FAILED:
        yield style.paint(f"  {style.dash} {count(known, 'known finding')}: -v shows them", "dim")


def _finding(finding: Finding, style: Style) -> str:
    symbol = f" ({one_line(finding.symbol)})" if finding.symbol else ""
    rule = style.paint(one_line(finding.rule), "yellow")
    words = [f"{one_line(finding.place)}:", rule, one_line(finding.message)]
    return " ".join(word for word in words if word) + style.paint(symbol, "dim")


def case_lines(run: StepRun, style: Style, *, limit: int | None, details: bool = True) -> Iterator[str]:
    """Yield the failing tests, `limit` at most, each with message and details, then how many more there are."""
    failing = [case for case in run.result.cases if case.status in (Status.FAILED, Status.ERROR)]
    for case in failing[:limit]:
        yield f"  {_case(case, style)}"
        said = tame(case.message, color=False).strip()
        if said:
            yield f"      {said if style.verbose else one_line(said)}"
        if details:
            yield from _details(case, style)
    yield from _more(len(failing), limit, "failing test", style)


def _case(case: TestCase, style: Style) -> str:
    name = "::".join(one_line(part) for part in (case.classname, case.name) if part)
    place = one_line(case.file) + (f":{case.line}" if case.line else "")
    return f"{style.paint(case.status.value, 'red')} {f'{place} ' if place else ''}{style.paint(name, 'bold')}"


def _details(case: TestCase, style: Style) -> Iterator[str]:
    lines = tame(case.details, color=False).strip("\n").splitlines()
    if len(lines) > _DETAIL_LINES and not style.verbose:
        # The end of a traceback says most.
        cut = len(lines) - _DETAIL_LINES
        lines = [*lines[:10], f"{style.dash} {count(cut, 'line')} left out", *lines[cut + 10 :]]
    yield from (f"      {line}".rstrip() for line in lines)


def _more(number: int, limit: int | None, noun: str, style: Style) -> Iterator[str]:
    if limit is not None and number > limit:
        where = f": see {style.junit}, or -v" if style.junit else ": -v shows them"
        yield style.paint(f"  {style.dash} {count(number - limit, f'more {noun}')}{where}", "dim")


def _notes(run: StepRun, style: Style) -> Iterator[str]:
    result = run.result
    missed = [metric for metric in result.metrics if metric.threshold is not None or style.verbose]
    for metric in missed:
        yield f"  {one_line(metric.name)}: {one_line(against_bar(metric))}"
    if style.verbose:
        for artifact in result.artifacts:
            yield f"  made {one_line(artifact.path)} ({count(artifact.size, 'byte')})"
    for warning in result.warnings:
        yield f"  {style.paint('warning:', 'yellow')} {one_line(warning)}"
    if result.status is not Status.SKIPPED:
        yield from cause_lines(run, style)


def cause_lines(run: StepRun, style: Style) -> Iterator[str]:
    """Yield why a step ended as it did and what to do about it."""
    for line in tame(run.result.reason, color=False).strip().splitlines():
        yield f"  {style.paint(line, COLOURS[run.result.status])}"
    for line in tame(run.result.remedy, color=False).strip().splitlines():
        yield f"  {line}"
