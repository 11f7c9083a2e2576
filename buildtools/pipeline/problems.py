"""What is wrong with a file: every problem with its place, shown with the line, a caret and a remedy."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable

import msgspec

from buildtools.core.errors import InvalidPipeline
from buildtools.core.wording import nearest
from buildtools.pipeline.source import Node

_MOST_SHOWN = 100
_WIDEST = 120
_MOST_COMPARED = 20_000
"""words, for all suggestions of one load: some tenths of a second"""


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong, at a line and column counted from 1, in characters; line 0: not in a text (a flag).

    `excerpt` is the whole source line, empty where it must not be shown; `hint` says what to do.
    """

    file: str
    message: str
    line: int = 0
    column: int = 0
    hint: str = ""
    excerpt: str = ""

    @property
    def place(self) -> str:
        """`file:line:column`, as far as it is known."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def render(self) -> str:
        """Return it as plain text: the place and message, the line with a caret under the column, the hint."""
        parts = [f"{self.place}: {self.message}" if self.place else self.message]
        if self.excerpt.strip():
            parts += _pointed(self.excerpt, self.column)
        if self.hint:
            parts.append(f"    {self.hint}")
        return "\n".join(parts)


class InvalidFile(InvalidPipeline):
    """A pipeline file (or what it refers to) is invalid: all its `problems`, sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda it: (it.file, it.line, it.column, it.message)))
        shown = [problem.render() for problem in self.problems[:_MOST_SHOWN]]
        if len(self.problems) > _MOST_SHOWN:
            shown.append(f"... and {len(self.problems) - _MOST_SHOWN} more problems")
        super().__init__("\n".join(shown))


class Problems:
    """Gathers the problems of one load, so that all of them can be said at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self._compared = 0

    def __len__(self) -> int:
        return len(self.found)

    def add(self, node: Node, message: str, hint: str = "", *, offset: int = 0) -> None:
        """Add a problem at a node, or `offset` characters behind its beginning."""
        self.found.append(problem_at(node, message, hint, offset=offset))

    def suggest(self, word: str, known: Collection[str], *, otherwise: str = "") -> str:
        """Like `suggest`, but no more once thousands of words were compared: a file can hold thousands of mistakes."""
        self._compared += len(known)
        return suggest(word, known, otherwise=otherwise) if self._compared <= _MOST_COMPARED else otherwise

    def stop(self) -> None:
        """Raise `InvalidFile` if there are any."""
        if self.found:
            raise InvalidFile(self.found)


def problem_at(node: Node, message: str, hint: str = "", *, offset: int = 0) -> Problem:
    """Return the problem of a node."""
    return Problem(
        file=node.source.name,
        line=node.line,
        column=node.column + offset if node.line else 0,
        message=message,
        hint=hint,
        excerpt=node.source.line(node.line),
    )


def suggest(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """Return "did you mean 'x'?" for the nearest of the known words, else what can be had, else `otherwise`."""
    words = sorted(set(known))
    if near := nearest(word, words):
        return f"did you mean '{near}'?"
    if otherwise or not words:
        return otherwise
    listed = ", ".join(words[:20])
    return f"known: {listed}, ..." if len(words) > 20 else f"known: {listed}"


def _pointed(line: str, column: int) -> list[str]:
    """Return the line and a caret below the column; a long line is cut around it. Tabs stay tabs in both."""
    index = max(0, column - 1)
    begin = 0
    if len(line) > _WIDEST:
        begin = max(0, min(index - _WIDEST // 2, len(line) - _WIDEST))
        line = line[begin : begin + _WIDEST]
    before = "..." if begin else ""
    clean = "".join(char if char == "\t" or char.isprintable() else "?" for char in line)
    pad = "".join("\t" if char == "\t" else " " * _columns(char) for char in clean[: index - begin])
    return [f"    {before}{clean}", f"    {' ' * len(before)}{pad}^"]


def _columns(char: str) -> int:
    """How many columns of a terminal a character takes."""
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
