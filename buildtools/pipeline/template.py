"""The grammar of `${…}`: a text cut into literals and references, each with the offset at which it stands.

`${name}`, `${name:-default}` where the default may hold references, and `$${` for a literal `${`. Any other `$` is
itself, so that `$HOME` and `$(date)` reach a shell as they are.
"""

from __future__ import annotations

import re

import msgspec

_DEEPEST = 5


class Reference(msgspec.Struct, frozen=True):
    """`${name}` or `${name:-default}`; `offset` is where its `$` stands in the text, `length` reaches to its `}`."""

    name: str
    offset: int
    length: int
    default: tuple[str | Reference, ...] | None = None


Parts = tuple[str | Reference, ...]


class BadTemplate(ValueError):
    """The text is not one of ours; `offset` says where."""

    def __init__(self, message: str, offset: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint


_TOKEN = re.compile(r"\$\$\{|\$\{|\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(?:\[[^\]{}$]*\][A-Za-z0-9_.-]*)?")
"""a property, `env.NAME`, or `steps.unit[django=5.2].OUTPUT`"""


def split(text: str) -> Parts:
    """Return the literals and references of a text. Raises `BadTemplate`."""
    if "${" not in text:
        return (text,) if text else ()
    parts, end = _parts(text, 0, depth=0)
    return parts if end == len(text) else (*parts, text[end:])


def references(parts: Parts) -> list[Reference]:
    """Return all references in the parts, those within defaults too."""
    found: list[Reference] = []
    for part in parts:
        if isinstance(part, Reference):
            found.append(part)
            found += references(part.default or ())
    return found


def _parts(text: str, at: int, *, depth: int) -> tuple[Parts, int]:
    """Read up to the end of the text or, within a default, up to its `}`; return the parts and the index reached."""
    parts: list[str | Reference] = []
    literal = ""
    while True:
        token = _TOKEN.search(text, at)
        if token is None:
            literal, at = literal + text[at:], len(text)
            break
        literal += text[at : token.start()]
        if token.group() == "}":
            if depth:
                at = token.start()
                break
            literal, at = literal + "}", token.end()
        elif token.group() == "$${":
            literal, at = literal + "${", token.end()
        else:
            reference = _reference(text, token.start(), depth=depth)
            parts += [literal, reference] if literal else [reference]
            literal, at = "", reference.offset + reference.length
    if literal:
        parts.append(literal)
    return tuple(parts), at


def _reference(text: str, begin: int, *, depth: int) -> Reference:
    if depth >= _DEEPEST:
        raise BadTemplate(f"defaults are nested deeper than {_DEEPEST} levels", begin)
    hint = "For a literal `${`, as a shell needs it, write `$${`."
    name = _NAME.match(text, begin + 2)
    if name is None:
        what = "`${` is not closed" if "}" not in text[begin:] else "a name must follow `${`"
        raise BadTemplate(what, begin, hint)
    at = name.end()
    if text.startswith("}", at):
        return Reference(name.group(), begin, at + 1 - begin)
    if not text.startswith(":-", at):
        closed = "}" in text[at:]
        what = f"`{text[begin:at]}` is followed by neither `}}` nor `:-`" if closed else "`${` is not closed"
        raise BadTemplate(what, begin, hint)
    default, end = _parts(text, at + 2, depth=depth + 1)
    if not text.startswith("}", end):
        raise BadTemplate("`${` is not closed", begin, hint)
    return Reference(name.group(), begin, end + 1 - begin, default)
