"""Process groups, and what slipped out of them: found, signalled, waited for.

A child runs in its own session and group, so that one signal reaches it and its children. Children that moved to
another group or session are found by a token in the environment that they inherited (Linux; elsewhere they are not
seen). A program that clears its environment *and* leaves its group cannot be found.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress

TOKENS = "BUILDTOOLS_PROCESS"
"""The variable that holds the tokens, outermost first: a buildtools inside a step adds its own."""


def alive(group: int) -> bool:
    """Say whether anything but zombies is left of a group whose leader has been reaped."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so for zombies; Linux for members that belong to somebody else
        return _has_proc() and bool(in_session(group))
    # In a container whose first process reaps nobody, a dead group stays to be signalled for ever.
    return bool(in_session(group)) if _has_proc() else True


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to all of a group; a group that is gone, or is somebody else's, is left as it is."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def signal_each(pids: set[int], number: signal.Signals) -> None:
    """Send a signal to single processes."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def in_session(leader: int) -> set[int]:
    """Return the living processes whose group or session `leader` opened."""
    found = set()
    for pid in _pids():
        with suppress(OSError, ValueError):
            with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - in a loop over all processes
                # `pid (name) state ppid pgrp session …`, where the name may hold spaces and brackets
                state, _, group, session = file.read().rpartition(b")")[2].split(maxsplit=4)[:4]
            if state not in b"ZX" and leader in (int(group), int(session)):
                found.add(pid)
    return found


def carrying(token: str) -> set[int]:
    """Return the living processes that inherited `token`."""
    wanted = token.encode("ascii")
    found = set()
    for pid in _pids():
        with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - in a loop over all processes
            if wanted in file.read():
                found.add(pid)
    return found - {os.getpid()}


def holding(token: str, pipes: Iterable[int]) -> set[int]:
    """Return those of `carrying(token)` that have one of the pipes open, of which we hold the descriptors `pipes`."""
    wanted = {f"pipe:[{os.fstat(pipe).st_ino}]" for pipe in pipes}
    return {pid for pid in carrying(token) if wanted.intersection(_open_files(pid))} if wanted else set()


def _open_files(pid: int) -> Iterator[str]:
    """Yield what a process has open, as /proc names it; nothing for one that is gone, or somebody else's."""
    with suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
            with suppress(OSError):
                yield os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115


def _has_proc() -> bool:
    return os.path.exists("/proc/self/stat")  # noqa: PTH110


def _pids() -> Iterator[int]:
    with suppress(OSError):
        yield from (int(name) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208
