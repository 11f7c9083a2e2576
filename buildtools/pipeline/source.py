"""A YAML file as a graph of nodes: every scalar is the text that was written, every node knows its place.

Nothing is constructed, so no text turns into a number, a date or a boolean here; what receives a text types it.
Decided:
- an empty value (`key:`) is kept as an empty plain text; who receives it takes it as "not given" (see `Text.missing`);
- anchors and aliases are allowed, and so is the merge key `<<` with one mapping or a list of them; explicit keys win,
  then earlier mappings. What aliases add is bounded, and an anchor inside itself is an error;
- explicit tags (`!!int`, `!custom`), more than one document, keys that are no plain texts, duplicate keys, tabs as
  indentation and nesting deeper than 50 are errors.

Files are UTF-8, with or without a byte order mark, with any kind of line ends, and at most 1 MiB.
"""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path

import msgspec

LARGEST = 1024 * 1024
"""bytes of the largest file that is read"""


class Source:
    """A text with a name to show. `hidden` texts are never quoted in messages: they hold secrets."""

    def __init__(self, name: str, text: str, *, hidden: bool = False) -> None:
        self.name = name
        self.text = text
        self.hidden = hidden

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends, cut where YAML cuts them."""
        return re.split("\r\n|[\n\r\x85\u2028\u2029]", self.text)

    def line(self, number: int) -> str:
        """Return line `number`, counted from 1; nothing for a hidden or unknown one."""
        return self.lines[number - 1] if not self.hidden and 0 < number <= len(self.lines) else ""


class Node(msgspec.Struct, frozen=True, eq=False):
    """Something written at a place. `line` and `column` count from 1; line 0 means that it has no place in a text."""

    source: Source
    line: int
    column: int


class Text(Node, frozen=True, eq=False):
    """A scalar, as it was written; `plain` when it stood without quotes."""

    value: str
    plain: bool = False

    @property
    def missing(self) -> bool:
        """Nothing was written: `key:` and then the end of the line."""
        return self.plain and not self.value


class Items(Node, frozen=True, eq=False):
    """A sequence."""

    items: tuple[Node, ...]


class Entry(msgspec.Struct, frozen=True, eq=False):
    """A key and its value."""

    key: Text
    value: Node


class Entries(Node, frozen=True, eq=False):
    """A mapping, in written order; every key once."""

    entries: dict[str, Entry]

    def get(self, key: str) -> Node | None:
        """Return the value of `key`, `None` if it is not there or nothing was written behind it."""
        entry = self.entries.get(key)
        if entry is None or (isinstance(entry.value, Text) and entry.value.missing):
            return None
        return entry.value


def shape(node: Node) -> str:
    """Say what a node is, for messages: "a list"."""
    if isinstance(node, Text):
        if node.source.hidden:
            return "a text"
        return f"the text {shown(node.value)}" if node.value else "nothing"
    return "a list" if isinstance(node, Items) else "a mapping"


def shown(text: str, limit: int = 60) -> str:
    """Return a text in quotes, shortened, with control characters made visible."""
    short = text if len(text) <= limit else f"{text[: limit - 1]}…"
    clean = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in short)
    return f"'{clean}'"


def shown_path(path: Path) -> str:
    """Return a path as short as it can be shown: relative to the current folder where it lies below it."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)
    return str(path) if relative.startswith("..") else relative
