"""What a step says, on its way to the log and to whoever looks on."""

from __future__ import annotations

import codecs
import threading
import time
from collections.abc import Callable
from typing import Literal

from buildtools.core.encoding import whole
from buildtools.core.errors import StepError
from buildtools.core.events import Output, Progress
from buildtools.core.masking import MaskedStream
from buildtools.engine.dispatch import Dispatcher
from buildtools.engine.log import StepLog
from buildtools.engine.settings import RunSettings
from buildtools.system.process import CAPTURE_LIMIT

StreamName = Literal["stdout", "stderr"]

_PIECE = 64 * 2**10


class Voice:
    """Where all that a step says goes: its log, and its output events."""

    def __init__(self, step: str, log: StepLog, dispatcher: Dispatcher, settings: RunSettings) -> None:
        self._step = step
        self._log = log
        self._dispatcher = dispatcher
        self._masker = settings.masker
        self._own = self.stream("stdout")
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Add the step's own words. A secret that comes in several pieces is hidden too."""
        with self._lock:
            self._own.add(whole(text).encode())

    def pause(self) -> None:
        """Let go of what was held back of the step's own words: something else speaks now, or nobody any more."""
        with self._lock:
            self._own.finish()

    def note(self, text: str) -> None:
        """Add words to the log alone."""
        self._log.write(text.encode())

    def replay(self, data: bytes) -> None:
        """Add what was masked and logged in an earlier run."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for at in range(0, len(data), _PIECE):
            piece = data[at : at + _PIECE]
            self._log.write(piece)
            self._show(decoder.decode(piece, final=at + _PIECE >= len(data)), "stdout")

    def progress(self, done: int, total: int, note: str) -> None:
        """Say how far the work is."""
        event = Progress(time=time.time(), step=self._step, done=int(done), total=int(total), note=whole(note))
        self._dispatcher.push(event)

    def stream(self, name: StreamName) -> OutputStream:
        """Return a way in for one stream of one program."""
        return OutputStream(self._masker.stream(), self._log, lambda text: self._show(text, name))

    def _show(self, text: str, stream: StreamName) -> None:
        if text:
            self._dispatcher.push(Output(time=time.time(), step=self._step, text=text, stream=stream))


class OutputStream:
    """Bytes of one program's stream on their way: masked, logged, decoded, shown."""

    def __init__(self, masked: MaskedStream, log: StepLog, show: Callable[[str], None]) -> None:
        self._masked = masked
        self._log = log
        self._show = show
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, piece: bytes) -> bool:
        """Take a piece."""
        shown = self._masked.feed(piece)
        if shown:
            self._log.write(shown)
            self._show(self._decoder.decode(shown))
        return True

    def finish(self) -> None:
        """The stream has ended: let go of what was held back."""
        rest = self._masked.finish()
        if rest:
            self._log.write(rest)
        self._show(self._decoder.decode(rest, final=True))


class Lines:
    """Cuts a stream into lines for a step that reads them as they come."""

    def __init__(self, tool: str, take: Callable[[bytes], None]) -> None:
        self._tool = tool
        self._take = take
        self._parts: list[bytes] = []
        self._room = CAPTURE_LIMIT

    def add(self, piece: bytes) -> bool:
        """Take a piece; true if it ended a line. Raises `StepError` for a line longer than 64 MiB."""
        first, *others = piece.split(b"\n")
        self._parts.append(first)
        self._room -= len(first)
        if self._room < 0:
            raise StepError(f"{self._tool}: wrote a line longer than {CAPTURE_LIMIT // 2**20} MiB")
        for part in others:
            line = b"".join(self._parts)
            self._parts, self._room = [part], CAPTURE_LIMIT - len(part)
            self._take(line)
        return bool(others)

    def finish(self) -> None:
        """The stream has ended: a last line without its end is a line too."""
        line = b"".join(self._parts)
        self._parts = []
        if line:
            self._take(line)


class Tail:
    """Keeps the end of a stream, for messages about what a program complained of."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept = b""

    def add(self, piece: bytes) -> None:
        """Take a piece."""
        self._kept = (self._kept + piece)[-self._size :]

    def value(self) -> bytes:
        """Return the end."""
        return self._kept
