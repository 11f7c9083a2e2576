"""From the YAML parser's events to nodes: anchors, aliases, merge keys and duplicate keys are settled here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from buildtools.pipeline.problems import InvalidFile, Problems, problem_at, suggest
from buildtools.pipeline.source import Entries, Entry, Items, Node, Source, Text, shape, shown

_DEEPEST = 50
_MOST_COPIED = 50_000
"""nodes that all aliases of a file may add together, each counted as if it were written out"""


class _Open:
    """A collection whose end has not been seen: its children so far, keys and values taking turns in a mapping."""

    __slots__ = ("anchor", "children", "event", "mapping", "size")

    def __init__(self, event: Any, *, mapping: bool) -> None:
        self.event = event
        self.mapping = mapping
        self.anchor: str | None = event.anchor
        self.children: list[Node] = []
        self.size = 1


def compose(events: Iterable[Any], source: Source, problems: Problems) -> Node | None:
    """Return the root node of the one document in the events, `None` if there is no document.

    Duplicate keys, tags and keys that are no texts are added to `problems`; what makes going on useless (loops, alias
    bombs, too deep nesting, a second document) raises `InvalidFile`.
    """
    return _Composer(source, problems).compose(events)


class _Composer:
    def __init__(self, source: Source, problems: Problems) -> None:
        self.source = source
        self.problems = problems
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.stack: list[_Open] = []
        self.copied = 0
        self.root: Node | None = None

    def compose(self, events: Iterable[Any]) -> Node | None:
        import yaml

        scalar, alias = yaml.ScalarEvent, yaml.AliasEvent
        documents = 0
        for event in events:
            kind = type(event)
            if kind is scalar:
                mark = event.start_mark
                node = Text(self.source, mark.line + 1, mark.column + 1, event.value, not event.style)
                if event.tag is not None:
                    self._tag(node, event.tag)
                self._put(node, 1, event.anchor)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._begin(event, mapping=kind is yaml.MappingStartEvent)
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._end()
            elif kind is alias:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise self._fatal(self._at(event), "a second document begins here", "One file, one pipeline.")
        return self.root

    def _at(self, event: Any) -> Node:
        return Node(self.source, event.start_mark.line + 1, event.start_mark.column + 1)

    def _fatal(self, node: Node, message: str, hint: str = "") -> InvalidFile:
        return InvalidFile([*self.problems.found, problem_at(node, message, hint)])

    def _tag(self, node: Node, tag: str) -> None:
        short = tag.replace("tag:yaml.org,2002:", "!!")
        hint = "Every value is read as it is written and typed by what receives it: leave the tag out."
        self.problems.add(node, f"the tag {shown(short)} has no meaning here", hint)

    def _begin(self, event: Any, *, mapping: bool) -> None:
        if len(self.stack) >= _DEEPEST:
            raise self._fatal(self._at(event), f"nested deeper than {_DEEPEST} levels")
        if event.tag is not None:
            self._tag(self._at(event), event.tag)
        self.stack.append(_Open(event, mapping=mapping))

    def _end(self) -> None:
        done = self.stack.pop()
        mark = done.event.start_mark
        line, column = mark.line + 1, mark.column + 1
        node: Node
        if done.mapping:
            node = Entries(self.source, line, column, self._entries(done.children))
        else:
            node = Items(self.source, line, column, tuple(done.children))
        self._put(node, done.size, done.anchor)

    def _put(self, node: Node, size: int, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, size)
        if self.stack:
            top = self.stack[-1]
            top.children.append(node)
            top.size += size
        else:
            self.root = node

    def _alias(self, event: Any) -> None:
        name, at = event.anchor, self._at(event)
        if any(outer.anchor == name for outer in self.stack):
            raise self._fatal(at, f"the anchor '&{name}' contains itself", "Write the value out once more instead.")
        if name not in self.anchors:
            hint = suggest(name, self.anchors, otherwise="A text that begins with `*` must be written in quotes.")
            raise self._fatal(at, f"no anchor '&{name}' stands above", hint)
        node, size = self.anchors[name]
        self.copied += size
        if self.copied > _MOST_COPIED:
            raise self._fatal(at, f"the aliases of this file stand for more than {_MOST_COPIED} values")
        self._put(node, size, None)

    def _entries(self, children: list[Node]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        merged: list[Node] = []
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Text):
                self.problems.add(key, f"a key must be a text, found {shape(key)}")
            elif key.value == "<<" and key.plain:
                merged += value.items if isinstance(value, Items) else [value]
            elif key.value in entries:
                first = entries[key.value].key.line
                self.problems.add(key, f"the key {shown(key.value)} stands here twice (first in line {first})")
            else:
                entries[key.value] = Entry(key, value)
        for base in merged:
            if isinstance(base, Entries):
                for name, entry in base.entries.items():
                    entries.setdefault(name, entry)
            else:
                self.problems.add(base, f"`<<` merges mappings, found {shape(base)}")
        return entries
