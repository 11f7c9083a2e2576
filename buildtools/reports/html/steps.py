"""Each step with all that is known of it: those that failed are open, the others folded."""

from __future__ import annotations

from collections.abc import Iterator

from buildtools.core.model import Severity, Status
from buildtools.core.results import Finding, StepRun, TestCase
from buildtools.core.wording import count, size
from buildtools.reports.html import attempts, cases, findings, logs
from buildtools.reports.html.marks import status_mark
from buildtools.reports.html.markup import EMPTY, Html, element, joined, spaced
from buildtools.reports.html.part import part
from buildtools.reports.html.view import View
from buildtools.reports.metrics import against_bar, held, shown
from buildtools.reports.style import bad, duration, flags

_SHOWN = 5


def section(view: View) -> Html:
    """Return the section, empty for a run without steps."""
    steps = view.result.steps
    if not steps:
        return EMPTY
    return part(
        "Steps",
        count(len(steps), "step"),
        *(_step(view, run) for run in steps),
    )


def _step(view: View, run: StepRun) -> Html:
    status = run.result.status
    summary = element("summary", element("h3", spaced(status_mark(status), element("b", run.id))), _aside(run))
    inside = joined(_body(view, run)) or element("p", "It had nothing to say.", class_="note")
    return element(
        "article",
        element("details", summary, element("div", inside, class_="body"), open=bad(run)),
        id=view.anchors[run.id],
        class_=f"step is-{status.value}",
        data_step=run.id,
        data_status=status.value,
        data_flaky=run.flaky,
    )


def _aside(run: StepRun) -> Html:
    took = duration(run.seconds) if run.started is not None else "not started"
    marks = [element("span", flag, class_="flag") for flag in flags(run)]
    return element(
        "span",
        spaced(*marks, element("span", run.plugin, class_="plugin"), element("span", took, class_="took")),
        class_="aside",
    )


def _body(view: View, run: StepRun) -> Iterator[Html]:
    result = run.result
    if run.description:
        yield element("p", run.description, class_="description")
    if result.reason:
        yield element("p", result.reason, class_="reason")
    if result.remedy:
        yield element("p", result.remedy, class_="remedy")
    for warning in result.warnings:
        yield element("p", spaced(element("b", "Warning:"), warning), class_="warned")
    yield _findings(run)
    yield _tests(run)
    yield attempts.of_step(run)
    yield facts(run)
    yield logs.folded(view, run, bad=bad(run))
    if bad(run):
        yield command(view, run)


def command(view: View, run: StepRun) -> Html:
    """Return the command that runs a step again, to be copied."""
    # What it needs runs before it; to leave that out would be another question, asked of another tree.
    words = "Run it again" if run.needs else "Run it alone"
    code = element("pre", element("code", view.commands[run.id]), class_="command")
    return element("div", element("p", f"{words}:", class_="label"), code, class_="again")


def gravest(run: StepRun) -> tuple[Finding, ...]:
    """Return the findings: new ones before known ones, errors first, else in the step's order."""
    order = tuple(Severity)
    return tuple(sorted(run.result.findings, key=lambda finding: (finding.known, order.index(finding.severity))))


def failing(run: StepRun) -> tuple[TestCase, ...]:
    """Return the tests that failed or could not be made."""
    return tuple(case for case in run.result.cases if case.status in (Status.FAILED, Status.ERROR))


def _findings(run: StepRun) -> Html:
    found = run.result.findings
    if not found:
        return EMPTY
    rows = [_brief(finding) for finding in gravest(run)[:_SHOWN]]
    more = _more(run, len(found), "finding", "findings")
    return Html(element("h4", "Findings", class_="label") + element("ul", *rows, class_="brief") + more)


def _brief(finding: Finding) -> Html:
    words = spaced(
        element("code", finding.place or "–", class_="place"),
        findings.rule(finding),
        element("span", finding.message, class_="said"),
        findings.known(finding),
    )
    return element("li", words)


def _tests(run: StepRun) -> Html:
    broken = failing(run)
    if not broken:
        return EMPTY
    head = element("h4", "Failing tests", class_="label")
    rows = [
        element("li", spaced(status_mark(case.status), cases.folded(case, opened=True))) for case in broken[:_SHOWN]
    ]
    listed = element("ul", *rows, class_="failures")
    more = element("p", element("a", f"and {count(len(broken) - _SHOWN, 'more')}", href="#tests"), class_="note")
    return Html(head + listed + (more if len(broken) > _SHOWN else EMPTY))


def _more(run: StepRun, number: int, noun: str, part: str) -> Html:
    if number <= _SHOWN:
        return EMPTY
    words = f"and {count(number - _SHOWN, f'more {noun}')}"
    return element("p", element("a", words, href=f"#{part}", data_only=run.id), class_="note")


def facts(run: StepRun) -> Html:
    """Return what a step measured, made and handed on, as a list of terms; empty for nothing."""
    rows = [
        _fact(metric.name, against_bar(metric) if metric.threshold is not None else shown(metric), good=held(metric))
        for metric in run.result.metrics
    ]
    for artifact in run.result.artifacts:
        rows.append(_fact(artifact.name, f"{artifact.path}, {size(artifact.size)}" if artifact.size else artifact.path))
    told = {metric.name for metric in run.result.metrics} | {artifact.path for artifact in run.result.artifacts}
    rows += [_fact(name, value) for name, value in run.result.outputs.items() if value and not {name, value} & told]
    if run.needs:
        rows.append(_fact("needs", ", ".join(run.needs)))
    if run.tags:
        rows.append(_fact("tags", ", ".join(run.tags)))
    return element("dl", *rows, class_="facts") if rows else EMPTY


def _fact(name: str, value: str, *, good: bool = True) -> Html:
    return element("div", element("dt", name), element("dd", value, class_="" if good else "short"))
