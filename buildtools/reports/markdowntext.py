"""Any text in GitHub's and GitLab's Markdown, without a meaning of its own."""

from __future__ import annotations

import re

from buildtools.reports.xmltext import clean

# Character references never stand for structure (CommonMark 0.31, section 2.5), in tables and raw HTML neither; so
# they are safer than backslashes, which mean nothing in some of these places.
_REFERENCES = {ord(char): f"&#{ord(char)};" for char in "&<>`*_[]\\|~#$@"}
_TICKS = re.compile("`+")
_CONTROL = re.compile("[\x7f-\x9f]")


def prose(text: str, limit: int = 300) -> str:
    """Return a text as one line; one that could call somebody (`@name`) as code. It must not begin a line."""
    line = _one_line(text, limit)
    return f"<code>{line.translate(_REFERENCES)}</code>" if "@" in line else line.translate(_REFERENCES)


def code(text: str, limit: int = 300) -> str:
    """Return a name, place or command as one line of code; empty for an empty text."""
    line = _one_line(text, limit)
    return f"<code>{line.translate(_REFERENCES)}</code>" if line else ""


def fenced(text: str, *, lines: int, limit: int = 4_000) -> str:
    """Return the end of a text as a block of code, at most so many lines and characters of it."""
    cleaned = _readable(text[-4 * limit :]).strip("\n")
    end = "\n".join(cleaned[-limit:].split("\n")[-lines:])
    longest = max((len(ticks) for ticks in _TICKS.findall(end)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{end}\n{fence}"


def _one_line(text: str, limit: int) -> str:
    line = " ".join(_readable(text[: 4 * limit]).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _readable(text: str) -> str:
    return _CONTROL.sub("\ufffd", clean(text))
