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

    def output(self, event: Output) -> None:
        """Remember the end of the output, cheaply: a program may write a hundred megabytes a second."""
        self.recent = (self.recent + event.text[-_RECENT:])[-_RECENT:]

    def progress(self, event: Progress) -> None:
        """Remember how far it is."""
        self.done, self.total, self.note = event.done, event.total, event.note

    @property
    def words(self) -> str:
        """The note of its progress, else its last line of output."""
        if self.note:
            return one_line(self.note)
        lines = tame(self.recent, color=False).replace("\t", " ").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def rows(running: Sequence[Moving], now: float, height: int, style: Style) -> Iterator[list[Part]]:
    """Yield the lines for the running steps, at most `height`, those that run longest first; parts are not cut."""
    shown = running if len(running) <= height else running[: max(height - 1, 0)]
    width = min(max((len(one_line(moving.step)) for moving in shown), default=0), _NAME)
    frames = _SPINNER[0 if style.unicode else 1]
    frame = frames[int(now * 8) % len(frames)]
    for moving in shown:
        name = one_line(moving.step)[:_NAME].ljust(width)
        yield [
            (f"{frame} ", "cyan"),
            (name, "bold"),
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
