"""What plugins print: it belongs to the step that prints it, not into the middle of the run's own output.

Only what is printed in the step's own thread can be told apart; what a thread of a plugin's own prints, or its native
code, goes where it always went.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO, cast

from buildtools.engine.voice import Voice

_Speaker = ContextVar[Voice | None]


class Printing:
    """Stands in for `sys.stdout` and `sys.stderr` while a run goes on."""

    def __init__(self) -> None:
        self._speaker: _Speaker = ContextVar("speaker", default=None)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Within the block, what a step prints becomes its output; the rest of the process prints as before."""
        kept = sys.stdout, sys.stderr
        sys.stdout = cast(TextIO, _Routed(sys.stdout, self._speaker))
        sys.stderr = cast(TextIO, _Routed(sys.stderr, self._speaker))
        try:
            yield
        finally:
            sys.stdout, sys.stderr = kept

    @contextmanager
    def by(self, voice: Voice) -> Iterator[None]:
        """Within the block, this thread prints for `voice`."""
        token = self._speaker.set(voice)
        try:
            yield
        finally:
            self._speaker.reset(token)


class _Routed(io.TextIOBase):
    """A text stream that asks at each call whom it is speaking for."""

    def __init__(self, stream: TextIO, speaker: _Speaker) -> None:
        self._stream = stream
        self._speaker = speaker

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The real stream's encoding."""
        return self._stream.encoding

    @property
    def buffer(self) -> io.RawIOBase:
        """The way in for bytes."""
        voice = self._speaker.get()
        return cast(io.RawIOBase, self._stream.buffer) if voice is None else _Bytes(voice)

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Hand the text to the step that speaks, or to the real stream."""
        voice = self._speaker.get()
        if voice is None:
            return self._stream.write(text)
        voice.say(text)
        return len(text)

    def flush(self) -> None:
        """Flush the real stream, if it is spoken to."""
        if self._speaker.get() is None:
            self._stream.flush()

    def fileno(self) -> int:
        """Return the real stream's descriptor."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Say whether a terminal listens; to a step, none does."""
        return self._speaker.get() is None and self._stream.isatty()


class _Bytes(io.RawIOBase):
    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raw = bytes(cast(bytes, data))
        self._voice.say(raw.decode("utf-8", "replace"))
        return len(raw)
