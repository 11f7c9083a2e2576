"""Bytes by name in a folder: what was put comes back whole, or not at all.

A blob is a file `ab/cdef…`, named by the sha-256 of its name. It begins with a magic line and the sha-256 of that name
and the content together, so that a damaged, truncated, foreign or swapped file is recognised: it is removed and counts
as absent. Writing replaces whole files, so any number of processes may share a folder. Nothing is synced to the disk: a
blob that a power failure took is absent.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from buildtools.system.opening import without_waiting
from buildtools.system.replace import replace_file

_MAGIC = b"buildtools blob 1\n"
_HEAD = len(_MAGIC) + 32
_HOUR = 3600.0
"""Seconds between two refreshments of a blob's time of use: more often would cost a write for each read."""


class Store:
    """The blobs of one folder, which is made with the first one. Its methods may be called from any thread.

    Nothing here raises for what a disk does. The first trouble is kept for `trouble()`, and ends all writing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written = 0
        """bytes that were put"""
        self._base = os.fspath(folder)
        self._closed = False
        self._trouble = self._untold = ""
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """Return what was last put under `name`, or `None`."""
        key = sha256(name.encode("utf-8", "surrogatepass")).digest()
        path = self._path(key)
        try:
            with open(path, "rb", buffering=0, opener=without_waiting) as file:
                about = os.fstat(file.fileno())
                blob = file.readall()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.note("read", error)
            return None
        data = blob[_HEAD:]
        if blob[:_HEAD] != _head(key, data):
            self._discard(path)
            return None
        self._refresh(path, about.st_mtime)
        return data

    def put(self, name: str, data: bytes) -> bool:
        """Keep `data` under `name`; return whether that could be done."""
        if self._closed:
            return False
        key = sha256(name.encode("utf-8", "surrogatepass")).digest()
        try:
            replace_file(Path(self._path(key)), _head(key, data) + data)
        except OSError as error:
            self._closed = True
            self.note("written", error)
            return False
        self.written += len(data)
        return True

    def holds(self, name: str) -> bool:
        """Whether there is something under `name`, undamaged or not; that counts as a use of it."""
        path = self._path(sha256(name.encode("utf-8", "surrogatepass")).digest())
        try:
            about = os.stat(path)  # noqa: PTH116
        except OSError:
            return False
        self._refresh(path, about.st_mtime)
        return True

    def trouble(self) -> str:
        """Return why the folder could not be used, once; empty if it could, or if that was told already."""
        if not self._trouble:
            return ""
        with self._lock:
            text, self._untold = self._untold, ""
        return text

    def note(self, verb: str, error: OSError) -> None:
        """Keep what went wrong for `trouble()`, if it is the first; `verb` says what could not be done."""
        with self._lock:
            if not self._trouble:
                self._trouble = self._untold = (
                    f"{self._base}: the cache cannot be {verb}: {error.strerror}; the run goes on without"
                )

    def _path(self, key: bytes) -> str:
        name = key.hex()
        return f"{self._base}/{name[:2]}/{name[2:]}"

    def _discard(self, path: str) -> None:
        with suppress(OSError):  # if it stays, it is recognised again
            os.unlink(path)  # noqa: PTH108

    def _refresh(self, path: str, used: float) -> None:
        now = time.time()
        if not now - _HOUR < used < now + _HOUR:
            with suppress(OSError):  # then it may be thrown away earlier, no more
                os.utime(path)


def _head(key: bytes, data: bytes) -> bytes:
    check = sha256(key)
    check.update(data)
    return _MAGIC + check.digest()
