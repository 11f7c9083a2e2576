"""Several attempts of one thing: one below the other, which the script makes tabs of."""

from __future__ import annotations

from collections.abc import Sequence

from buildtools.core.results import Attempt, StepRun
from buildtools.core.wording import count
from buildtools.reports.html.marks import status_mark
from buildtools.reports.html.markup import EMPTY, Html, element, spaced
from buildtools.reports.style import duration

_SHOWN = 20


def tabs(named: Sequence[tuple[str, Html]]) -> Html:
    """Return panels with their titles; the last one is what counts, and is the one to open."""
    panels = [element("section", element("h4", title), inside, class_="attempt") for title, inside in named]
    return element("div", *panels, class_="attempts")


def of_step(run: StepRun) -> Html:
    """Return a step's attempts, empty if there was one only."""
    if not run.earlier:
        return EMPTY
    last = Attempt(result=run.result, seconds=max(run.seconds - sum(attempt.seconds for attempt in run.earlier), 0.0))
    named = [
        (f"Attempt {number}: {attempt.result.status.value}", _told(attempt, final=attempt is last))
        for number, attempt in enumerate((*run.earlier, last), 1)
    ]
    return Html(element("h4", f"{len(named)} attempts", class_="label") + tabs(named))


def _told(attempt: Attempt, *, final: bool) -> Html:
    result = attempt.result
    head = spaced(status_mark(result.status), element("span", f"after {duration(attempt.seconds)}", class_="count"))
    said = [element("p", text) for text in (result.reason, result.remedy) if text]
    if final:
        said.append(element("p", "This is the attempt that counts.", class_="note"))
        return Html(element("p", head) + "".join(said))
    items = [f"{finding.place}: {finding.rule} {finding.message}" for finding in result.findings]
    items += [f"{case.classname} {case.name}: {case.message or case.status.value}".strip() for case in result.cases]
    listed = element("ul", *(element("li", item) for item in items[:_SHOWN])) if items else EMPTY
    more = element("p", f"and {count(len(items) - _SHOWN, 'more')}", class_="note") if len(items) > _SHOWN else EMPTY
    return Html(element("p", head) + "".join(said) + listed + more)
