"""The log that a test runner writes: one JSON object a line, each written at once, so that a crash loses nothing.

Standalone, like all in this folder: standard library (and the runner itself) only, Python >= 3.8.

Every object has `event`: `missing` (tool, problem), `collecting` (id), `collected` (total), `begin` (id), `result`
(see `RESULT`), `end` (id), `trouble` (message, details, id of the file at hand) and `finish` (status: the runner ended
by itself).
"""

from __future__ import annotations

import json
import os
from typing import Any

RESULT = ("id", "when", "status", "classname", "name", "seconds", "type", "message", "details", "file", "line")
"""`when`: setup, call, teardown, subtest, collect, crash. `status`: passed, failed, error, skipped, rerun, xfailed,
xpassed. A subtest has `description` besides; captured `stdout` and `stderr` may stand in any."""

LONG = 200_000
"""Characters of one text that are kept; of longer ones the middle is left out."""


def cut(text: str, limit: int = LONG) -> str:
    """Return `text`, without its middle if it is too long."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters left out …]\n{text[-half:]}"


class Events:
    """The open log. Only the process that opened it writes: a forked child that goes on with the tests does not."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._process = os.getpid()
        self._broken = False

    def write(self, event: str, **fields: Any) -> None:
        """Append one event; after a failed write (a full disk) nothing more, so that the log can't look complete."""
        if self._broken or os.getpid() != self._process:
            return
        line = json.dumps(dict(fields, event=event), ensure_ascii=False, default=str) + "\n"
        data = line.encode("utf-8", "replace")
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            self._broken = True
