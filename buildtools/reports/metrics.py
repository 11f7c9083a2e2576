"""Measured numbers in words."""

from __future__ import annotations

from buildtools.core.results import Metric


def held(metric: Metric) -> bool:
    """Whether the number reaches its bar, which is a minimum; true without one. Not-a-number reaches nothing."""
    return metric.threshold is None or metric.value >= metric.threshold


def shown(metric: Metric) -> str:
    """Return the number with its unit: `83.25 %`."""
    return with_unit(_number(metric.value, 2), metric.unit)


def against_bar(metric: Metric) -> str:
    """Return `83.25 % is below 85 %` or `90 % reaches 85 %`; just the number where there is no bar."""
    if metric.threshold is None:
        return shown(metric)
    # 84.9999 against 85 must not read "85 is below 85".
    value, bar = _number(metric.value, 2), _number(metric.threshold, 2)
    if value == bar and metric.value != metric.threshold:
        value, bar = repr(metric.value), repr(metric.threshold)
    verb = "reaches" if held(metric) else "is below"
    return f"{with_unit(value, metric.unit)} {verb} {with_unit(bar, metric.unit)}"


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_unit(number: str, unit: str) -> str:
    """Return a number that is text already with its unit behind it."""
    return f"{number} {unit}" if unit else number
