"""How a pipeline's numbers went from run to run: what the history holds, as series for people."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from buildtools.core.model import Status
from buildtools.reports.history import StepPast
from buildtools.reports.html.trends import Trend

_TELLING: dict[str, Literal["higher", "lower"]] = {
    "coverage": "higher",
    "pylint score": "higher",
    "findings": "lower",
    "archive size": "lower",
}
"""Metrics that are worth a curve, and which way is good"""
_MOST = 12
RUNS = 30
"""How far back the curves of a report go"""
_BARS = "▁▂▃▄▅▆▇█"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A step's past in numbers; seconds are those of the runs in which it passed and was carried out."""

    step: str
    runs: int
    passed: int
    cached: int
    flaky: int
    median: float | None
    last: float | None
    seconds: tuple[float, ...]
    metrics: dict[str, tuple[float, ...]]


def rows(past: dict[str, list[StepPast]]) -> Iterator[Row]:
    """Yield a row for each step."""
    for step, runs in past.items():
        seconds = tuple(_seconds(runs))
        yield Row(
            step=step,
            runs=len(runs),
            passed=sum(run.status == Status.PASSED.value for run in runs),
            cached=sum(run.cached for run in runs),
            flaky=sum(run.flaky for run in runs),
            median=statistics.median(seconds) if seconds else None,
            last=seconds[-1] if seconds else None,
            seconds=seconds,
            metrics={name: tuple(values) for name, values, _ in _metrics(runs) if name in _TELLING},
        )


def trends(past: dict[str, list[StepPast]], now: str) -> tuple[Trend, ...]:
    """Return the curves for a report of the run `now`, whose values are the last ones; steps it did not run have none.

    Those that have changed most come first; at most a dozen.
    """
    found = []
    for step, runs in past.items():
        if runs[-1].run != now:
            continue
        for name, values, unit in _metrics(runs):
            if name in _TELLING:
                labels = tuple(_label(run) for run in runs if name in run.metrics)
                found.append(
                    Trend(name=f"{step}: {name}", values=tuple(values), labels=labels, unit=unit, better=_TELLING[name])
                )
        carried = [run for run in runs if run.status == Status.PASSED.value and not run.cached]
        if carried and carried[-1].run == now:
            found.append(
                Trend(
                    name=f"{step}: seconds",
                    values=tuple(run.seconds for run in carried),
                    labels=tuple(map(_label, carried)),
                    unit="s",
                    better="lower",
                )
            )
    telling = [trend for trend in found if len(trend.values) > 1]
    return tuple(sorted(telling, key=_change, reverse=True)[:_MOST])


def sparkline(values: Sequence[float]) -> str:
    """Return a line of small bars, one for each value."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if high <= low:
        return _BARS[0] * len(values)
    return "".join(_BARS[round((value - low) / (high - low) * (len(_BARS) - 1))] for value in values)


def _seconds(runs: Sequence[StepPast]) -> Iterator[float]:
    for run in runs:
        if run.status == Status.PASSED.value and not run.cached:
            yield run.seconds


def _metrics(runs: Sequence[StepPast]) -> Iterator[tuple[str, list[float], str]]:
    for name in dict.fromkeys(name for run in runs for name in run.metrics):
        having = [run.metrics[name] for run in runs if name in run.metrics]
        yield name, [value for value, _ in having], having[-1][1]


def _label(run: StepPast) -> str:
    day = time.strftime("%Y-%m-%d %H:%M", time.gmtime(run.started))
    return f"{day} {run.revision[:10]}".strip()


def _change(trend: Trend) -> float:
    before, now = trend.values[-2:]
    return abs(now - before) / (abs(before) or 1.0)
