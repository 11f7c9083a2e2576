"""What a console says last: the failures once more, then one line about the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from buildtools.core.errors import ExitCode
from buildtools.core.model import Status
from buildtools.core.results import RunResult, StepRun
from buildtools.core.wording import count
from buildtools.reports.ansi import one_line, tame
from buildtools.reports.block import case_lines, cause_lines, finding_lines, header
from buildtools.reports.style import Style, bad, duration

_SHOWN = 5
_LAST_LINES = 10

_VERDICTS = {
    ExitCode.OK: ("PASSED", "green", ""),
    ExitCode.FAILED: ("FAILED", "red", "the gate is closed"),
    ExitCode.EMPTY: ("EMPTY", "red", "nothing was checked"),
    ExitCode.ERROR: ("ERROR", "magenta", "a step or a report could not be made"),
    ExitCode.FAULT: ("FAULT", "magenta", "a fault in buildtools itself"),
    ExitCode.INTERRUPTED: ("INTERRUPTED", "yellow", "interrupted"),
    ExitCode.TERMINATED: ("TERMINATED", "yellow", "terminated"),
}


def verdict(code: ExitCode) -> tuple[str, str, str]:
    """Return how a run ended, by its exit code: a word, its colour, and what it means (empty for a run that passed)."""
    return _VERDICTS.get(code, (code.name, "red", ""))


def closing(result: RunResult, style: Style) -> str:
    """Return the last words about a run, ending in a newline: failures in file order, problems, the summary line."""
    lines: list[str] = []
    failures = [run for run in result.steps if bad(run)]
    if failures and not style.quiet:
        lines += ["", style.paint("Failures", "bold")]
    for run in failures:
        lines += _failure(run, style)
    lines += [f"{style.paint('problem:', 'red')} {one_line(problem)}" for problem in result.problems]
    if not style.quiet or len(lines) > 0:
        lines.append("")
    lines.append(summary(result, style))
    return "\n".join(lines) + "\n"


def summary(result: RunResult, style: Style) -> str:
    """Return `FAILED  3 passed, 1 failed, 2 skipped in 12.3 s: the gate is closed (exit 1)`."""
    code = result.exit_code
    word, colour, meaning = verdict(code)
    counts = Counter(run.result.status for run in result.steps)
    parts = [_counted(counts[status], status) for status in Status if counts[status]]
    parts += [f"{number} {name}" for name, number in _flags(result) if number]
    tail = f": {meaning} (exit {int(code)})" if meaning else ""
    return f"{style.paint(word, colour)}  {', '.join(parts) or 'no steps'} in {duration(result.seconds)}{tail}"


def _counted(number: int, status: Status) -> str:
    return count(number, "error") if status is Status.ERROR else f"{number} {status.value}"


def _flags(result: RunResult) -> Iterator[tuple[str, int]]:
    yield "flaky", sum(run.flaky for run in result.steps)
    yield "cached", sum(run.cached for run in result.steps)
    yield (
        "allowed to fail",
        sum(run.allowed and run.result.status in (Status.FAILED, Status.ERROR) for run in result.steps),
    )


def _failure(run: StepRun, style: Style) -> Iterator[str]:
    yield header(run, style)
    yield from cause_lines(run, style)
    yield from finding_lines(run, style, limit=_SHOWN)
    yield from case_lines(run, style, limit=_SHOWN, details=style.quiet)
    if not run.result.findings and not run.result.cases:
        lines = [line for line in tame(run.tail, color=False).splitlines() if line.strip()]
        yield from (style.paint(f"  | {line}", "dim") for line in lines[-_LAST_LINES:])
    # What it needs runs before it; to leave that out would be another question, asked of another tree.
    label = "run it again" if run.needs else "run it alone"
    yield f"  {label}: {style.paint(one_line(style.rerun(run.id)), 'cyan')}"
