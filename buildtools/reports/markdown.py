"""A finished run as a short text for people: GitHub's job summary, a comment on a merge request.

GitHub takes 1 MiB of it for each job step, and nothing of a longer one.
"""

from __future__ import annotations

from collections.abc import Iterator

from buildtools.core.model import Severity, Status
from buildtools.core.results import Finding, RunResult, StepRun, TestCase
from buildtools.core.wording import count, size
from buildtools.reports.closing import summary
from buildtools.reports.markdowntext import code, fenced, prose
from buildtools.reports.metrics import against_bar, held
from buildtools.reports.scene import ELSEWHERE, Scene
from buildtools.reports.style import Style, bad, duration, flags

LIMIT = 900_000
"""bytes"""
_STEPS = 1_000
_FINDINGS = 50
_CASES = 20
_DETAILED = 5
_LINES = 30
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_STYLE = Style(unicode=True)


def render(result: RunResult, scene: Scene = ELSEWHERE) -> bytes:
    """Return the run as Markdown of at most 900 KB: the verdict, a table of the steps, what failed and how."""
    verdict, _, rest = summary(result, _STYLE).partition("  ")
    blocks = [f"## {verdict}: {code(result.pipeline) or 'run'}", prose(rest)]
    blocks += ["\n".join(f"- problem: {prose(problem)}" for problem in result.problems[:_CASES])]
    blocks += [_table(result)]
    failures = [run for run in result.steps if bad(run)]
    if failures:
        sections = _fitting(("\n\n".join(_failure(run, scene)) for run in failures), LIMIT // 2)
        blocks += ["### Failures", *sections]
        if len(sections) < len(failures):
            blocks.append(f"{count(len(failures) - len(sections), 'more failure')}: see the other reports.")
    return "".join(f"{block}\n\n" for block in blocks if block).encode()


def _fitting(parts: Iterator[str], room: int) -> list[str]:
    """Return the first parts that have room in so many bytes; the rest is not even made."""
    taken: list[str] = []
    for part in parts:
        room -= len(part.encode()) + 2
        if room < 0:
            break
        taken.append(part)
    return taken


def _table(result: RunResult) -> str:
    steps = result.steps
    if len(steps) > _STEPS:
        steps = tuple(sorted(steps, key=lambda run: not bad(run)))[:_STEPS]
    rows = _fitting(map(_row, steps), LIMIT // 3)
    left_out = len(result.steps) - len(rows)
    if left_out:
        rows.append(f"| {count(left_out, 'more step')} | | | |")
    return "\n".join(("| step | result | time | |", "| --- | --- | ---: | --- |", *rows))


def _row(run: StepRun) -> str:
    status = run.result.status
    time = duration(run.seconds) if run.started is not None else ""
    notes = "; ".join(note for note in _notes(run) if note)
    return f"| {code(run.id)} | {_STYLE.symbol(status)} {status.value} | {time} | {notes} |"


def _notes(run: StepRun) -> Iterator[str]:
    result = run.result
    yield from flags(run)
    yield prose(result.reason, 150)
    for metric in result.metrics:
        if metric.threshold is not None:
            yield f"{prose(metric.name, 80)} {prose(against_bar(metric), 120)}"
    for artifact in result.artifacts[:_DETAILED]:
        yield f"made {code(artifact.path, 150)} ({size(artifact.size)})"
    for warning in result.warnings[:_DETAILED]:
        yield f"warning: {prose(warning, 150)}"


def _failure(run: StepRun, scene: Scene) -> Iterator[str]:
    """Yield the blocks of a step's section."""
    result = run.result
    yield f"<details open><summary>{code(run.id)} {result.status.value}: {prose(result.reason, 1_000)}</summary>"
    if result.remedy.strip():
        yield f"**What to do:** {prose(result.remedy, 1_000)}"
    for metric in result.metrics[:_CASES]:
        if not held(metric):
            yield f"- **{prose(metric.name, 80)}** {prose(against_bar(metric), 120)}"
    if new := tuple(one for one in result.findings if not one.known):
        yield "\n".join(_findings(new))
    failing = [case for case in result.cases if case.status in (Status.FAILED, Status.ERROR)]
    yield from _cases(failing)
    if run.tail.strip() and not result.findings and not failing:
        yield fenced(run.tail, lines=_LINES)
    yield f"{'Run it again' if run.needs else 'Run it alone'}: {code(scene.rerun(run.id), 1_000)}"
    yield "</details>"


def _findings(findings: tuple[Finding, ...]) -> Iterator[str]:
    gravest = sorted(findings, key=lambda finding: _RANK[finding.severity])
    yield "| place | rule | |"
    yield "| --- | --- | --- |"
    for finding in gravest[:_FINDINGS]:
        rule = code(" ".join(part for part in (finding.rule, finding.symbol) if part), 100)
        yield f"| {code(finding.place)} | {rule} | {prose(finding.message)} |"
    if len(findings) > _FINDINGS:
        yield f"| {count(len(findings) - _FINDINGS, 'more finding')} | | |"


def _cases(failing: list[TestCase]) -> Iterator[str]:
    for number, case in enumerate(failing[:_CASES]):
        place = code(f"{case.file}:{case.line}" if case.file and case.line > 0 else case.file)
        name = code("::".join(part for part in (case.classname, case.name) if part))
        words = (f"- **{case.status.value}**", place, name, prose(case.message))
        yield " ".join(word for word in words if word)
        if number < _DETAILED and case.details.strip():
            yield fenced(case.details, lines=_LINES)
    if len(failing) > _CASES:
        yield f"- … {count(len(failing) - _CASES, 'more failing test')}"
