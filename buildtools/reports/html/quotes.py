"""Lines of the project's own files, quoted beside what is said about them: masked, and never more than a page bears."""

from __future__ import annotations

import os
from pathlib import Path

from buildtools.core.encoding import whole
from buildtools.reports.scene import Scene
from buildtools.reports.xmltext import clean

_LARGEST_FILE = 2_000_000
_LONGEST_LINE = 240
Lines = tuple[tuple[int, str], ...]
"""Numbers of lines, counted from 1, and what stands there."""


class Quotes:
    """Quotes files below the scene's root until `limit` characters are used up; each file is read once at most."""

    def __init__(self, scene: Scene, limit: int) -> None:
        self._root = None if scene.root is None else Path(os.path.realpath(scene.root))
        self._mask = scene.mask
        self._left = limit
        self._path = ""
        self._lines: list[str] = []
        self._kept: dict[str, dict[int, str]] = {}

    @property
    def exhausted(self) -> bool:
        """Whether nothing more can be quoted."""
        return self._root is None or self._left <= 0

    @property
    def kept(self) -> dict[str, dict[int, str]]:
        """All that was quoted so far: path, line, text."""
        return self._kept

    def around(self, path: str, first: int, last: int, more: int = 1) -> Lines:
        """Return lines `first` to `last` (five at most), with `more` lines before and behind; empty if unknown."""
        if first < 1 or not path:
            return ()
        last = min(max(last, first), first + 4)
        return self.between(path, max(first - more, 1), last + more)

    def between(self, path: str, first: int, last: int) -> Lines:
        """Return these lines, as far as the file has them."""
        if self._root is None:
            return ()
        known = self._kept.setdefault(path, {})
        wanted = range(first, last + 1)
        if any(number not in known for number in wanted) and self._left > 0:
            lines = self._file(path)
            for number in range(first, min(last, len(lines)) + 1):
                if number not in known:
                    known[number] = line = _fit(lines[number - 1])
                    self._left -= len(line) + 12
        return tuple((number, known[number]) for number in wanted if number in known)

    def _file(self, path: str) -> list[str]:
        if path != self._path:
            self._path, self._lines = path, self._read(path)
        return self._lines

    def _read(self, path: str) -> list[str]:
        if self._root is None or "\0" in path:
            return []
        try:
            real = Path(os.path.realpath(self._root / path))
            # A report must not carry away what lies outside of the project, whatever a tool says about it.
            if not real.is_relative_to(self._root) or not real.is_file() or real.stat().st_size > _LARGEST_FILE:
                return []
            text = real.read_bytes().decode("utf-8", "replace")
        except (OSError, UnicodeError):
            return []
        lines = _split(text)
        masked = _split(self._mask(text))
        # A secret of several lines is one `***`: then no line is where it was.
        return masked if len(masked) == len(lines) else []


def _split(text: str) -> list[str]:
    # Not `splitlines`: to tools, a form feed or U+2028 ends no line.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _fit(line: str) -> str:
    line = whole(clean(line[: _LONGEST_LINE * 2]).expandtabs(4))
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …"
