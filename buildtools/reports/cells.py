"""How much room text takes on a terminal, where many characters are two columns wide and some none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from buildtools.reports.rows import Part
from buildtools.reports.style import Style, encodable


def columns(text: str) -> int:
    """Return how many columns a text without control characters takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # its import takes a while, and most text is ASCII

    return cell_len(text)


def fitting(text: str, room: int, dash: str) -> tuple[str, int]:
    """Return `text`, or as much of it as `room` columns take with `dash` behind it; and the columns of that."""
    taken = columns(text)
    if taken <= room:
        return text, taken
    room -= len(dash)
    if room < 0:
        return "", 0
    if text.isascii():
        return text[:room] + dash, room + len(dash)
    from rich.cells import set_cell_size

    cut = set_cell_size(text, room).rstrip(" ") + dash
    return cut, columns(cut)


def painted(parts: Sequence[Part], width: int, style: Style, stream: TextIO) -> str:
    """Return parts as one line for a terminal, no more than `width` columns."""
    line: list[str] = []
    dash = style.dash
    for text, look in parts:
        whole = text if text.isascii() else encodable(text, stream)
        shown, taken = fitting(whole, width, dash)
        line.append(style.paint(shown, look) if look else shown)
        width -= taken
        if shown is not whole:
            break
    return "".join(line)
