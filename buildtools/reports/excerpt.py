"""The beginning and the end of a text that may be endless."""

from __future__ import annotations

LIMIT = 256 * 1024
_PIECES = 512


class Excerpt:
    """Keeps the first and the last `limit` characters of what is added, and counts the rest."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._head: list[str] = []
        self._room = limit
        self._tail: list[str] = []
        self._held = 0
        self._left_out = 0

    def add(self, text: str) -> None:
        """Take a piece, of any size."""
        if self._room:
            first = text[: self._room]
            self._head.append(first)
            self._room -= len(first)
            text = text[len(first) :]
            if len(self._head) > _PIECES:
                self._head = ["".join(self._head)]
        if text:
            self._tail.append(text)
            self._held += len(text)
            # Seldom, since it copies; but pieces of one character must not pile up either.
            if self._held > 2 * self._limit or len(self._tail) > _PIECES:
                self._shorten()

    def text(self, note: str = "") -> str:
        """Return what is kept; where something was left out, a line says how much, with `note` behind it."""
        self._shorten()
        head, tail = "".join(self._head), "".join(self._tail)
        if not self._left_out:
            return head + tail
        # Cut at line ends, so that no escape sequence is torn in two.
        start, end = head.rfind("\n") + 1 or len(head), tail.find("\n") + 1
        lost = self._left_out + len(head) - start + end
        between = "" if head[:start].endswith("\n") else "\n"
        return f"{head[:start]}{between}[{lost:,} characters left out{note}]\n{tail[end:]}"

    def _shorten(self) -> None:
        tail = "".join(self._tail)
        if len(tail) > self._limit:
            self._left_out += len(tail) - self._limit
            tail = tail[-self._limit :]
        self._tail = [tail] if tail else []
        self._held = len(tail)
