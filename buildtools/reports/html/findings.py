"""Findings by file, each with the lines it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from buildtools.core.results import Finding, StepRun
from buildtools.core.wording import count
from buildtools.reports.html.marks import severity_mark
from buildtools.reports.html.markup import EMPTY, Html, element, escaped, joined, spaced
from buildtools.reports.html.part import part
from buildtools.reports.html.quotes import Lines
from buildtools.reports.html.view import View

_STATIC = 200
"""Findings that stand in the page itself, for readers without the script; the script has all of them."""

Placed = tuple[Finding, StepRun]


def section(view: View) -> Html:
    """Return the section, empty without findings."""
    findings = [(finding, run) for run in view.result.steps for finding in run.result.findings]
    if not findings:
        return EMPTY
    by_path: dict[str, list[Placed]] = {}
    for pair in findings:
        by_path.setdefault(pair[0].path, []).append(pair)
    for path, group in by_path.items():
        group.sort(key=lambda pair: (pair[0].line, pair[0].column))
        if not view.quotes.exhausted:
            for finding, _ in group:
                view.quotes.around(path, finding.line, finding.end_line)
    shown, left = [], _STATIC
    for path, group in by_path.items():
        if left <= 0:
            break
        shown.append(_group(view, path, group, left))
        left -= len(group)
    more = len(findings) - _STATIC
    note = f"{count(more, 'more finding')}: the page's script shows all of them, and so does run.json."
    body = [element("p", note, class_="note")] if more > 0 else []
    return part(
        "Findings",
        _sum(findings, len(by_path)),
        element("div", *shown, *body, id="findings-list", class_="list"),
    )


def _sum(findings: Sequence[Placed], files: int) -> str:
    known_ones = sum(finding.known for finding, _ in findings)
    return f"{len(findings):,} in {count(files, 'file')}" + (f", {known_ones:,} known" if known_ones else "")


def _group(view: View, path: str, group: Sequence[Placed], limit: int) -> Html:
    head = element(
        "h3", spaced(element("code", path or "no file"), element("span", count(len(group), "finding"), class_="count"))
    )
    rows = [row(view, finding, run) for finding, run in group[:limit]]
    return element("section", head, element("ol", *rows, class_="findings"), class_="group")


def row(view: View, finding: Finding, run: StepRun | None) -> Html:
    """Return one finding as an item of a list that stands below its file; with `run`, it says whose it is."""
    at = ":".join(str(part) for part in (finding.line, finding.column) if part)
    return _item(view, finding, at, view.link(run) if run else EMPTY, 1)


def alone(view: View, finding: Finding) -> Html:
    """Return one finding as an item of a list that names its file."""
    return _item(view, finding, finding.place, EMPTY, 2)


def _item(view: View, finding: Finding, at: str, whose: Html, more: int) -> Html:
    line = spaced(
        element("span", at or "–", class_="at"),
        severity_mark(finding.severity),
        element(
            "span",
            spaced(rule(finding), element("span", finding.message, class_="said"), known(finding)),
            class_="what",
        ),
        whose,
    )
    lines = view.quotes.around(finding.path, finding.line, finding.end_line, more)
    return element("li", element("div", line, class_="finding"), quoted(lines, finding.line, finding.end_line))


def known(finding: Finding) -> Html:
    """Return a mark for a finding that was there before, and closes no gate."""
    return element("span", "known", class_="flag") if finding.known else EMPTY


def rule(finding: Finding) -> Html:
    """Return a finding's rule and its name."""
    name = element("code", finding.rule, class_="rule") if finding.rule else EMPTY
    symbol = element("span", finding.symbol, class_="symbol") if finding.symbol else EMPTY
    return spaced(name, symbol)


def quoted(lines: Lines, first: int, last: int = 0) -> Html:
    """Return lines of a source with their numbers; those from `first` to `last` are marked by `>`."""
    if not lines:
        return EMPTY
    width = len(str(lines[-1][0]))
    marked = range(first, max(first, last) + 1)
    return element("pre", joined(_lines(lines, marked, width)), class_="source")


def _lines(lines: Lines, marked: Iterable[int], width: int) -> Iterable[Html]:
    for number, text in lines:
        hit = number in marked
        shown = f"{'>' if hit else ' '} {number:{width}} | {text}\n"
        yield element("span", shown, class_="hit") if hit else escaped(shown)
