"""Values from outside made fit for every reader: right types throughout, and text that UTF-8 can hold."""

from __future__ import annotations

from typing import Any

import msgspec

from buildtools.core.results import StepResult


def encode(value: object) -> bytes:
    """Return a value as one line of UTF-8 JSON; lone surrogates become U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_whole(msgspec.to_builtins(value)))


def checked(result: StepResult) -> StepResult:
    """Return the result as its JSON says it: lists become tuples, text becomes whole.

    Raises `TypeError` or `msgspec.ValidationError`, with the place, for what is not of its field's type.
    """
    return msgspec.json.decode(encode(result), type=StepResult)


def whole(text: str) -> str:
    """Return text without lone surrogates (such as file names that are no UTF-8 consist of)."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, (list, tuple)):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
