"""Text in XML 1.0: only characters that it allows, escaped."""

from __future__ import annotations

import re

from buildtools.reports.ansi import strip

# XML 1.0, production 2: Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]
# What that leaves out is listed, since the complement takes ten times as long to compile (10 ms).
_NOT_CHAR = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile('[&<>"\n\t]')
_IN_CONTENT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_IN_ATTRIBUTE = str.maketrans(
    # A parser would turn line ends and tabs in an attribute into blanks.
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
)


def clean(text: str) -> str:
    """Return `text` without terminal sequences, with newlines as line ends, and U+FFFD for what XML 1.0 cannot hold."""
    if text.isascii() and text.isprintable():
        return text
    text = strip(text).replace("\r\n", "\n").replace("\r", "\n")
    return _NOT_CHAR.sub("\ufffd", text)


def content(text: str) -> str:
    """Return `text` cleaned and escaped for an element's content."""
    return clean(text).translate(_IN_CONTENT)


def attributes(**values: str | int) -> str:
    """Return ` name="value"` pairs, cleaned and escaped; those whose value is empty text are left out."""
    pairs = ""
    for name, value in values.items():
        if value != "":
            pairs += f' {name}="{_attribute(value)}"'
    return pairs


def _attribute(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    value = clean(value)
    return value.translate(_IN_ATTRIBUTE) if _SPECIAL.search(value) else value


def excerpt(text: str, limit: int) -> str:
    """Return `text` cleaned, at most about `limit` characters of it: a third from its beginning, the rest its end."""
    text = clean(text)
    if len(text) <= limit:
        return text
    head = limit // 3
    tail = limit - head
    return f"{text[:head]}\n[{len(text) - limit:,} characters left out]\n{text[-tail:] if tail else ''}"
