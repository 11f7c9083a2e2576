"""What the tests executed: the numbers, and of each file the lines that were never run."""

from __future__ import annotations

from buildtools.core.results import CoveredFile, StepRun
from buildtools.core.wording import count
from buildtools.reports.html.findings import quoted
from buildtools.reports.html.marks import COLOURS
from buildtools.reports.html.markup import EMPTY, Html, element, joined, spaced
from buildtools.reports.html.part import part
from buildtools.reports.html.view import View
from buildtools.reports.metrics import against_bar, held, shown

_FILES = 500
_RANGES = 40
_QUOTED = 12
"""Ranges of a file whose lines are quoted, and how many lines of each"""


def section(view: View) -> Html:
    """Return the section, empty where no step measured anything about coverage."""
    parts = [_step(view, run) for run in view.result.steps if run.result.coverage]
    if not parts:
        return EMPTY
    return part("Coverage", "", *parts)


def _step(view: View, run: StepRun) -> Html:
    files = run.result.coverage
    behind = sorted((file for file in files if file.missing or file.jumps), key=lambda file: (_gap(file), file.path))
    whole = [file for file in files if not (file.missing or file.jumps)]
    head = element("tr", *(element("th", name, scope="col") for name in ("File", "Covered", "Not covered")))
    rows = [_row(view, file) for file in behind[:_FILES]]
    table = element("table", element("thead", head), element("tbody", *rows), class_="coverage") if rows else EMPTY
    more = len(behind) - _FILES
    return element(
        "div",
        element("h3", spaced(view.link(run), *_numbers(run))),
        table,
        element("p", f"{count(more, 'more file')} with less to cover: see run.json.", class_="note")
        if more > 0
        else EMPTY,
        _whole(whole),
        data_step=run.id,
    )


def _gap(file: CoveredFile) -> int:
    return -(file.lines - file.covered_lines) * 1000 - len(file.jumps)


def _numbers(run: StepRun) -> list[Html]:
    out = []
    for metric in run.result.metrics:
        if metric.threshold is not None or metric.unit == "%":
            words = against_bar(metric) if metric.threshold is not None else shown(metric)
            out.append(element("span", f"{metric.name} {words}", class_="count" if held(metric) else "count short"))
    return out


def _row(view: View, file: CoveredFile) -> Html:
    return element(
        "tr",
        element("th", element("code", file.path), scope="row"),
        element("td", spaced(_meter(file), f"{file.covered_lines:,} of {file.lines:,}"), class_="share"),
        element("td", _missing(view, file), class_="missing"),
        data_path=file.path,
    )


def _meter(file: CoveredFile) -> Html:
    share = file.covered_lines / file.lines if file.lines else 1.0
    percent = int(share * 100 + 1e-9)
    bar = element(
        "svg",
        element("rect", width="100%", height=8, rx=1, fill="#e1e4e8", class_="rest"),
        element("rect", width=f"{share * 100:.1f}%", height=8, rx=1, fill=COLOURS["passed"], class_="ran is-passed"),
        width=72,
        height=8,
        aria_hidden="true",
        class_="meter",
    )
    return Html(bar + element("b", f"{percent} %"))


def _missing(view: View, file: CoveredFile) -> Html:
    names = [str(first) if first == last else f"{first}–{last}" for first, last in file.missing[:_RANGES]]
    more = len(file.missing) - _RANGES
    names += [f"and {count(more, 'more range')}"] if more > 0 else []
    lines = (
        [element("span", ("lines " if len(file.missing) > 1 or "–" in names[0] else "line ") + ", ".join(names))]
        if names
        else []
    )
    if file.jumps:
        ways = [f"{start} → {end or 'exit'}" for start, end in file.jumps[:_RANGES]]
        over = len(file.jumps) - _RANGES
        ways += [f"and {over:,} more"] if over > 0 else []
        lines.append(element("span", f"branches {', '.join(ways)}"))
    summary = spaced(*lines)
    shown_lines = [
        quoted(view.quotes.between(file.path, first, min(last, first + _QUOTED - 1)), 0)
        for first, last in file.missing[:_QUOTED]
    ]
    source = joined(part for part in shown_lines if part)
    return element("details", element("summary", summary), source) if source else summary


def _whole(files: list[CoveredFile]) -> Html:
    if not files:
        return EMPTY
    names = joined((element("code", file.path) for file in files[: _FILES * 4]), ", ")
    return element(
        "details",
        element("summary", f"{count(len(files), 'file')} with nothing left to cover"),
        element("p", names, class_="names"),
    )
