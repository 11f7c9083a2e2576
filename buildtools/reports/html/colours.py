"""A log's colours as classes, since inline styles are what policies block first."""

from __future__ import annotations

import re

from buildtools.reports.ansi import tame
from buildtools.reports.html.markup import Html, element, escaped

_SGR = re.compile("\x1b\\[([0-9;:]*)m")
_FLAGS = {1: "bold", 2: "faint", 3: "italic", 4: "underlined", 7: "turned", 9: "struck"}
_ENDS = {22: ("bold", "faint"), 23: ("italic",), 24: ("underlined",), 27: ("turned",), 29: ("struck",)}
_BRIGHT = 8
_LOUD = 160
"""From which of 255 a part of a colour counts as there"""


def coloured(output: str) -> Html:
    """Return a program's output with its colours (SGR) as spans; other control characters are dropped.

    Colours of the 256 and of 24 bits become the nearest of the 16 that have a name, which both schemes can show well.
    """
    parts: list[str] = []
    look = _Look()
    at = 0
    text = tame(output, color=True)
    for match in _SGR.finditer(text):
        parts.append(look.dress(text[at : match.start()]))
        look.take(match[1])
        at = match.end()
    parts.append(look.dress(text[at:]))
    return Html("".join(parts))


class _Look:
    """How text looks at one place of a log."""

    def __init__(self) -> None:
        self._flags: set[str] = set()
        self._colour: dict[str, int] = {}

    def dress(self, text: str) -> Html:
        if not text or not (self._flags or self._colour):
            return escaped(text)
        colours = [f"{ground}{number}" for ground, number in sorted(self._colour.items())]
        return element("span", text, class_=" ".join([*colours, *sorted(self._flags)]))

    def take(self, parameters: str) -> None:
        codes = [int(code[:4] or 0) for code in re.split("[;:]", parameters)]
        while codes:
            self._code(codes.pop(0), codes)

    def _code(self, code: int, rest: list[int]) -> None:
        if code == 0:
            self._flags.clear()
            self._colour.clear()
        elif code in _FLAGS:
            self._flags.add(_FLAGS[code])
        elif code in _ENDS:
            self._flags.difference_update(_ENDS[code])
        elif code in (38, 48):
            number = _extended(rest)
            if number is not None:
                self._colour["fg" if code == 38 else "bg"] = number
        elif code in (39, 49):
            self._colour.pop("fg" if code == 39 else "bg", None)
        elif code // 10 in (3, 4, 9, 10) and code % 10 < _BRIGHT:
            ground = "fg" if code // 10 in (3, 9) else "bg"
            self._colour[ground] = code % 10 + (_BRIGHT if code >= 90 else 0)


def _extended(rest: list[int]) -> int | None:
    """Take the parameters behind 38 or 48 off `rest`; return the colour, `None` for what is no colour."""
    kind = rest.pop(0) if rest else 0
    if kind == 5 and rest:
        return _of_256(rest.pop(0))
    if kind == 2 and len(rest) >= 3:
        red, green, blue = rest[:3]
        del rest[:3]
        return _nearest(red, green, blue)
    # What stands behind it is not to be taken for codes of its own.
    rest.clear()
    return None


def _of_256(number: int) -> int | None:
    if number < 16:
        return number
    if number < 232:
        cube = number - 16
        red, green, blue = (255 * (cube // base % 6) // 5 for base in (36, 6, 1))
        return _nearest(red, green, blue)
    return _nearest(*[(number - 232) * 255 // 23] * 3) if number < 256 else None


def _nearest(red: int, green: int, blue: int) -> int:
    most = max(red, green, blue)
    if most - min(red, green, blue) < 40:
        return 0 if most < 50 else 8 if most < 130 else 7 if most < 210 else 15
    bits = sum(bit for bit, part in ((1, red), (2, green), (4, blue)) if part * 3 > most * 2)
    return bits + (_BRIGHT if most > _LOUD + 60 else 0)
