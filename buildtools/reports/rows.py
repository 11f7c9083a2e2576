"""The moving lines of the live console: one for each running step, one for the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from buildtools.core.events import Output, Progress
from buildtools.core.model import Status
from buildtools.reports.ansi import one_line, tame
from buildtools.reports.style import Style, duration

_RECENT = 2_000
_WORDS = 500
_NAME = 32
_BAR = 16
_SPINNER = ("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\")
Part = tuple[str, str]
"""A piece of a line, and how it looks: one of `Style.paint`'s names, or nothing."""


class Moving(msgspec.Struct):
    """A running step as far as its line needs it; `since` is on the console's clock."""

    step: str
    since: float
    recent: str = ""
    done: int = 0
    total: int = 0
    note: str = ""
    name: str = ""
    known: str | None = ""
    """the words that are shown, as long as nothing came since"""

    def __post_init__(self) -> None:
        self.name = one_line(self.step)[:_NAME]

    def output(self, event: Output) -> None:
        """Remember the end of the output, cheaply: a program may write a hundred megabytes a second."""
        self.recent = (self.recent + event.text[-_RECENT:])[-_RECENT:]
        self.known = None

    def progress(self, event: Progress) -> None:
        """Remember how far it is."""
        self.done, self.total, self.note = event.done, event.total, event.note
        self.known = None

    @property
    def words(self) -> str:
        """The note of its progress, else its last line of output."""
        if self.known is None:
            self.known = (one_line(self.note) if self.note else self._last_line())[:_WORDS]
        return self.known

    def _last_line(self) -> str:
        rest = self.recent.rstrip()
        while rest:
            rest, _, line = rest.rpartition("\n")
            if words := tame(line, color=False).replace("\t", " ").strip():
                return words
        return ""


def rows(running: Sequence[Moving], now: float, height: int, style: Style) -> Iterator[list[Part]]:
    """Yield the lines for the running steps, at most `height`, those that run longest first; parts are not cut."""
    shown = running if len(running) <= height else running[: max(height - 1, 0)]
    width = max((len(moving.name) for moving in shown), default=0)
    frames = _SPINNER[0 if style.unicode else 1]
    frame = frames[int(now * 8) % len(frames)]
    for moving in shown:
        yield [
            (f"{frame} ", "cyan"),
            (moving.name.ljust(width), "bold"),
            (f" {duration(max(now - moving.since, 0.0)):>9}  ", ""),
            *bar(moving.done, moving.total, style),
            (moving.words, "dim"),
        ]
    if len(shown) < len(running) and height > 0:
        yield [(f"{style.dash} and {len(running) - len(shown)} more running", "dim")]


def bar(done: int, total: int, style: Style) -> list[Part]:
    """Return a bar with numbers behind it, or only the number done where nobody knows the total."""
    if total <= 0:
        return [(f"{done:,}  ", "dim")] if done > 0 else []
    filled = min(max(done, 0), total) * _BAR // total
    full, empty = ("━", "─") if style.unicode else ("#", "-")
    return [(full * filled, "green"), (empty * (_BAR - filled), "dim"), (f" {done:,}/{total:,}  ", "")]


def totals(ended: Counter[Status], planned: int, running: int, seconds: float) -> list[Part]:
    """Return the line about the whole run: `7/60 done, 8 running, 1 failed  12.3 s`."""
    done = sum(ended.values())
    parts = [f"{done}/{max(planned, done + running)} done", f"{running} running"]
    parts += [f"{ended[status]} {status.value}" for status in (Status.FAILED, Status.ERROR) if ended[status]]
    return [(f"{', '.join(parts)}  {duration(seconds)}", "red" if len(parts) > 2 else "bold")]
