"""Elements of HTML as text: what is not markup already is cleaned and escaped."""

from __future__ import annotations

from collections.abc import Iterable

from buildtools.reports.xmltext import clean

_IN_CONTENT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_ATTRIBUTE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_VOID = frozenset({"br", "input", "line", "link", "meta", "path", "polyline", "rect", "use"})


class Html(str):
    """Text that is markup: it is not escaped again."""

    __slots__ = ()


EMPTY = Html()
Attribute = str | int | bool | None


def escaped(text: str) -> Html:
    """Return text as content of an element."""
    return text if isinstance(text, Html) else Html(clean(text).translate(_IN_CONTENT))


def element(name: str, /, *children: str, **attributes: Attribute) -> Html:
    """Return an element. Of an attribute's name, `_` at the end is dropped, and others become `-`.

    `True` is an attribute without a value; `None`, `False` and an empty `class_` are none.
    """
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{head}>" if name not in _DRAWN else f"<{name}{head}/>")
    return Html(f"<{name}{head}>{''.join(map(escaped, children))}</{name}>")


_DRAWN = frozenset({"line", "path", "polyline", "rect", "use"})


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False or (key == "class_" and value == ""):
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    return f' {name}="{clean(str(value)).translate(_IN_ATTRIBUTE)}"'


def joined(parts: Iterable[str], between: str = "") -> Html:
    """Return parts one behind the other."""
    return Html(escaped(between).join(map(escaped, parts)))


def spaced(*parts: str) -> Html:
    """Return what is not empty of the parts, with a blank between: bare HTML must not run together."""
    return joined(filter(None, parts), " ")
