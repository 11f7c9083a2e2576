"""A running program from its start to the end of its process group: read, written to, signalled, waited for."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable

import msgspec

from buildtools.system import group
from buildtools.system.child import Child
from buildtools.system.stop import Stop

PIECE = 64 * 2**10


class Grace(msgspec.Struct, frozen=True):
    """Seconds between SIGINT and SIGTERM, between SIGTERM and SIGKILL, and for what outlives its program."""

    interrupt: float = 5.0
    terminate: float = 5.0
    linger: float = 1.0

    @property
    def whole(self) -> float:
        """Seconds until everything that a step has started is surely gone."""
        return self.interrupt + self.terminate + 2 * self.linger


GRACE = Grace()


Reader = Callable[[bytes], object]
"""Takes a piece of output. True means: a sign of life (see `silence`). If it raises, the program is killed."""


class Watch:
    """A running program: what is still to be read, and which signals are due when."""

    def __init__(
        self,
        child: Child,
        token: str,
        readers: tuple[Reader, Reader],
        limits: tuple[Stop | None, Grace, float | None],
    ) -> None:
        self.stalled = self.left = self.escaped = False
        self._child = child
        self._token = token
        self._stop, self._grace, self._silence = limits
        self._readers = {child.stdout: readers[0], child.stderr: readers[1]}
        self._signs = child.stdout
        self._poll = select.poll()
        self._poll.register(child.stdout, select.POLLIN)
        self._poll.register(child.stderr, select.POLLIN)
        self._exit = _exit_of(child.pid)
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
        child = self._child
        if child.stdin >= 0:
            os.set_blocking(child.stdin, False)
            self._poll.register(child.stdin, select.POLLOUT)
        while not self._over():
            for number, _ in self._poll.poll(self._patience()):
                if number in self._readers:
                    self._read(number)
                elif number == self._exit:
                    self._reap()
                elif number == child.stdin:
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
        self._child.close()
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
        try:
            stdin = stdin[os.write(self._child.stdin, stdin[:PIECE]) :]
        except BlockingIOError:
            return stdin
        except OSError:  # it has closed its end: it wants no more
            stdin = stdin[:0]
        if not stdin:
            self._close_stdin()
        return stdin

    def _close_stdin(self) -> None:
        if self._child.stdin >= 0:
            self._poll.unregister(self._child.stdin)
            self._child.close_stdin()

    def _reap(self) -> None:
        if self._child.returncode is not None or self._child.poll() is None:
            return
        if self._exit >= 0:
            self._poll.unregister(self._exit)
        self._close_stdin()
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
        found = set()
        if everywhere:
            found = group.carrying(self._token)
        elif self._child.returncode is not None:
            # What has left the group may stay only if it has let go of the output, too.
            found = group.in_session(pid) | group.holding(self._token, self._readers)
            self.left = self.left or (not self._stopping and (bool(found) or group.alive(pid)))
        group.signal_group(pid, number)
        group.signal_each(found, number)


def _exit_of(pid: int) -> int:
    """Return a descriptor that becomes readable when a process ends, or -1: then we have to ask now and then."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux, or an old or a walled-in one
        return -1
