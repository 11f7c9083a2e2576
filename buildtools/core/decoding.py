"""JSON into structures, from whatever thread."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_making = threading.Lock()
_made: dict[Any, msgspec.json.Decoder[Any]] = {}


def from_json(data: bytes | bytearray | memoryview | str, kind: type[T]) -> T:
    """Return `data` as a `kind`; raises what `msgspec.json.decode` does."""
    return json_decoder(kind).decode(data)


def json_decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """Return the decoder of a kind, which any thread may use.

    msgspec (0.22) works out what a structure is made of when it is first asked for it; another thread that asks for the
    same at that moment gets a half of that, and crashes. So decoders are made by one thread at a time.
    """
    made = _made.get(kind)
    if made is None:
        with _making:
            made = _made[kind] = msgspec.json.Decoder(kind)
    return made
