"""Text that UTF-8 can hold, and values as JSON that every reader accepts, whatever text is in them."""

from __future__ import annotations

from typing import Any

import msgspec


def encode(value: object) -> bytes:
    """Return a value as one line of UTF-8 JSON; lone surrogates become U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(whole_value(msgspec.to_builtins(value)))


def whole(text: str) -> str:
    """Return text without lone surrogates (such as file names that are no UTF-8 consist of)."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def whole_value(value: Any) -> Any:
    """Return a value made of builtins with every string in it, key or value, made whole."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, (list, tuple)):
        return [whole_value(item) for item in value]
    if isinstance(value, dict):
        return {whole_value(key): whole_value(item) for key, item in value.items()}
    return value
