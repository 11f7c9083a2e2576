"""The console for pipes and CI logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from buildtools.core.events import AnyEvent
from buildtools.reports.style import Style


class PlainConsole:
    """Writes each step as one block when it ends, and the failures again at the end."""

    def __init__(self, stream: TextIO, *, style: Style, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._style = style
        self._clock = clock

    def handle(self, event: AnyEvent) -> None:
        """Take one event."""

    def tick(self) -> None:
        """Called about once a second: say what still runs after 30 s without a word."""

    def close(self) -> None:
        """Nothing to release: the stream is the caller's."""
