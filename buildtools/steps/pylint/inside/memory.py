"""The garbage collector, off while there is memory: it costs pylint a third of its time and frees next to nothing."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path


class Memory:
    """Keeps the garbage collector off until this process has grown by its share of what the machine has left."""

    def __init__(self, share: int) -> None:
        gc.disable()
        self._limit = _resident() + max(_available() // share, 256 << 20)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._end.wait(0.5):
            if _resident() > self._limit:
                gc.enable()
                return

    def stop(self) -> None:
        """Stop watching; the collector stays as it is."""
        self._end.set()
        self._thread.join()


def _resident() -> int:
    """Return the memory of this process in bytes; 0 where that is not told."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _available() -> int:
    """Return how much memory is free in bytes, by machine and control group; 2 GiB where that is not told."""
    free = [2 << 30]
    try:
        rows = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        free = [int(rows["MemAvailable"].split()[0]) * 1024]
        group = Path("/sys/fs/cgroup")
        free.append(int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    except (OSError, ValueError, KeyError):
        pass
    return max(min(free), 0)
