"""The moving part at the foot of a terminal, drawn by rich."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from buildtools.reports.rows import Part
from buildtools.reports.style import Style, encodable

_FRAMES = 8
Draw = Callable[[int], Sequence[Sequence[Part]]]


class _Terminal(Console):
    def on_broken_pipe(self) -> None:
        # rich would end the process here; this sink is switched off instead.
        raise BrokenPipeError


class _Verbatim:
    """Text that rich neither wraps, measures nor colours."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self._text)


class LiveArea:
    """Draws what `draw(height)` returns, eight times a second, and lets text be written above it."""

    def __init__(self, stream: TextIO, draw: Draw, *, style: Style) -> None:
        self._stream = stream
        self._draw = draw
        self._style = style
        self._console = _Terminal(
            file=stream,
            force_terminal=True,
            color_system="standard" if style.color else None,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
        )
        self._live = Live(
            console=self._console,
            get_renderable=self._lines,
            refresh_per_second=_FRAMES,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        try:
            self._live.start(refresh=True)
        except BaseException:
            self.close()
            raise

    def write(self, text: str) -> None:
        """Write whole lines above the moving ones."""
        self._console.print(_Verbatim(encodable(text, self._stream)), crop=False, end="")

    def close(self) -> None:
        """Take the moving lines away and show the cursor; a terminal that is gone is no error."""
        with contextlib.suppress(OSError, ValueError):
            self._live.stop()
        with contextlib.suppress(OSError, ValueError):
            self._console.show_cursor(True)

    def _lines(self) -> Text:
        size = self._console.size
        # One column stays free, since a full line makes some terminals wrap; and half the rows, for finished steps.
        width = max(size.width - 1, 1)
        lines = [self._line(parts, width) for parts in self._draw(max(size.height // 2, 2))]
        return Text("\n", no_wrap=True, overflow="crop").join(lines)

    def _line(self, parts: Sequence[Part], width: int) -> Text:
        line = Text(no_wrap=True, overflow="crop", end="")
        for text, look in parts:
            line.append(encodable(text, self._stream), look or None)
        line.truncate(width, overflow="ellipsis" if self._style.unicode else "crop")
        return line
