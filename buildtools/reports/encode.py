"""Values as JSON that every reader accepts, whatever text is in them."""

from __future__ import annotations

from typing import Any

import msgspec


def encode(value: object) -> bytes:
    """Return a value as one line of UTF-8 JSON. Lone surrogates, which UTF-8 cannot hold, become U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_whole(msgspec.to_builtins(value)))


def _whole(value: Any) -> Any:
    """Return a value made of builtins without lone surrogates in any string, key or value."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, (list, tuple)):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value
