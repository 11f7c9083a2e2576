"""TeamCity's service messages as text: one message is one line.

The syntax is that of https://www.jetbrains.com/help/teamcity/service-messages.html. Everything that is not printable
ASCII is written as an escape, so that neither the agent's encoding nor its line reader matters.
"""

from __future__ import annotations

import re

from buildtools.reports.xmltext import clean

_SPECIAL = re.compile(r"[|'\[\]\n\r]|[^ -~]")
_SHORT = {"|": "||", "'": "|'", "[": "|[", "]": "|]", "\n": "|n", "\r": "|r"}
_NOT_NAME = re.compile(r"[^A-Za-z0-9_]")


def message(kind: str, /, **values: str) -> str:
    """Return `##teamcity[KIND name='value' …]` with its line end; values that are empty are left out."""
    pairs = "".join(f" {name}='{escaped(value)}'" for name, value in values.items() if value)
    return f"##teamcity[{kind}{pairs}]\n"


def single(kind: str, value: str) -> str:
    """Return `##teamcity[KIND 'value']` with its line end: the form of messages that have one value only."""
    return f"##teamcity[{kind} '{escaped(value)}']\n"


def escaped(text: str) -> str:
    """Return text as it stands between the quotes: without terminal sequences, and without what XML cannot hold."""
    return _SPECIAL.sub(_escape, clean(text))


def identity(text: str) -> str:
    """Return the identity of a build problem: the same for the same text, a name of at most 60 characters."""
    from hashlib import sha256

    name = f"buildtools_{_NOT_NAME.sub('_', text)}"
    if len(name) <= 60 and name == f"buildtools_{text}":
        return name
    return f"{name[:47]}_{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in _SHORT:
        return _SHORT[char]
    # UTF-16, as Java has it: a character beyond 0xFFFF is two of them.
    data = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"|0x{data[at] << 8 | data[at + 1]:04X}" for at in range(0, len(data), 2))
