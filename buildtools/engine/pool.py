"""Threads for steps: started when needed, used again, left behind when a step never comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Pool:
    """Runs calls in daemon threads. The one thread that owns the pool says how many calls are under way.

    Daemons, so that a plugin which cannot be stopped does not keep the process from ending.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._lost = 0

    def submit(self, call: Callable[[], None]) -> None:
        """Run `call`, which must not raise, at once."""
        self._busy += 1
        if self._busy > len(self._threads) - self._lost:
            thread = threading.Thread(target=self._work, name=f"buildtools-step-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._calls.put(call)

    def done(self) -> None:
        """One call has come back."""
        self._busy -= 1

    def abandon(self) -> None:
        """One call will not come back in time: count its thread out."""
        self._busy -= 1
        self._lost += 1

    def close(self) -> None:
        """End the threads; wait for all, if none was abandoned."""
        for _ in self._threads:
            self._calls.put(None)
        if not self._lost:
            for thread in self._threads:
                thread.join()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
