"""One bounded queue of events, and one thread that hands them to all sinks: no sink needs a lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, Full, Queue

from buildtools.core.errors import BuildtoolsError
from buildtools.core.events import AnyEvent, Output, Progress, Sink, StepFinished, StepStarted
from buildtools.core.masking import Masker

_DEPTH = 64
"""Events that may wait. An `Output` holds at most 64 KiB of text, so a slow sink holds back a flood at a few MiB."""
_TICK = 1.0
_BREATH = 0.01
"""Seconds to let events gather once all are shown: waking for each would take the processor from starting steps."""


class Dispatcher:
    """Takes events from any thread and shows them, masked, to every sink in one order.

    A sink that raises is switched off and said in `problems`, which others may add to; one whose reader has gone away
    (`| head -1`) is switched off in silence. What comes for a step after its `StepFinished` is dropped. A sink that
    has a method `tick` gets it called about once a second.
    """

    def __init__(self, sinks: Sequence[Sink], masker: Masker) -> None:
        self._sinks = list(sinks)
        self._active = list(sinks)
        self._masker = masker
        self._queue: Queue[AnyEvent | threading.Event | None] = Queue(_DEPTH)
        self._problems: dict[str, None] = {}
        self._finished: set[str] = set()
        self._deadline = float("inf")
        self._waited_for = threading.Event()
        self._thread = threading.Thread(target=self._consume, name="buildtools-events", daemon=True)
        self._thread.start()

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong outside of every step, so far, each once."""
        return tuple(self._problems)

    def problem(self, text: str) -> None:
        """Add a problem."""
        self._problems[self._masker.text(text)] = None

    def push(self, event: AnyEvent) -> None:
        """Queue an event; waits while the queue is full, unless there is no time left for that."""
        self._put(event)

    def hurry(self, patience: float) -> None:
        """Wait no longer than `patience` seconds for sinks that take nothing: the user wants out. Takes no lock."""
        self._deadline = min(self._deadline, time.monotonic() + patience)

    def drain(self) -> None:
        """Wait until the sinks have seen all events that were pushed so far."""
        self._waited_for.set()
        seen = threading.Event()
        self._put(seen)
        while not seen.wait(0.25) and not self._hopeless():
            pass

    def close(self) -> None:
        """Let the sinks see the rest, close them, end the thread; a second call does nothing."""
        self._waited_for.set()
        if self._thread.is_alive():
            self._put(None)
        while self._thread.is_alive() and not self._hopeless():
            self._thread.join(0.25)

    def _hopeless(self) -> bool:
        return not self._thread.is_alive() or time.monotonic() > self._deadline

    def _put(self, item: AnyEvent | threading.Event | None) -> None:
        while True:
            try:
                return self._queue.put(item, timeout=0.25)
            except Full:
                if self._hopeless():
                    return None

    def _consume(self) -> None:
        ticks = [(sink, sink.tick) for sink in self._sinks if hasattr(sink, "tick")]
        due = time.monotonic() + _TICK if ticks else float("inf")
        while True:
            try:
                item = self._queue.get(timeout=max(0.0, due - time.monotonic()) if ticks else None)
            except Empty:
                pass
            else:
                if item is None:
                    break
                if isinstance(item, threading.Event):
                    item.set()
                else:
                    self._show(item)
                    if self._queue.empty():
                        self._waited_for.wait(_BREATH)
            if time.monotonic() >= due:
                due = time.monotonic() + _TICK
                for sink, tick in ticks:
                    if sink in self._active:
                        self._guard(sink, tick)
        for sink in self._sinks:
            self._guard(sink, sink.close)

    def _show(self, event: AnyEvent) -> None:
        if isinstance(event, StepFinished):
            self._finished.add(event.run.id)
        elif isinstance(event, (Output, Progress, StepStarted)) and event.step in self._finished:
            return
        if self._masker and not isinstance(event, Output):  # output was masked as it came
            event = self._masker.value(event)
        for sink in self._active.copy():
            self._guard(sink, sink.handle, event)

    def _guard(self, sink: Sink, call: Callable[..., object], *arguments: object) -> None:
        try:
            call(*arguments)
        except BrokenPipeError:
            self._switch_off(sink)
        except BuildtoolsError as error:
            self._switch_off(sink)
            self.problem(str(error))
        except Exception as error:  # whatever a sink does, the run goes on
            self._switch_off(sink)
            name = getattr(sink, "name", type(sink).__name__)
            self.problem(f"{name}: switched off after {_said(error)}")

    def _switch_off(self, sink: Sink) -> None:
        if sink in self._active:
            self._active.remove(sink)


def _said(error: Exception) -> str:
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
