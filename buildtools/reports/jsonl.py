"""Events as JSON lines, for other programs."""

from __future__ import annotations

from typing import BinaryIO

from buildtools.core.encoding import encode
from buildtools.core.events import AnyEvent


class JsonLines:
    """Writes each event as one line of JSON, at once; the field `event` names its kind."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def handle(self, event: AnyEvent) -> None:
        """Write one event."""
        self._stream.write(encode(event) + b"\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing to release: the stream is the caller's."""
