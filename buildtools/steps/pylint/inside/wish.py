"""What one run of pylint is to be, and what it turned out to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Sequence  # noqa: UP035 - for Python 3.8

from . import ahead
from .state import State
from .unchanged import Watch
from .unread import Reading


class Wish:
    """What a run is to be: `workers` (0: as many as there are processors), and where its state is, if one is kept.

    `before` is the last run's state, if there was one; `arguments` are pylint's.
    `told` is filled while it runs: the `workers` there were, `plain` (why there was one process that linted all),
    `unkept` (why nothing can be kept) and `why` (which files were linted, and why). `finish`, if something can be kept,
    keeps it, with the report.
    """

    def __init__(
        self,
        workers: int | None,
        state: Path | None = None,
        watch: Watch | None = None,
        before: State | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        self.workers = workers
        self.state = state
        self.watch = watch
        self.before = before
        self.told: dict[str, Any] = {"workers": 0, "plain": "", "unkept": "", "why": []}
        self.finish: Callable[[bytes], str] | None = None
        self.reading: Reading | None = None
        self._arguments = arguments
        self.ahead = ahead.begin(before, arguments) if workers != 1 else None

    @property
    def hooked(self) -> bool:
        """Whether an `init-hook` has run; where one is configured, `reading` knows."""
        told = any(word.startswith("--init-hook") for word in self._arguments)
        return told or (self.reading is not None and self.reading.hooked)

    def end(self) -> None:
        """Let nothing run on that was begun."""
        if self.ahead is not None:
            self.ahead.end()
