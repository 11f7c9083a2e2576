"""Following a test run while it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from buildtools.core.decoding import json_decoder
from buildtools.plugin import StepContext

_EVERY = 0.25
"""seconds between two looks at the log"""


class _Mark(msgspec.Struct):
    event: str
    id: str = ""
    total: int = 0


class Follower:
    """Counts in a growing log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._at = 0
        self._decoder = json_decoder(_Mark)
        self.done = 0
        self.total = 0
        self.note = ""

    def look(self) -> bool:
        """Read what was added; return whether anything changed."""
        try:
            with self._log.open("rb") as file:
                file.seek(self._at)
                data = file.read()
        except FileNotFoundError:
            return False
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            mark = self._decoder.decode(line)
            match mark.event:
                case "collected":
                    self.total = max(self.total, mark.total)
                case "begin":
                    self.note = mark.id
                case "end":
                    self.done += 1
        return bool(whole)


@contextmanager
def followed(ctx: StepContext, log: Path) -> Iterator[None]:
    """Tell the context how far the tests are, as long as the block lasts."""
    import threading

    over = threading.Event()
    follower = Follower(log)

    def follow() -> None:
        while not over.wait(_EVERY):
            if follower.look():
                ctx.progress(follower.done, follower.total, follower.note)

    thread = threading.Thread(target=follow, name="follow-tests", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if follower.look() or follower.done:
        ctx.progress(follower.done, follower.total)
