"""The console for terminals."""

from __future__ import annotations

from typing import TextIO

from buildtools.core.events import AnyEvent
from buildtools.reports.style import Style


class LiveConsole:
    """What `PlainConsole` writes, above one moving line for each running step."""

    def __init__(self, stream: TextIO, *, style: Style) -> None:
        self._stream = stream
        self._style = style

    def handle(self, event: AnyEvent) -> None:
        """Take one event."""

    def tick(self) -> None:
        """Nothing to do: the moving lines say that the run is alive."""

    def close(self) -> None:
        """Take the moving lines away and leave the terminal in order; also after an exception, also twice."""
