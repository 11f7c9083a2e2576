"""The console for pipes and CI logs: each step as one block when it ends, dressed as the CI system reads it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TextIO

from buildtools.core.events import AnyEvent, RunFinished, StepFinished, StepStarted
from buildtools.reports.ansi import one_line
from buildtools.reports.style import Style, duration, write
from buildtools.reports.transcript import Transcript

HEARTBEAT = 30.0
_NAMED = 8


class Dress(Protocol):
    """What a CI system wants around, or in place of, the text of a console; all texts are whole lines or empty."""

    def event(self, event: AnyEvent, text: str) -> str:
        """Return what to write at an event, whose plain text this is."""

    def note(self, text: str) -> str:
        """Return what to write in place of a word between the events."""


class Bare:
    """No dress at all."""

    def event(self, event: AnyEvent, text: str) -> str:  # noqa: ARG002 - as `Dress` has it
        """Return the text."""
        return text

    def note(self, text: str) -> str:
        """Return the text."""
        return text


class PlainConsole:
    """Writes each step as one block when it ends, and the failures again at the end."""

    def __init__(
        self, stream: TextIO, *, style: Style, dress: Dress | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._style = style
        self._dress = dress or Bare()
        self._clock = clock
        self._transcript = Transcript(style)
        self._running: dict[str, float] = {}
        self._spoke = clock()

    def handle(self, event: AnyEvent) -> None:
        """Take one event."""
        match event:
            case StepStarted():
                self._running.setdefault(event.step, self._clock())
            case StepFinished():
                self._running.pop(event.run.id, None)
            case RunFinished():
                self._running.clear()
            case _:
                pass
        self._say(self._dress.event(event, self._transcript.take(event)))

    def tick(self) -> None:
        """Called about once a second: say what still runs after 30 s without a word, lest CI calls the run dead."""
        now = self._clock()
        if self._style.quiet or not self._running or now - self._spoke < HEARTBEAT:
            return
        steps = [f"{one_line(step)} ({duration(now - since)})" for step, since in self._running.items()]
        more = f" and {len(steps) - _NAMED} more" if len(steps) > _NAMED else ""
        words = f"{self._style.dash} still running: {', '.join(steps[:_NAMED])}{more}"
        self._say(self._dress.note(f"{words}\n"))

    def close(self) -> None:
        """Nothing to release: the stream is the caller's."""

    def _say(self, text: str) -> None:
        if text:
            write(self._stream, text)
            self._spoke = self._clock()
