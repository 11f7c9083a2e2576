"""What a command costs: seconds, processors' seconds, and the memory of all its processes together. Linux only."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """One run: wall time and the time of all processors in seconds, and the greatest memory in MB."""

    seconds: float
    busy: float
    peak: float


def measured(
    words: Sequence[str | Path], root: Path, *, env: Mapping[str, str] | None = None, said: Path | None = None
) -> tuple[Cost, int]:
    """Run a command in `root`; return its cost and its exit status. `said` is a file for what it prints."""
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(said.open("wb")) if said else subprocess.DEVNULL
        started = time.perf_counter()
        child = subprocess.Popen(
            words,
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": "0", **(env or {})},
            stdout=out,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        sampler = _Sampler(child.pid)
        try:
            # Not `Popen.wait` with a time-out: it sleeps, and so would notice the end of a short run late.
            _pid, status, usage = os.wait4(child.pid, 0)
            seconds = time.perf_counter() - started
        except KeyboardInterrupt:
            os.killpg(child.pid, signal.SIGTERM)
            raise
        finally:
            peak = sampler.end()
        child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak / 1024), child.returncode


class _Sampler:
    """Looks at the memory of a command's processes, often in the beginning and then five times a second."""

    def __init__(self, session: int) -> None:
        self._sessions = {session}
        self._ended = threading.Event()
        self._peak = 0
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def end(self) -> int:
        """Stop, and return the peak in KB."""
        self._ended.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        pause = 0.01
        while not self._ended.wait(pause):
            self._peak = max(self._peak, sum(map(memory, self._members())))
            pause = min(0.2, pause * 1.3)

    def _members(self) -> set[int]:
        """Return the processes of the command's session, and of those that its processes have begun."""
        found = dict(processes())
        members: set[int] = set()
        while True:
            more = {pid for pid, (parent, session) in found.items() if session in self._sessions or parent in members}
            if more <= members:
                return members
            members |= more
            self._sessions |= {found[pid][1] for pid in more}


def processes() -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield every process with its parent and its session."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent, _group, session = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1:4]
                yield int(entry.name), (int(parent), int(session))


def memory(process: int) -> int:
    """Return the proportional memory (PSS) of a process in KB; 0 if it has ended."""
    with contextlib.suppress(OSError, IndexError):
        return int(Path(f"/proc/{process}/smaps_rollup").read_text().split("\nPss:", 1)[1].split()[0])
    return 0
