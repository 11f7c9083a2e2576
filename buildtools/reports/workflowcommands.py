"""GitHub's workflow commands and environment files as text.

The syntax is that of https://docs.github.com/actions/reference/workflow-commands-for-github-actions; what is escaped,
and how, is read from GitHub's runner and its toolkit.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from buildtools.reports.xmltext import clean

_IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_NOT_NAME = re.compile(r"[^A-Za-z0-9_-]+")


def command(kind: str, data: str = "", /, **properties: str) -> str:
    """Return `::KIND name=value,…::DATA` with its line end; properties that are empty are left out."""
    pairs = ",".join(f"{name}={clean(value).translate(_IN_PROPERTY)}" for name, value in properties.items() if value)
    return f"::{kind}{' ' if pairs else ''}{pairs}::{clean(data).translate(_IN_DATA)}\n"


def masks(hidden: Iterable[str]) -> str:
    """Return the commands that hide these texts in the whole log, line by line, as the runner looks for them."""
    lines = dict.fromkeys(line.strip() for text in hidden for line in text.splitlines() if line.strip())
    return "".join(f"::add-mask::{line.translate(_IN_DATA)}\n" for line in lines)


def literally(text: str, token: str) -> str:
    """Return text in which the runner looks for no commands; `token` is what nobody else knows."""
    if not text:
        return ""
    ending = "" if text.endswith("\n") else "\n"
    return f"::stop-commands::{token}\n{text}{ending}::{token}::\n"


def assignment(name: str, value: str) -> str:
    """Return the lines of an environment file that give a name, of letters, digits, `_` and `-`, a value."""
    mark = f"value_{secrets.token_hex(16)}"
    return f"{_NOT_NAME.sub('-', name)}<<{mark}\n{clean(value)}\n{mark}\n"
