"""The captured output of one step: whole in a file, its end in memory."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from io import FileIO
from pathlib import Path

TAIL = 8 * 2**10
LIMIT = 32 * 2**20
"""Bytes of output that are worth keeping with a step's result."""


def safe_name(step: str, place: int) -> str:
    """Return a file name for a step's id: short, plain, and unique through the step's place in the plan."""
    plain = re.sub(r"[^A-Za-z0-9.,=-]+", "_", step).strip("._-")[:80]
    return f"{place:03d}-{plain or 'step'}"


class StepLog:
    """Takes masked bytes from any thread. The file appears with the first one; without a folder there is none.

    If it cannot be written, `on_trouble` hears of it once, and only the end in memory goes on.
    """

    def __init__(self, folder: Path | None, name: str, on_trouble: Callable[[Path, OSError], None]) -> None:
        self.name = name
        self._path = None if folder is None else folder / f"{name}.log"
        self._on_trouble = on_trouble
        self._file: FileIO | None = None
        self._tail = b""
        self.size = 0
        """bytes written so far"""
        self._lock = threading.Lock()
        self.wrote = False
        """whether there is a file"""

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        with self._lock:
            self.size += len(piece)
            self._tail = piece[-TAIL:] if len(piece) >= TAIL else (self._tail + piece)[-TAIL:]
            if self._path is None:
                return
            try:
                if self._file is None:
                    self._file = self._open(self._path)
                rest = memoryview(piece)
                while rest:  # a disk that is nearly full takes a part
                    rest = rest[self._file.write(rest) or 0 :]
            except OSError as error:
                self._on_trouble(self._path, error)
                self._path = None

    def tail(self) -> str:
        """Return the end of what was written, at most 8 KiB, beginning at a whole character."""
        at = 0
        while at < min(4, len(self._tail)) and len(self._tail) == TAIL and self._tail[at] & 0xC0 == 0x80:
            at += 1
        return self._tail[at:].decode("utf-8", "replace")

    def content(self, start: int = 0) -> bytes | None:
        """Return what was written from byte `start` on; `None` if it is too long to keep, or was not written whole."""
        with self._lock:
            wanted = self.size - start
            if wanted <= len(self._tail):
                return self._tail[len(self._tail) - wanted :]
            if self._path is None or wanted > LIMIT:
                return None
            try:
                with self._path.open("rb") as file:
                    file.seek(start)
                    data = file.read()
            except OSError:
                return None
            return data if len(data) == wanted else None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._path = None
            if self._file is not None:
                self._file.close()

    def _open(self, path: Path) -> FileIO:
        try:
            file = FileIO(path, "wb")
        except FileNotFoundError:
            path.parent.mkdir(exist_ok=True)  # not its parents: a project that was removed must not come back
            file = FileIO(path, "wb")
        self.wrote = True
        return file
