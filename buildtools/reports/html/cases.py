"""Tests: the bad ones first, each with all that it said, in every attempt."""

from __future__ import annotations

from buildtools.core.model import Status
from buildtools.core.results import StepRun, TestCase
from buildtools.core.wording import count
from buildtools.reports.ansi import one_line
from buildtools.reports.html.attempts import tabs
from buildtools.reports.html.marks import status_mark
from buildtools.reports.html.markup import EMPTY, Html, element, spaced
from buildtools.reports.html.part import part
from buildtools.reports.html.view import View
from buildtools.reports.style import duration

_STATIC = 200
"""Tests that stand in the page itself; the script has all of them."""
_ORDER = {Status.FAILED: 0, Status.ERROR: 0, Status.CANCELLED: 1, Status.PASSED: 4, Status.SKIPPED: 3}
_FLAKY = 2


def section(view: View) -> Html:
    """Return the section, empty without tests."""
    cases = [(case, run) for run in view.result.steps for case in run.result.cases if is_test(case)]
    if not cases:
        return EMPTY
    cases.sort(key=lambda pair: urgency(pair[0]))
    head = element("tr", *(element("th", name, scope="col") for name in ("Result", "Test", "Step", "Time")))
    rows = [_row(view, case, run) for case, run in cases[:_STATIC]]
    more = len(cases) - _STATIC
    note = f"{count(more, 'more test')}: the page's script shows all of them, and so does run.json."
    table = element("table", element("thead", head), element("tbody", *rows), class_="tests")
    return part(
        "Tests",
        _sum([case for case, _ in cases]),
        element("div", table, element("p", note, class_="note") if more > 0 else EMPTY, id="tests-list", class_="list"),
    )


def is_test(case: TestCase) -> bool:
    """Whether this is something that people call a test: not a linter's word that a file is clean."""
    about_file = case.file and not case.classname and not case.suite
    return not (about_file and case.status is Status.PASSED)


def urgency(case: TestCase) -> int:
    """Return a number that is the smaller, the sooner people want to see the test."""
    return _FLAKY if case.attempts and case.status is Status.PASSED else _ORDER[case.status]


def _sum(cases: list[TestCase]) -> str:
    counts = [(status.value, sum(case.status is status for case in cases)) for status in Status]
    counts.append(("flaky", sum(urgency(case) == _FLAKY for case in cases)))
    return ", ".join(f"{number:,} {word}" for word, number in counts if number)


def _row(view: View, case: TestCase, run: StepRun) -> Html:
    return element(
        "tr",
        element("td", status_mark(case.status), flaky(case), class_="result"),
        element("td", folded(case), class_="test"),
        element("td", view.link(run), class_="whose"),
        element("td", duration(case.seconds) if case.seconds else "–", class_="number"),
        class_=f"is-{case.status.value}",
    )


def flaky(case: TestCase) -> Html:
    """Return a mark for a test that passed at last."""
    return element("span", " flaky", class_="flag") if urgency(case) == _FLAKY else EMPTY


def folded(case: TestCase, *, opened: bool = False) -> Html:
    """Return a test's name; what it said is folded behind it."""
    said = element("span", one_line(case.message), class_="said") if case.message else EMPTY
    name = spaced(title(case), said)
    inside = body(case)
    if not inside:
        return name
    return element("details", element("summary", name), element("div", inside, class_="told"), open=opened)


def title(case: TestCase) -> Html:
    """Return a test's name with its class in front."""
    owner = element("span", f"{case.classname} ", class_="owner") if case.classname else EMPTY
    return element("span", owner, element("b", case.name or "(no name)"), class_="name")


def body(case: TestCase, *, said: bool = False) -> Html:
    """Return what a test said: place, message, details and output; in tabs, where there were several attempts.

    A message of one line is left out, unless `said` asks for it: it stands beside the test's name.
    """
    if not case.attempts:
        return _told(case, said=said)
    shown = [*case.attempts, case]
    named = [
        (f"Attempt {number}: {attempt.status.value}", _told(attempt, said=True) or element("p", attempt.status.value))
        for number, attempt in enumerate(shown, 1)
    ]
    return tabs(named)


def _told(case: TestCase, *, said: bool) -> Html:
    place = f"{case.file}:{case.line}" if case.file and case.line else case.file
    parts = [element("p", element("code", place), class_="place")] if place and (case.details or case.message) else []
    message = case.message.strip()
    if message and message not in case.details and (said or "\n" in message):
        parts.append(element("pre", message, class_="message"))
    if case.details.strip():
        parts.append(element("pre", case.details.strip("\n"), class_="trace"))
    for name, text in (("Standard output", case.stdout), ("Standard error", case.stderr)):
        if text.strip():
            parts += [element("h4", name), element("pre", text.strip("\n"), class_="output")]
    return Html("".join(parts))
