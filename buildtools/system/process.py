"""Starting, watching and ending other programs: the only user of `subprocess`.

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
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from buildtools.core.errors import Cancelled, StepError, ToolMissing
from buildtools.core.step import Completed
from buildtools.system import group
from buildtools.system.stop import Stop

CAPTURE_LIMIT = 64 * 2**20
PIECE = 64 * 2**10
_TOKENS = itertools.count(1)
_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR | select.POLLNVAL


class Grace(msgspec.Struct, frozen=True):
    """Seconds between SIGINT and SIGTERM, between SIGTERM and SIGKILL, and for what outlives its program."""

    interrupt: float = 5.0
    terminate: float = 5.0
    linger: float = 1.0


GRACE = Grace()


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


Reader = Callable[[bytes], object]
"""Takes a piece of output. True means: a sign of life (see `silence`). If it raises, the program is killed."""


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
    before the first one. Raises `ToolMissing` if
    there is no such program, `StepError` if it cannot be started, `Cancelled` when `stop` was set.
    """
    if stop is not None and stop.is_set:
        raise Cancelled
    started = time.monotonic()
    token = f"{os.getpid()}.{next(_TOKENS)}.{time.time_ns():x}"
    child = _start(command, token)
    watch = _Watch(child, token, {child.stdout: stdout, child.stderr: stderr}, (stop, grace, silence))
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
    return Ended(
        returncode=child.returncode,
        seconds=time.monotonic() - started,
        stalled=watch.stalled,
        left=watch.left,
        escaped=watch.escaped,
    )


def capture(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float = 60.0,
) -> Completed:
    """Run a small program outside of any step and return what it wrote.

    `env` is laid over this process' environment. A non-zero exit is the caller's to judge. Raises `ToolMissing`,
    `StepError` if it cannot be started, is silent for more than `timeout` seconds or writes more than 64 MiB.
    """
    words = tuple(os.fspath(word) for word in argv)
    out, err = Collected(words[0]), Collected(words[0])
    command = Command(argv=words, cwd=cwd or Path.cwd(), env={**os.environ, **(env or {})}, stdin=stdin)
    ended = run(command, stdout=out.add, stderr=err.add, grace=Grace(linger=0.2), silence=timeout)
    if ended.stalled:
        raise StepError(f"{words[0]}: no answer within {timeout:g} s", remedy=f"The command was: {' '.join(words)}")
    return Completed(
        argv=words, returncode=ended.returncode, seconds=ended.seconds, stdout=out.value(), stderr=err.value()
    )


class Collected:
    """Output kept in memory, up to the limit."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self._pieces: list[bytes] = []
        self._room = CAPTURE_LIMIT

    def add(self, piece: bytes) -> bool:
        """Keep a piece; raise `StepError` when it is too much."""
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


def _start(command: Command, token: str) -> subprocess.Popen[bytes]:
    tokens = f"{command.env.get(group.TOKENS, '')} {token}".strip()
    try:
        # Only these arguments: with a preexec function, or another user, subprocess could not use vfork.
        return subprocess.Popen(
            command.argv,
            bufsize=0,
            cwd=command.cwd,
            env={**command.env, group.TOKENS: tokens},
            stdin=subprocess.PIPE if command.stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise _start_problem(command, error) from None


def _start_problem(command: Command, error: OSError | ValueError) -> StepError:  # noqa: PLR0911 - a table
    tool, where = command.argv[0], command.cwd
    if not isinstance(error, OSError):
        return StepError(f"{tool!r}: cannot be started: {error}", remedy="No argument may hold a NUL character.")
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


class _Watch:
    """A running program: what is still to be read, and which signals are due when."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        token: str,
        readers: Mapping[object, Reader],
        limits: tuple[Stop | None, Grace, float | None],
    ) -> None:
        self.stalled = self.left = self.escaped = False
        self._child = child
        self._token = token
        self._stop, self._grace, self._silence = limits
        self._readers = {stream.fileno(): reader for stream, reader in readers.items()}  # type: ignore[attr-defined]
        self._signs = child.stdout.fileno() if child.stdout else -1
        self._poll = select.poll()
        for number in self._readers:
            self._poll.register(number, select.POLLIN)
        self._exit = os.pidfd_open(child.pid) if hasattr(os, "pidfd_open") else -1
        if self._exit >= 0:
            self._poll.register(self._exit, select.POLLIN)
        if self._stop is not None:
            self._poll.register(self._stop.fileno(), select.POLLIN)
        self._due: list[tuple[float, signal.Signals]] = []
        self._stopping = self._hurried = False
        self._give_up = float("inf")
        self._heard = time.monotonic()

    def allow(self, seconds: float) -> None:
        """Let the program be silent for so much longer, once."""
        self._heard += seconds

    def to_the_end(self, stdin: memoryview) -> None:
        """Read, write and wait until program and group are gone, or out of reach."""
        if self._child.stdin is not None:
            os.set_blocking(self._child.stdin.fileno(), False)
            self._poll.register(self._child.stdin.fileno(), select.POLLOUT)
        while not self._over():
            for number, _ in self._poll.poll(self._patience()):
                if number in self._readers:
                    self._read(number)
                elif number == self._exit:
                    self._reap()
                elif self._child.stdin is not None and number == self._child.stdin.fileno():
                    stdin = self._write(stdin)
            if self._exit < 0:
                self._reap()
            self._look_at_the_clock()

    def kill(self) -> None:
        """End everything at once, without reading on."""
        self._signal(signal.SIGKILL, everywhere=True)
        self._child.wait()

    def close(self) -> None:
        """Give all descriptors back."""
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        if self._exit >= 0:
            os.close(self._exit)

    def _read(self, number: int) -> None:
        piece = os.read(number, PIECE)
        if not piece:
            self._poll.unregister(number)
            del self._readers[number]
        elif self._readers[number](piece) and number == self._signs:
            self._heard = time.monotonic()

    def _write(self, stdin: memoryview) -> memoryview:
        stream = self._child.stdin
        assert stream is not None
        try:
            stdin = stdin[os.write(stream.fileno(), stdin[:PIECE]) :]
        except BlockingIOError:
            return stdin
        except OSError:  # it has closed its end: it wants no more
            stdin = stdin[:0]
        if not stdin:
            self._poll.unregister(stream.fileno())
            stream.close()
            self._child.stdin = None
        return stdin

    def _reap(self) -> None:
        if self._child.returncode is not None or self._child.poll() is None:
            return
        if self._exit >= 0:
            self._poll.unregister(self._exit)
        if self._child.stdin is not None:
            self._write(memoryview(b""))
        now = time.monotonic()
        linger = self._grace.linger
        if self._stopping:  # what is left did not take the hint that its parent took
            pending = {number for _, number in self._due}
            self._due = [(now, signal.SIGTERM)] if signal.SIGTERM in pending else []
            self._due += [(now + min(linger, self._grace.terminate), signal.SIGKILL)]
        else:
            self._due = [(now + linger, signal.SIGTERM), (now + 2 * linger, signal.SIGKILL)]

    def _over(self) -> bool:
        if self._child.returncode is None:
            return False
        if not self._readers and not self._anything_left():
            return True
        if time.monotonic() < self._give_up:
            return False
        self.escaped = bool(self._readers)
        return True

    def _anything_left(self) -> bool:
        if group.alive(self._child.pid):
            return True
        return self._stopping and bool(group.carrying(self._token))

    def _patience(self) -> int:
        """Return for how many milliseconds nothing but the descriptors can matter."""
        if self._child.returncode is not None and not self._readers:
            return 10  # nothing tells when a group is gone
        now = time.monotonic()
        times = [at - now for at, _ in self._due[:1]]
        times.append(self._give_up - now)
        if self._silence is not None and not self.stalled:
            times.append(self._heard + self._silence - now)
        if self._exit < 0 or self._stopping:
            times.append(0.02)
        soonest = min(times)
        return -1 if soonest == float("inf") else max(0, int(soonest * 1000) + 1)

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if self._stop is not None and self._stop.is_set:
            self._begin_to_stop(now)
        if self._silence is not None and not self.stalled and self._child.returncode is None:
            self.stalled = now > self._heard + self._silence
            if self.stalled:
                self._due = [(now, signal.SIGKILL)]
        while self._due and self._due[0][0] <= now:
            number = self._due.pop(0)[1]
            self.left = self.left or (self._child.returncode is not None and not self._stopping)
            self._signal(number, everywhere=self._stopping and number != signal.SIGINT)
            if number == signal.SIGKILL:
                self._give_up = now + 1.0

    def _begin_to_stop(self, now: float) -> None:
        assert self._stop is not None
        if not self._stopping:
            self._poll.unregister(self._stop.fileno())
            interrupt, terminate = self._grace.interrupt, self._grace.terminate
            self._stopping = True
            if self._child.returncode is None:
                steps = ((0.0, signal.SIGINT), (interrupt, signal.SIGTERM), (interrupt + terminate, signal.SIGKILL))
                self._due = [(now + after, number) for after, number in steps]
            else:
                self._due = [(now, signal.SIGTERM), (now + min(self._grace.linger, terminate), signal.SIGKILL)]
        if self._stop.urgent and not self._hurried:
            self._due, self._hurried = [(now, signal.SIGKILL)], True

    def _signal(self, number: signal.Signals, *, everywhere: bool) -> None:
        pid = self._child.pid
        group.signal_group(pid, number)
        if everywhere:
            group.signal_each(group.carrying(self._token), number)
        elif self._child.returncode is not None:
            group.signal_each(group.in_session(pid), number)
