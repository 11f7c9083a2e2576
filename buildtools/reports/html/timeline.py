"""When each step waited and ran: a table, with a bar in each row that is drawn as SVG."""

from __future__ import annotations

from buildtools.core.results import StepRun
from buildtools.reports.html.critical import critical_path
from buildtools.reports.html.marks import COLOURS, status_mark
from buildtools.reports.html.markup import EMPTY, Html, element, spaced
from buildtools.reports.html.part import part
from buildtools.reports.html.view import View
from buildtools.reports.style import duration

_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_TICKS = 6
_HEIGHT = 32
_GREY = "#8a939d"
_FAINT = "#e1e4e8"


def section(view: View) -> Html:
    """Return the section, empty where nothing ran."""
    steps = view.result.steps
    ran = [run for run in steps if run.started is not None]
    if not ran:
        return EMPTY
    total = max([(run.started or 0.0) + run.seconds for run in ran] + [0.01])
    critical = critical_path(steps)
    ticks = _ticks(total)
    head = element(
        "tr",
        *(element("th", name, scope="col") for name in ("Step", "Result", "Time")),
        element("th", _axis(ticks, total), scope="col", class_="bar"),
    )
    rows = [_row(view, run, (total, ticks), critical) for run in steps]
    return part(
        "Timeline",
        _legend(),
        element("table", element("thead", head), element("tbody", *rows), class_="timeline"),
    )


def _legend() -> str:
    return (
        "Thin line: waited. Outlined: an earlier attempt, or from the cache. ◆ and underlined: made the run this long."
    )


def _ticks(total: float) -> list[float]:
    step = next((step for step in _STEPS if total / step <= _TICKS), total)
    return [step * number for number in range(int(total / step) + 1)]


def _percent(seconds: float, total: float) -> str:
    return f"{min(max(seconds / total, 0.0), 1.0) * 100:.2f}%"


def _axis(ticks: list[float], total: float) -> Html:
    labels = []
    for tick in ticks:
        share = tick / total
        anchor = "start" if share < 0.03 else "end" if share > 0.95 else "middle"
        attributes: dict[str, str | int] = {"x": _percent(tick, total), "y": 14, "text_anchor": anchor, "font_size": 12}
        labels.append(element("text", _short(tick), fill="currentColor", **attributes))
    return element(
        "svg",
        *labels,
        width="100%",
        height=20,
        font_family="system-ui, sans-serif",
        role="img",
        aria_label="Seconds since the start",
    )


def _short(seconds: float) -> str:
    if seconds >= 3600:
        return f"{seconds / 3600:g} h"
    return f"{seconds / 60:g} min" if seconds >= 120 else f"{seconds:g} s"


def _row(view: View, run: StepRun, scale: tuple[float, list[float]], critical: tuple[str, ...]) -> Html:
    hot = run.id in critical
    mark = element("span", "◆", class_="critical", title="On the critical path") if hot else EMPTY
    took = duration(run.seconds) if run.started is not None else "–"
    return element(
        "tr",
        element("th", spaced(view.link(run), mark), scope="row"),
        element("td", status_mark(run.result.status)),
        element("td", took, class_="number"),
        element("td", _bar(view, run, scale, hot=hot), class_="bar"),
    )


def _bar(view: View, run: StepRun, scale: tuple[float, list[float]], *, hot: bool) -> Html:
    total, ticks = scale
    grid = [
        element(
            "line", x1=_percent(tick, total), x2=_percent(tick, total), y1=0, y2=_HEIGHT, stroke=_FAINT, class_="grid"
        )
        for tick in ticks
    ]
    if run.started is None:
        return element("svg", *grid, width="100%", height=_HEIGHT, role="img", aria_label="not started")
    ready = min(_ready(view, run), run.started)
    drawn = [*grid, *_waited(ready, run.started, total), *_attempts(run, total)]
    if hot:
        drawn.append(_rect(run.started, run.seconds, total, y=26, height=2, fill="currentColor", class_="hot"))
    words = [f"ran for {duration(run.seconds)} from {duration(run.started)}"]
    words += [f"after waiting {duration(run.started - ready)}"] if run.started - ready > 0.005 else []
    words += [f"in {len(run.earlier) + 1} attempts"] if run.earlier else []
    words += ["from the cache"] if run.cached else []
    words += ["on the critical path"] if hot else []
    label = ", ".join(words)
    return element("svg", element("title", label), *drawn, width="100%", height=_HEIGHT, role="img", aria_label=label)


def _ready(view: View, run: StepRun) -> float:
    """Return when all that the step needs had ended; from then on it waited for its turn."""
    needed = [other for other in view.result.steps if other.id in run.needs and other.started is not None]
    return max([(other.started or 0.0) + other.seconds for other in needed], default=0.0)


def _waited(ready: float, started: float, total: float) -> list[Html]:
    if started - ready <= total / 1000:
        return []
    return [_rect(ready, started - ready, total, y=15, height=2, fill=_GREY, class_="waited")]


def _attempts(run: StepRun, total: float) -> list[Html]:
    began, out = run.started or 0.0, []
    for attempt in run.earlier:
        colour, name = COLOURS[attempt.result.status.value], attempt.result.status.value
        out.append(
            _rect(
                began, attempt.seconds, total, y=9, height=14, fill="none", stroke=colour, class_=f"earlier is-{name}"
            )
        )
        began += attempt.seconds
    name = run.result.status.value
    left = max((run.started or 0.0) + run.seconds - began, 0.0)
    if run.cached:
        look = {"fill": "none", "stroke": COLOURS[name], "class_": f"earlier is-{name}"}
    else:
        look = {"fill": COLOURS[name], "class_": f"ran is-{name}"}
    return [*out, _rect(began, left, total, y=8, height=16, rx=2, **look)]


def _rect(start: float, seconds: float, total: float, **look: str | int) -> Html:
    # A step that took no time at all must still be seen.
    width = max(min(seconds, total - start) / total * 100, 0.3)
    at = min(max(start / total * 100, 0.0), 100 - width)
    return element("rect", x=f"{at:.2f}%", width=f"{width:.2f}%", **look)
