"""Where in the file a piece of a value stands, so that a problem points at it."""

from __future__ import annotations

from buildtools.pipeline.problems import Problems
from buildtools.pipeline.source import Text


def add_at(problems: Problems, node: Text, message: str, hint: str, *, offset: int) -> None:
    """Add a problem where the character `offset` of a text stands in the file, as near as that can be told."""
    raw = node.value[offset : offset + 40].split("\n")[0]
    raw = raw[: raw.find("}") + 1] or raw
    first = node.line
    if node.source.line(node.line)[node.column - 1 : node.column] in ("|", ">"):
        first += 1 + node.value.count("\n", 0, offset)
    for number in range(first, min(first + 500, len(node.source.lines) + 1)) if first else ():
        begin = node.column - 1 if number == node.line else 0
        # The same reference may stand in a text twice: the n-th one is meant.
        at = _nth(node.source.lines[number - 1], raw, begin, node.value[:offset].split("\n")[-1].count(raw))
        if at >= 0:
            node = Text(node.source, number, at + 1, node.value, node.plain)
            break
    problems.add(node, message, hint)


def _nth(line: str, raw: str, begin: int, nth: int) -> int:
    at = line.find(raw, begin)
    while nth and at >= 0:
        at = line.find(raw, at + 1)
        nth -= 1
    return at
