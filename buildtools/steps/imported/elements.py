"""XML from anywhere, by expat: no entity is declared, nothing is fetched, and nothing grows beyond the file's size."""

from __future__ import annotations

from typing import Protocol
from xml.parsers import expat

import msgspec

from buildtools.steps.imported.imported import Unreadable

_DEEPEST = 200
_MOST_WITHIN = 500_000


class Element(msgspec.Struct):
    """An element with its attributes, names without prefixes. `text` is what stands directly in it."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = []


class Taker(Protocol):
    """What is told of a document: elements named in `whole` when they end, with all that is in them; others by turns.

    It may raise `Unreadable`, to which the line is added.
    """

    whole: frozenset[str]

    def begin(self, element: Element) -> None:
        """Take an element that begins, without its content."""

    def end(self, element: Element) -> None:
        """Take an element that ends; only one in `whole` has its content."""


def walk(data: bytes, taker: Taker) -> None:
    """Tell `taker` of each element in order. Raises `Unreadable` for what is no XML, or more than a report needs.

    A document type may be named, as Cobertura's reports do: it is not fetched.
    """
    builder = _Builder(taker)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.EntityDeclHandler = _no_declaration
    parser.SkippedEntityHandler = _no_entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        words = expat.ErrorString(error.code) or "not well-formed"
        raise Unreadable(f"line {error.lineno}, column {error.offset + 1}: {words}") from None
    except Unreadable as error:
        raise Unreadable(f"line {parser.CurrentLineNumber}: {error}") from None
    except (ValueError, LookupError) as error:  # an encoding that Python has not, or not for this
        raise Unreadable(f"line {parser.CurrentLineNumber}: {error}") from None


def root_of(data: bytes) -> str:
    """Return the name of the document's element. Raises `Unreadable` if there is none before something is wrong."""
    first = _First()
    try:
        walk(data, first)
    except Unreadable:
        if not first.name:
            raise
    return first.name


class _First:
    whole: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.name = ""

    def begin(self, element: Element) -> None:
        self.name = element.name
        raise Unreadable("seen")

    def end(self, element: Element) -> None: ...


class _Builder:
    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self._open: list[Element] = []
        self._kept = 0
        """how many of the open elements are in one that is wanted whole"""
        self._within = 0
        self._texts: list[list[str]] = []
        """what stands directly in each open element; joined once, since a text comes in many pieces"""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        if len(self._open) >= _DEEPEST:
            raise Unreadable(f"elements are nested deeper than {_DEEPEST}")
        if self._kept:
            self._open[-1].children.append(element)
            self._within += 1
            if self._within > _MOST_WITHIN:
                raise Unreadable(f"more than {_MOST_WITHIN:,} elements in one <{self._open[-self._kept].name}>")
        else:
            self._taker.begin(element)
        if self._kept or element.name in self._taker.whole:
            self._kept += 1
        self._open.append(element)
        self._texts.append([])

    def end(self, _name: str) -> None:
        element = self._open.pop()
        element.text = "".join(self._texts.pop())
        if self._kept:
            self._kept -= 1
            if self._kept:
                return
            self._within = 0
        self._taker.end(element)

    def text(self, text: str) -> None:
        if self._kept:
            self._texts[-1].append(text)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _no_declaration(name: str, *_rest: object) -> None:
    raise Unreadable(f"declares the entity {name!r}: refused")


def _no_entity(name: str, _parameter: object) -> None:
    raise Unreadable(f"names the entity {name!r}, which nobody declares here")
