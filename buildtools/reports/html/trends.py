"""How numbers went from run to run, as small curves with their values in words and in a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from buildtools.reports.html.markup import EMPTY, Html, element
from buildtools.reports.html.part import part
from buildtools.reports.metrics import with_unit

_WIDTH, _HEIGHT, _EDGE = 180, 36, 4


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """One number over several runs, oldest first; the last value is this run's.

    `labels` name the runs (a date, a revision), one for each value; `better` says which way is good, where one is.
    """

    name: str
    values: tuple[float, ...]
    labels: tuple[str, ...] = ()
    unit: str = ""
    better: Literal["higher", "lower", ""] = ""


def section(trends: Sequence[Trend]) -> Html:
    """Return the section, empty without a trend of two values or more."""
    shown = [trend for trend in trends if len(trend.values) > 1]
    if not shown:
        return EMPTY
    return part(
        "Trends",
        "This run and those before it.",
        element("ul", *map(_trend, shown), class_="trends"),
    )


def _trend(trend: Trend) -> Html:
    last = trend.values[-1]
    rows = [
        element("tr", element("th", label, scope="row"), element("td", _number(value, trend.unit), class_="number"))
        for label, value in zip(_labels(trend), trend.values, strict=True)
    ]
    head = element("tr", element("th", "Run", scope="col"), element("th", "Value", scope="col"))
    table = element("table", element("thead", head), element("tbody", *reversed(rows)))
    return element(
        "li",
        element("h3", trend.name),
        element("p", element("b", _number(last, trend.unit)), " ", _change(trend), class_="latest"),
        _curve(trend),
        element("details", element("summary", f"{len(trend.values)} runs"), table),
    )


def _labels(trend: Trend) -> tuple[str, ...]:
    missing = len(trend.values) - len(trend.labels)
    before = tuple(f"{number} runs ago" for number in range(len(trend.values) - 1, len(trend.values) - 1 - missing, -1))
    return (*before, *trend.labels)[: len(trend.values)]


def _change(trend: Trend) -> Html:
    difference = trend.values[-1] - trend.values[-2]
    if abs(difference) < 0.005:
        return element("span", "as before", class_="count")
    word = ""
    if trend.better:
        word = ", better" if (difference > 0) == (trend.better == "higher") else ", worse"
    arrow = "▲" if difference > 0 else "▼"
    look = {", better": "is-passed", ", worse": "is-failed"}.get(word, "count")
    return element("span", f"{arrow} {_number(abs(difference), trend.unit)}{word}", class_=look)


def _curve(trend: Trend) -> Html:
    low, high = min(trend.values), max(trend.values)
    span = high - low or 1.0
    across = (_WIDTH - 2 * _EDGE) / (len(trend.values) - 1)
    points = [
        (_EDGE + across * number, _HEIGHT - _EDGE - (value - low) / span * (_HEIGHT - 2 * _EDGE))
        for number, value in enumerate(trend.values)
    ]
    x, y = points[-1]
    label = f"{trend.name}: between {_number(low, trend.unit)} and {_number(high, trend.unit)}"
    return element(
        "svg",
        element("title", label),
        element(
            "polyline",
            points=" ".join(f"{a:.1f},{b:.1f}" for a, b in points),
            fill="none",
            stroke="#59636e",
            stroke_width="1.5",
            class_="curve",
        ),
        element("rect", x=f"{x - 3:.1f}", y=f"{y - 3:.1f}", width=6, height=6, rx=3, fill="#1c2024", class_="now"),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        width=_WIDTH,
        height=_HEIGHT,
        role="img",
        aria_label=label,
    )


def _number(value: float, unit: str) -> str:
    text = f"{value:,.2f}"
    return with_unit(text.rstrip("0").rstrip("."), unit)
