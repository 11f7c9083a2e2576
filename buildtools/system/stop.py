"""One request to stop, made in one thread and seen in others."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Stop:
    """Unset at first; once set, it stays set. `urgent` means: without any grace.

    `set` may be called from any thread, and again with `urgent`.
    """

    def __init__(self) -> None:
        self.is_set = False
        self.urgent = False
        self.since: float | None = None
        """when it was set, on the monotonic clock"""
        self._lock = threading.Lock()
        self._calls: list[tuple[Callable[[], None], bool]] = []
        self._pipe: tuple[int, int] | None = None

    def set(self, *, urgent: bool = False) -> None:
        """Ask everybody who listens to stop. What a listener raises is dropped: others must hear of it too."""
        with self._lock:
            hurried, self.urgent = urgent and not self.urgent, self.urgent or urgent
            first, self.is_set = not self.is_set, True
            if first:
                self.since = time.monotonic()
            calls = [call for call, hurry in self._calls if (hurried if hurry else first)]
            if first and self._pipe is not None:
                os.close(self._pipe[1])  # the read end becomes readable, for all who wait on it, and stays so
        for call in calls:
            with suppress(Exception):
                call()

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when this is set."""
        with self._lock:
            if self._pipe is None:
                self._pipe = os.pipe()
                if self.is_set:
                    os.close(self._pipe[1])
            return self._pipe[0]

    def close(self) -> None:
        """Give the descriptors back; nobody waits any more."""
        with self._lock:
            if self._pipe is not None:
                os.close(self._pipe[0])
                if not self.is_set:
                    os.close(self._pipe[1])
                self._pipe = None

    @contextmanager
    def calling(self, call: Callable[[], None], *, urgent: bool = False) -> Iterator[None]:
        """Within this, setting also calls `call`, from the thread that sets; at once if it is set already.

        With `urgent`, only setting it urgently does.
        """
        with self._lock:
            late = self.urgent if urgent else self.is_set
            self._calls.append((call, urgent))
        try:
            if late:
                call()
            yield
        finally:
            with self._lock:
                self._calls.remove((call, urgent))
