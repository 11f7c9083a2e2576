"""Text in XML 1.0: only characters that it allows, escaped."""

from __future__ import annotations

import re

from buildtools.core.sequences import strip

# XML 1.0, production 2: Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]
# What that leaves out is listed, since the complement takes ten times as long to compile (10 ms).
_NOT_CHAR = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile('[&<>"\n\t]')


def clean(text: str) -> str:
    """Return `text` without terminal sequences, with newlines as line ends, and U+FFFD for what XML 1.0 cannot hold."""
    if text.isascii() and text.replace("\n", " ").isprintable():
        return text
    text = strip(text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _NOT_CHAR.sub("\ufffd", text)


def escaped(text: str) -> str:
    """Return clean text escaped for an element's content."""
    # Three searches are several times as fast as one `str.translate`.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attributes(**values: str | int) -> str:
    """Return ` name="value"` pairs, cleaned and escaped; those whose value is empty text are left out."""
    pairs = ""
    for name, value in values.items():
        if value != "":
            pairs += f' {name}="{value if isinstance(value, int) else quoted(clean(value))}"'
    return pairs


def quoted(text: str) -> str:
    """Return clean text escaped for an attribute in double quotes."""
    if not _SPECIAL.search(text):
        return text
    # A parser would turn line ends and tabs in an attribute into blanks.
    return escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def excerpt(text: str, limit: int) -> str:
    """Return `text` cleaned, at most about `limit` characters of it: a third from its beginning, the rest its end."""
    text = clean(text)
    if len(text) <= limit:
        return text
    head = limit // 3
    tail = limit - head
    return f"{text[:head]}\n[{len(text) - limit:,} characters left out]\n{text[-tail:] if tail else ''}"
