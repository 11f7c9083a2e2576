"""How a running step is ended from outside: an attempt by its timeout, the whole step by the end of the run."""

from __future__ import annotations

import threading
import time

from buildtools.core.model import Cause
from buildtools.system.stop import Stop


class Control:
    """Shared by the thread in which a step runs (`begin`, `conclude`) and the engine's (`expire`, `end`)."""

    def __init__(self, timeout: float | None) -> None:
        self.deadline: float | None = None
        """of the attempt under way, on the monotonic clock"""
        self.stopped_at: float | None = None
        self.over = False
        """no further attempt"""
        self._timeout = timeout
        self.cause = Cause.NONE
        """why the attempt under way is to stop"""
        self._stop = Stop()
        self._lock = threading.Lock()

    def begin(self) -> Stop:
        """An attempt begins: return what will tell it to stop."""
        with self._lock:
            if not self.over:
                self._stop = Stop()
                self.cause, self.stopped_at = Cause.NONE, None
                self.deadline = None if self._timeout is None else time.monotonic() + self._timeout
            return self._stop

    def conclude(self) -> Cause:
        """The attempt is over; return why it was stopped, if it was."""
        with self._lock:
            self.deadline = None
            cause = self.cause
        self._stop.set()  # a thread that the plugin left behind must not go on
        self._stop.close()
        return cause

    def expire(self) -> None:
        """The attempt's time is up."""
        self._end(Cause.TIMEOUT, for_good=False, urgent=False)

    def end(self, cause: Cause, *, urgent: bool = False) -> None:
        """The step is to stop for good; the first cause counts."""
        self._end(cause, for_good=True, urgent=urgent)

    def _end(self, cause: Cause, *, for_good: bool, urgent: bool) -> None:
        with self._lock:
            self.deadline = None
            self.over = self.over or for_good
            if self.cause is Cause.NONE:
                self.cause, self.stopped_at = cause, time.monotonic()
            stop = self._stop
        stop.set(urgent=urgent)
