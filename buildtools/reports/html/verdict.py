"""What one wants to know first: how the run ended, what failed first, and how to see it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from buildtools.core.errors import ExitCode
from buildtools.core.model import Status
from buildtools.core.results import RunResult, StepRun
from buildtools.core.wording import count
from buildtools.reports.closing import verdict
from buildtools.reports.html import cases, findings
from buildtools.reports.html.colours import coloured
from buildtools.reports.html.marks import shape, status_mark
from buildtools.reports.html.markup import EMPTY, Html, element, joined, spaced
from buildtools.reports.html.steps import command, failing, gravest
from buildtools.reports.html.view import View
from buildtools.reports.style import bad, duration

_LAST_LINES = 12
_SHAPES = {
    ExitCode.OK: "passed",
    ExitCode.FAILED: "failed",
    ExitCode.EMPTY: "error",
    ExitCode.INTERRUPTED: "cancelled",
    ExitCode.TERMINATED: "cancelled",
}


def mark(result: RunResult) -> str:
    """Return the name of the shape that says how the run ended."""
    return _SHAPES.get(result.exit_code, "error")


def masthead(view: View) -> Html:
    """Return the name of the pipeline and the facts about the run."""
    return element(
        "header",
        element("p", "buildtools report", class_="kind"),
        element("h1", view.result.pipeline),
        element("dl", *_facts(view), class_="run"),
        class_="masthead",
    )


def _facts(view: View) -> Iterator[Html]:
    result = view.result
    file = view.scene.pipeline_file(result.file) if result.file not in ("", ".") else ""
    try:
        began = datetime.fromtimestamp(result.started, UTC)
        if result.started:
            shown = element(
                "time", began.strftime("%Y-%m-%d %H:%M:%S UTC"), datetime=began.isoformat(timespec="seconds")
            )
            yield _fact("Started", shown)
    except (OverflowError, ValueError, OSError):
        pass
    yield _fact("Took", duration(result.seconds))
    for name, value in (("Revision", result.revision[:12]), ("Run", result.id), ("File", file)):
        if value:
            yield _fact(name, element("code", value))


def _fact(name: str, value: str) -> Html:
    return element("div", element("dt", name), " ", element("dd", value))


def section(view: View) -> Html:
    """Return the verdict, with the first failure if there is one."""
    result = view.result
    word, _, meaning = verdict(result.exit_code)
    code = int(result.exit_code)
    words = f"{meaning[:1].upper()}{meaning[1:]} (exit {code})." if meaning else "The gate is open."
    return element(
        "section",
        element("h2", spaced(shape(mark(result), 30), element("span", word.capitalize())), class_="word"),
        element("p", words, class_="meaning"),
        element("p", joined(_counts(result), ", ") or "No steps", class_="counts"),
        joined(
            element("p", spaced(element("b", "Problem:"), problem), class_="problem") for problem in result.problems
        ),
        _first(view),
        id="verdict",
        class_=f"verdict is-{mark(result)}",
    )


def _counts(result: RunResult) -> Iterator[Html]:
    counts = Counter(run.result.status for run in result.steps)
    for status in Status:
        if counts[status]:
            words = count(counts[status], "error") if status is Status.ERROR else f"{counts[status]:,} {status.value}"
            yield element("span", words, class_=f"is-{status.value}")
    for name, number in (
        ("flaky", sum(run.flaky for run in result.steps)),
        ("cached", sum(run.cached for run in result.steps)),
    ):
        if number:
            yield element("span", f"{number:,} {name}")


def _first(view: View) -> Html:
    failures = [run for run in view.result.steps if bad(run) and not run.allowed]
    if not failures:
        return EMPTY
    run = failures[0]
    took = duration(run.seconds) if run.started is not None else ""
    others = f"{count(len(failures) - 1, 'more step')} failed" if len(failures) > 1 else ""
    head = spaced(status_mark(run.result.status), view.link(run), element("span", took, class_="count"))
    return element(
        "div",
        element("h3", spaced(element("span", "First failure", class_="label"), head)),
        element("p", run.result.reason, class_="reason") if run.result.reason else EMPTY,
        element("p", run.result.remedy, class_="remedy") if run.result.remedy else EMPTY,
        _evidence(view, run),
        command(view, run),
        element("p", element("a", others, href="#steps"), class_="note") if others else EMPTY,
        class_="first",
    )


def _evidence(view: View, run: StepRun) -> Html:
    broken, found = failing(run), [finding for finding in gravest(run) if not finding.known]
    if found:
        return element("ol", findings.alone(view, found[0]), class_="findings")
    if broken:
        case = broken[0]
        return element("div", element("p", cases.title(case)), cases.body(case, said=True), class_="told")
    lines = [line for line in run.tail.splitlines() if line.strip()][-_LAST_LINES:]
    return element("pre", coloured("\n".join(lines)), class_="log") if lines else EMPTY
