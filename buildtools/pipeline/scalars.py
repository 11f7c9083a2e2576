"""One text to one typed value: the rules by which an option reads what was written."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import inspect as mi

from buildtools.pipeline.describe import Form, choices
from buildtools.pipeline.problems import suggest

_TRUE = ("true", "yes", "on")
_FALSE = ("false", "no", "off")
_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,6})h)?(?:(\d{1,8})m)?(?:(\d{1,9}(?:\.\d+)?)s)?", re.ASCII)
_LONGEST = 1e9  # seconds, some thirty years: beyond it, timers of the operating system overflow
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


class Misfit(ValueError):
    """A text that a type does not take; `hint` may say what was meant."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.hint = hint


def read_scalar(text: str, form: Form) -> Any:
    """Return the value that a text stands for in a scalar type. Raises `Misfit`."""
    kind = form.type
    if isinstance(kind, mi.FloatType) and form.duration:
        return _bounded(duration(text), kind)
    return _READERS[type(kind)](text, kind)


def is_scalar(form: Form) -> bool:
    """Whether a type is filled from one text."""
    return type(form.type) in _READERS


def duration(text: str) -> float:
    """Return the seconds of `90`, `90s`, `5m`, `1h30m`, `1d`. Raises `Misfit`."""
    text = text.strip()
    if _NUMBER.fullmatch(text) and text[0] not in "+-" and float(text) < _LONGEST:
        return float(text)
    match = _DURATION.fullmatch(text)
    if not text or match is None or len(text) > 40:
        raise Misfit("Write seconds, or units in the order d, h, m, s.")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds


def boolean(text: str) -> bool:
    """Return what `true`, `yes`, `on` and their opposites mean, in any case. Raises `Misfit`."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise Misfit


def _bounded(value: Any, kind: mi.IntType | mi.FloatType) -> Any:
    fits = (
        (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
        and (kind.lt is None or value < kind.lt)
        and (kind.multiple_of is None or value % kind.multiple_of == 0)
    )
    if not fits:
        raise Misfit
    return value


def _boolean(text: str, kind: mi.BoolType) -> bool:  # noqa: ARG001 - one shape for all readers
    return boolean(text)


def _integer(text: str, kind: mi.IntType) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,30}", text):
        raise Misfit
    return int(_bounded(int(text), kind))


def _number(text: str, kind: mi.FloatType) -> float:
    if not _NUMBER.fullmatch(text):
        raise Misfit
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Misfit
    return float(_bounded(value, kind))


def _text(text: str, kind: mi.StrType) -> str:
    if kind.min_length is not None and len(text) < kind.min_length:
        raise Misfit
    if kind.max_length is not None and len(text) > kind.max_length:
        raise Misfit(f"At most {kind.max_length} characters.")
    if kind.pattern is not None and not re.search(kind.pattern, text):
        raise Misfit
    return text


def _literal(text: str, kind: mi.LiteralType) -> Any:
    for value in kind.values:
        if str(value) == text:
            return value
    raise Misfit(suggest(text, choices(kind), otherwise="-").removeprefix("-"))


def _enum(text: str, kind: mi.EnumType) -> Any:
    for member in kind.cls:
        if str(member.value) == text:
            return member
    raise Misfit(suggest(text, choices(kind), otherwise="-").removeprefix("-"))


def _path(text: str, kind: mi.CustomType) -> Any:
    if not text or "\0" in text:
        raise Misfit
    return kind.cls(text)


_READERS: dict[type, Callable[[str, Any], Any]] = {
    mi.BoolType: _boolean,
    mi.IntType: _integer,
    mi.FloatType: _number,
    mi.StrType: _text,
    mi.LiteralType: _literal,
    mi.EnumType: _enum,
    mi.CustomType: _path,
}
