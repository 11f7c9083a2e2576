"""Starting, watching and ending other programs: the only user of `subprocess` (and of `child`, which is quicker).

Every program runs in a session and group of its own. What happens to the group:

- the program ends by itself: whatever it left in its group (`server &`), or holding its output open, has
  `Grace.linger` seconds to end as well, then gets SIGTERM, and SIGKILL another `linger` later. A daemon that has
  left the session *and* let go of the output is meant to stay, and stays;
- it is stopped: SIGINT, after `Grace.interrupt` SIGTERM, after `Grace.terminate` SIGKILL; from SIGTERM on that goes
  to everything it ever started, wherever that has moved (see `group`). `Stop.urgent` goes straight to SIGKILL;
- the reader of its output raises, or it falls silent: SIGKILL at once.

Nothing here makes a thread: each program is watched by the thread that asked for it. Output is read in pieces of at
most 64 KiB, and only when the last one has been taken, so a flood is held back by the pipe.
"""

from __future__ import annotations

import errno
import itertools
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from buildtools.core.errors import Cancelled, StepError, ToolMissing
from buildtools.system import group
from buildtools.system.child import Child, spawn_here
from buildtools.system.stop import Stop
from buildtools.system.watch import GRACE, Grace, Reader, Watch

CAPTURE_LIMIT = 64 * 2**20
_TOKENS = itertools.count(1)


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What to start: `env` is the whole environment; without `stdin` the program reads nothing."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    stdin: bytes = b""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended.

    `returncode` is negative for a death by signal; `stalled`: it was killed because it fell silent; `left`: something
    that it started outlived it, and was ended; `escaped`: something still holds its output open, out of reach.
    """

    returncode: int
    seconds: float
    stalled: bool = False
    left: bool = False
    escaped: bool = False


def run(
    command: Command,
    *,
    stdout: Reader,
    stderr: Reader,
    stop: Stop | None = None,
    grace: Grace = GRACE,
    silence: float | None = None,
    start: float = 0.0,
) -> Ended:
    """Run a program to its end, handing its output on in pieces, in this thread.

    With `silence`, it is killed when `stdout` has seen no sign of life for that many seconds, and `start` seconds more
    before the first one. Raises `ToolMissing` if there is no such program, `StepError` if it cannot be started,
    `Cancelled` when `stop` was set.
    """
    if stop is not None and stop.is_set:
        raise Cancelled
    started = time.monotonic()
    token = f"{os.getpid()}.{next(_TOKENS)}.{time.time_ns():x}"
    child = _start(command, token)
    watch = Watch(child, token, (stdout, stderr), (stop, grace, silence))
    watch.allow(start)
    try:
        watch.to_the_end(memoryview(command.stdin))
    except BaseException:
        watch.kill()
        raise
    finally:
        watch.close()
    if stop is not None and stop.is_set:
        raise Cancelled
    assert child.returncode is not None
    return Ended(
        returncode=child.returncode,
        seconds=time.monotonic() - started,
        stalled=watch.stalled,
        left=watch.left,
        escaped=watch.escaped,
    )


class Collected:
    """Output kept in memory, up to the limit."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._pieces: list[bytes] = []
        self._room = CAPTURE_LIMIT

    def add(self, piece: bytes) -> bool:
        """Keep a piece, which is a sign of life; raise `StepError` when it is too much."""
        self._room -= len(piece)
        if self._room < 0:
            raise StepError(
                f"{self._tool}: wrote more than {CAPTURE_LIMIT // 2**20} MiB where an answer was expected",
                remedy="Check fewer files at once, or make it say less.",
            )
        self._pieces.append(piece)
        return True

    def value(self) -> bytes:
        """Return all of it."""
        return b"".join(self._pieces)


def _start(command: Command, token: str) -> Child:
    env = dict(command.env)
    env[group.TOKENS] = f"{env[group.TOKENS]} {token}" if group.TOKENS in env else token
    try:
        return spawn_here(command.argv, command.cwd, env, stdin=bool(command.stdin)) or _popen(command, env)
    except (OSError, ValueError) as error:
        raise _start_problem(command, error) from None


def _popen(command: Command, env: Mapping[str, str]) -> Child:
    import subprocess

    (out, child_out), (err, child_err) = os.pipe(), os.pipe()
    child_in, into = os.pipe() if command.stdin else (subprocess.DEVNULL, -1)
    try:
        # Only these arguments: with a preexec function, or another user, subprocess could not use vfork.
        popen = subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=env,
            stdin=child_in,
            stdout=child_out,
            stderr=child_err,
            start_new_session=True,
        )
    except BaseException:
        for number in (out, err, into):
            if number >= 0:
                os.close(number)
        raise
    finally:
        for number in (child_out, child_err, child_in):
            if number >= 0:
                os.close(number)
    # `Child` learns how it ended: subprocess takes 0 for an exit status that somebody else has collected.
    popen.returncode = 0
    return Child(popen.pid, (into, out, err))


def _start_problem(command: Command, error: OSError | ValueError) -> StepError:  # noqa: PLR0911 - a table
    tool, where = command.argv[0], command.cwd
    if isinstance(error, UnicodeEncodeError):
        what = f"{tool!r}: cannot be started: an argument or variable holds what the locale's {error.encoding} lacks"
        return StepError(what, remedy="Set LC_ALL=C.UTF-8 (or PYTHONUTF8=1) where buildtools is called.")
    if not isinstance(error, OSError):
        return _unfit(command, error)
    if not where.is_dir():
        return StepError(
            f"{where}: the working folder is not there", remedy="Correct the step's `cwd`, or make the folder first."
        )
    path = _find(command)
    if error.errno == errno.E2BIG:
        size = sum(len(os.fsencode(word)) + 1 for word in command.argv)
        return StepError(
            f"{tool}: its {len(command.argv):,} arguments ({size:,} bytes) are more than the system allows",
            remedy="Name folders instead of files, or split the step.",
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES) and path is None:
        searched = command.env.get("PATH", os.defpath)
        return ToolMissing(tool, remedy="" if "/" in tool else f"Install it, or add its folder to PATH ({searched}).")
    if error.errno == errno.ENOENT:
        return StepError(
            f"{path}: is there, but the interpreter that its first line names is not",
            remedy="Correct the line that begins with `#!` (a Windows line end there counts too).",
        )
    if error.errno == errno.EACCES:
        return StepError(f"{path}: is not executable", remedy=f"chmod +x {path}")
    if error.errno == errno.ENOEXEC:
        return StepError(f"{path}: is not a program", remedy="Begin a script with `#!`, or name its interpreter.")
    return StepError(f"{tool}: cannot be started: {error.strerror}")


def _unfit(command: Command, error: ValueError) -> StepError:
    """Say which argument or variable no program can be given."""
    tool = command.argv[0]
    for name, value in command.env.items():
        if "\0" in name + value or not name or "=" in name:
            what = "whose value holds a NUL character" if "\0" in value else "which no variable can be called"
            remedy = "Correct the step's `env`, or where its value comes from."
            return StepError(f"{tool!r}: cannot be started with the variable {name!r}, {what}", remedy=remedy)
    return StepError(f"{tool!r}: cannot be started: {error}", remedy="No argument may hold a NUL character.")


def _find(command: Command) -> Path | None:
    """Return the file that `argv[0]` means, or `None`."""
    tool = command.argv[0]
    folders = [""] if "/" in tool else command.env.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders:
        path = command.cwd / folder / tool
        with suppress(OSError):
            if tool and path.is_file():
                return path
    return None


__all__ = ["CAPTURE_LIMIT", "Collected", "Command", "Ended", "Grace", "Reader", "run"]
