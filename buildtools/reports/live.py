"""The console for terminals."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from buildtools.core.events import AnyEvent, Output, Progress, RunFinished, RunStarted, StepFinished, StepStarted
from buildtools.core.model import Status
from buildtools.reports.rows import Moving, Part, rows, totals
from buildtools.reports.style import Style, write
from buildtools.reports.transcript import Transcript

if TYPE_CHECKING:
    from buildtools.reports.livearea import LiveArea

_PATIENCE = 0.25
"""Seconds before anything moves: what is over by then is better read without."""


class LiveConsole:
    """What `PlainConsole` writes, above one moving line for each running step."""

    def __init__(self, stream: TextIO, *, style: Style, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._style = style
        self._clock = clock
        self._transcript = Transcript(style)
        self._began = clock()
        self._planned = 0
        self._lock = threading.Lock()  # the moving lines are drawn by another thread
        self._running: dict[str, Moving] = {}
        self._ended: Counter[Status] = Counter()
        self._area: LiveArea | None = None
        self._open = False

    def handle(self, event: AnyEvent) -> None:
        """Take one event."""
        with self._lock:
            self._note(event)
        text = self._transcript.take(event)
        if isinstance(event, RunFinished):
            self.close()
        if text:
            self._say(text)
        self.tick()

    def tick(self) -> None:
        """Called about once a second, and after each event: begin to draw once the run has lasted a moment."""
        if self._area is None and self._open and self._clock() - self._began >= _PATIENCE:
            from buildtools.reports.livearea import LiveArea

            self._area = LiveArea(self._stream, self._draw, style=self._style)

    def close(self) -> None:
        """Take the moving lines away and leave the terminal in order; also after an exception, also twice."""
        self._open = False
        area, self._area = self._area, None
        if area is not None:
            area.close()

    def _note(self, event: AnyEvent) -> None:
        match event:
            case RunStarted():
                self._began, self._planned = self._clock(), len(event.steps)
                self._open = not self._style.quiet
            case StepStarted():
                self._running[event.step] = Moving(step=event.step, since=self._clock())
            case Output() if event.step in self._running:
                self._running[event.step].output(event)
            case Progress() if event.step in self._running:
                self._running[event.step].progress(event)
            case StepFinished():
                self._running.pop(event.run.id, None)
                self._ended[event.run.result.status] += 1
            case _:
                pass

    def _say(self, text: str) -> None:
        if self._area is None:
            write(self._stream, text)
        else:
            self._area.write(text)

    def _draw(self, height: int) -> list[list[Part]]:
        """Return the lines to draw, at most `height`; called from the drawing thread."""
        now = self._clock()
        with self._lock:
            lines = list(rows(list(self._running.values()), now, height - 1, self._style))
            return [*lines, totals(self._ended, self._planned, len(self._running), now - self._began)]
