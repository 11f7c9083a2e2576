"""Looking at real processes from outside, in tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def alive(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.01)
    return holds()


def pid_in(file: Path) -> int:
    """Wait for a process to write its id into a file, and return it."""
    assert eventually(lambda: file.exists() and file.read_text().strip().isdecimal()), f"{file} was not written"
    return int(file.read_text())
