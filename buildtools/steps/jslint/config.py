"""A file of JSLint's options: one JSON object, strictly, whose every mistake is told with line and column.

```json
{"browser": true, "indent2": true, "globals": ["jQuery"]}
```

It is the one that the option `config` names, else the nearest `.jslintrc` from the linted folder up to the project's
root. One file counts, for all files of the step: nothing is merged, and nothing outside the project is looked at.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import msgspec

from buildtools.plugin import StepError

USUAL = ".jslintrc"
GLOBALS = ("globals", "predef")
"""Names for the list of globals; `predef` is what JSLint called it until 2014."""
NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
"""What JSLint takes for a name: nothing beyond ASCII."""

_LARGEST = 999_999_999
_SPACE = re.compile(r"[ \t\n\r]*")


class Config(msgspec.Struct, frozen=True):
    """What a file says; `places` tells for each option where, as `path:line:column`."""

    options: dict[str, bool | int] = {}
    globals: tuple[str, ...] = ()
    places: dict[str, str] = {}


def find_config(asked: Path | None, start: Path, root: Path) -> Path | None:
    """Return the file to read: `asked`, or the nearest one from `start` (absolute) up to `root`, or `None`."""
    if asked:
        return asked
    inside = start.is_relative_to(root)
    for folder in (start, *start.parents):
        # A link to nowhere counts: it is an error to tell, not a file to overlook.
        if os.path.lexists(folder / USUAL):
            return folder / USUAL
        if folder == root or not inside:
            break
    return None


def read_config(path: Path, shown: str) -> Config:
    """Read such a file; `shown` is how messages name it. Raises `StepError` with the place and what to do."""
    try:
        data = path.read_bytes()
    except OSError as error:
        remedy = "Correct the option `config:`, or take it out." if path.name != USUAL else ""
        raise StepError(f"{shown}: {error.strerror}", remedy=remedy) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"{shown}:{data.count(10, 0, error.start) + 1}"
        said = f"{place}: not UTF-8: byte 0x{data[error.start]:02x}"
        raise StepError(said, remedy="Save the file as UTF-8.") from None
    return _Reader(text, shown).config()


class _Reader:
    """Reads the text; knows where in it things stand."""

    def __init__(self, text: str, shown: str) -> None:
        self._text = text
        self._shown = shown

    def config(self) -> Config:
        self._check()
        options: dict[str, bool | int] = {}
        names: list[str] = []
        places: dict[str, str] = {}
        for key, value, key_at, at in self._members():
            if key in places:
                self._refuse(key_at, f"{key!r} stands here for the second time", "Take one of the two out.")
            places[key] = self._place(key_at)
            if key in GLOBALS:
                names += self._names(key, value, at)
            elif not NAME.fullmatch(key):
                self._refuse(key_at, f"{key!r} cannot be the name of a JSLint option", _OPTIONS)
            elif isinstance(value, int) and abs(value) <= _LARGEST:
                options[key] = value
            else:
                said = json.dumps(value)[:80]
                self._refuse(at, f"{key}: {said} is neither true nor false nor a whole number", _OPTIONS)
        return Config(options, tuple(names), places)

    def _check(self) -> None:
        """Refuse what is not JSON, or another value than an object."""
        try:
            value = json.loads(self._text, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            self._refuse(error.pos, f"not JSON: {error.msg}", _JSON)
        except (ValueError, RecursionError) as error:
            raise StepError(f"{self._shown}: not JSON: {error}", remedy=_JSON) from None
        if not isinstance(value, dict):
            self._refuse(_after_space(self._text, 0), "this must be one JSON object, of JSLint's options", _OPTIONS)

    def _members(self) -> Iterator[tuple[str, object, int, int]]:
        """Yield the object's keys and values, and where each stands. The text has been checked."""
        text, decode = self._text, json.JSONDecoder().raw_decode
        at = _after_space(text, _after_space(text, 0) + 1)
        while text[at] != "}":
            key, end = decode(text, at)
            value_at = _after_space(text, _after_space(text, end) + 1)
            value, end = decode(text, value_at)
            yield key, value, at, value_at
            at = _after_space(text, end)
            if text[at] == ",":
                at = _after_space(text, at + 1)

    def _names(self, key: str, value: object, at: int) -> list[str]:
        """Return a list of JavaScript names."""
        if not isinstance(value, list):
            self._refuse(at, f"{key} must be a list of names", f'Write it as "{key}": ["jQuery", "$"].')
        for name in value:
            if not isinstance(name, str) or not NAME.fullmatch(name):
                said = json.dumps(name)[:80]
                self._refuse(at, f"{key}: {said} is not a JavaScript name", f'Write it as "{key}": ["jQuery", "$"].')
        return value

    def _place(self, at: int) -> str:
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        return f"{self._shown}:{line}:{column}"

    def _refuse(self, at: int, message: str, remedy: str) -> NoReturn:
        raise StepError(f"{self._place(at)}: {message}", remedy=remedy) from None


_JSON = "Write strict JSON: names and texts in double quotes, no comment, no comma after the last entry."
_OPTIONS = 'Write options as "browser": true, without quotes around the value, and globals as "globals": ["jQuery"].'


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
