"""The moving part at the foot of a terminal: drawn over and over in place, while other text is written above it."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from buildtools.reports.cells import painted
from buildtools.reports.rows import Part
from buildtools.reports.style import Style, encodable

_FRAME = 1 / 8
_SHARE = 1 / 100
"""Of one processor, for drawing: a frame that took 5 ms is followed by none for 0.5 s."""
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
_UNWRAPPED, _WRAPPED = "\x1b[?7l", "\x1b[?7h"
_BELOW = "\x1b[J"
_ERASE = f"\r\x1b[K\x1b[C{_BELOW}\r"
"""Not from the first column: tmux would take a whole screen that is erased into its history."""
_NEXT = "\x1b[K\n"
Draw = Callable[[int], Sequence[Sequence[Part]]]


class LiveArea:
    """Draws what `draw(height)` returns, up to eight times a second, and lets text be written above it.

    rich's `Live` does the same at several times the cost, and leaves old lines behind when a terminal gets narrower.
    """

    def __init__(self, stream: TextIO, draw: Draw, *, style: Style) -> None:
        self._stream = stream
        self._draw = draw
        self._style = style
        self._lock = threading.Lock()
        self._ended = threading.Event()
        try:
            with self._lock:
                self._put(_HIDE + self._frame())
        except BaseException:
            self.close()
            raise
        self._thread = threading.Thread(target=self._go_on, name="buildtools-console", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Write whole lines above the moving ones."""
        with self._lock:
            self._put(f"{_ERASE}{encodable(text, self._stream)}{self._frame()}")

    def close(self) -> None:
        """Take the moving lines away and show the cursor; a terminal that is gone is no error."""
        self._ended.set()
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._put(f"{_ERASE}{_SHOW}")

    def _go_on(self) -> None:
        pause = _FRAME
        while not self._ended.wait(pause):
            began = time.thread_time()
            try:
                self._redraw()
            except (OSError, ValueError):
                return  # whoever writes next will hear of it
            pause = max(_FRAME, (time.thread_time() - began) / _SHARE)

    def _redraw(self) -> None:
        with self._lock:
            if not self._ended.is_set():
                self._put(self._frame())

    def _frame(self) -> str:
        """Return what draws the lines from the cursor on and takes it back to where they begin.

        There it stays until the next frame: however lines break anew as the terminal's size changes, and whatever
        somebody else writes meanwhile, all that is behind the cursor is old.
        """
        columns, rows = self._size()
        # One column stays free, since a full line makes some terminals wrap; and half the rows, for finished steps.
        drawn = self._draw(max(rows // 2, 1))
        lines = [painted(parts, max(columns - 1, 1), self._style, self._stream) for parts in drawn]
        back = f"\x1b[{len(lines) - 1}A" if len(lines) > 1 else ""
        # Terminals disagree about the width of some characters: no line may become two all the same.
        return f"\r{_UNWRAPPED}{_NEXT.join(lines)}{_BELOW}{_WRAPPED}\r{back}"

    def _size(self) -> tuple[int, int]:
        """Return the terminal's columns and rows."""
        with contextlib.suppress(OSError, ValueError):
            columns, rows = os.get_terminal_size(self._stream.fileno())
            if columns > 0 and rows > 0:
                return columns, rows
        columns, rows = shutil.get_terminal_size()
        return columns, rows

    def _put(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
