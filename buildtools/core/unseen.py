"""What of a program's bytes shows on a terminal and in reports: all but sequences and control characters."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

LIMIT = 2**11
"""Bytes of a sequence or of one of its parts. Longer ones (pictures) are taken for text, since a stream cannot wait."""
GAP = 2**12
"""Bytes that do not show may stand between two that belong together, at most."""
_LONGEST = 2 * LIMIT + 4

_CONTROL = rb"\x00-\x08\x0b-\x1a\x1c-\x1f\x7f"
# As `core.sequences` has it, but bounded; and the control characters that UTF-8 has in two bytes. That it begins with
# one set of bytes, and only then looks back at which it was, makes the search several times as fast.
_TOKEN = re.compile(
    (
        rb"[CONTROL\x1b\xc2](?:(?<=\x1b)(?:"
        rb"\[[0-?]{0,LIMIT}+[ -/]{0,LIMIT}+[@-~]"
        rb"|[\]PX^_][^\x07\x1b]{0,LIMIT}+(?:\x07|\x1b\\)"
        rb"|[ -/]{0,LIMIT}+[0-~]"
        rb")?|(?<=\xc2)[\x80-\x9f]|(?<=[CONTROL])[CONTROL]*+)"
    )
    .replace(b"CONTROL", _CONTROL)
    .replace(b"LIMIT", str(LIMIT).encode())
)
_OPEN = re.compile(
    rb"\x1b(?:\[[0-?]{0,N}[ -/]{0,N}|[\]PX^_][^\x07\x1b]{0,N}\x1b?|[ -/]{0,N})?\Z|\xc2\Z".replace(
        b"N", str(LIMIT).encode()
    )
)
_CONTROLS = bytes(byte for byte in range(256) if re.fullmatch(b"[\x1b" + _CONTROL + b"]", bytes([byte])))


class Seen(NamedTuple):
    """The bytes that show, and where they stand: from each of `starts` on as in the data from that of `places` on.

    A NUL stands for more than `GAP` bytes that do not.
    """

    text: bytes
    starts: list[int]
    places: list[int]

    def place(self, index: int) -> int:
        """Return where in the data the byte stands that has this index in `text`."""
        part = bisect_right(self.starts, index) - 1
        return self.places[part] + index - self.starts[part]


def seen(data: bytes) -> Seen:
    """Return what of `data` shows; it begins and ends between sequences."""
    parts: list[bytes] = []
    starts: list[int] = []
    places: list[int] = []
    length = at = 0
    for start, end in _hidden(data):
        parts.append(data[at:start])
        starts.append(length)
        places.append(at)
        length += start - at
        if end - start > GAP:
            parts.append(b"\0")
            starts.append(length)
            places.append(start)
            length += 1
        at = end
    parts.append(data[at:])
    starts.append(length)
    places.append(at)
    return Seen(b"".join(parts), starts, places)


def _hidden(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield from where to where nothing shows."""
    begin = at = 0
    for match in _TOKEN.finditer(data):
        start, end = match.span()
        if start > at:
            if at > begin:
                yield begin, at
            begin = start
        at = end
    if at > begin:
        yield begin, at


def bare(data: bytes) -> bytes:
    """Return what of `data` shows, over gaps of any length; much quicker than `seen`."""
    if b"\x1b" in data or b"\xc2" in data:
        return _TOKEN.sub(b"", data)
    return data.translate(None, _CONTROLS)


def open_end(data: bytes) -> int:
    """Return where a sequence begins that may go on behind `data`, else the length."""
    match = _OPEN.search(data, max(0, len(data) - _LONGEST))
    return match.start() if match else len(data)


def between(data: bytes, index: int) -> int:
    """Return `index`, or where the sequence begins in whose middle it is."""
    near = max(0, index - _LONGEST)
    if data.find(b"\x1b", near, index) < 0 and data.find(b"\xc2", near, index) < 0:
        return index
    for match in _TOKEN.finditer(data):
        start, end = match.span()
        if start >= index:
            break
        if end > index and data[start] in b"\x1b\xc2":
            return start
    return index
