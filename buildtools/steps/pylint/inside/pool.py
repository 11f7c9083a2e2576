"""Forked workers that fetch numbers of units from one pipe, and send results through one of their own each."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import selectors
import signal
import struct
import sys
import traceback
from typing import Any, Callable  # noqa: UP035 - for Python 3.8

from .memory import Memory

_SIZE = struct.Struct("<Q")
_TASK = struct.Struct("<I")


class GaveUp(Exception):
    """The files can't be linted in several processes; nothing has been done then. The text says why."""


class Pool:
    """Forks workers that fetch their work from one pipe, and gathers what each sends through one of its own."""

    def __init__(self, work: Callable[[Any, Callable[[Any], None]], None]) -> None:
        self._work = work
        self._feed = -1
        self._children: dict[int, int] = {}

    def here(self, units: list[list[int]]) -> dict[int, Any]:
        """Do the work in this process; return the results as `run` does."""
        out: dict[int, Any] = {}
        memory = Memory(share=4)
        for unit in units:
            self._work(unit, lambda value: out.update([value[:2]]))
        memory.stop()
        return out

    def run(self, units: list[list[int]], workers: int) -> dict[int, Any]:
        """Return the results by number; raises `GaveUp` when a worker does, or ends before its time."""
        tasks, self._feed = os.pipe()
        _flush()
        # What lives now lives to the end: a worker's collector that walked it would copy its pages.
        gc.freeze()
        try:
            for _ in range(workers):
                mine, theirs = os.pipe()
                child = os.fork()
                if child == 0:
                    for fd in (self._feed, mine, *self._children):
                        os.close(fd)
                    _serve(units, self._work, tasks, theirs)
                os.close(theirs)
                self._children[mine] = child
            return self._gather(units)
        finally:
            gc.unfreeze()
            os.close(tasks)
            self._fed()
            for fd, child in self._children.items():
                os.close(fd)
                _kill(child)

    def _fed(self) -> None:
        if self._feed >= 0:
            os.close(self._feed)
        self._feed = -1

    def _gather(self, units: list[list[int]]) -> dict[int, Any]:
        results: dict[int, Any] = {}
        wanted = sum(map(len, units))
        data = b"".join(_TASK.pack(number) for number in range(len(units)))
        buffers = {fd: bytearray() for fd in self._children}
        os.set_blocking(self._feed, False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._feed, selectors.EVENT_WRITE)
            for fd in buffers:
                selector.register(fd, selectors.EVENT_READ)
            while len(results) < wanted:
                for key, _events in selector.select():
                    if key.fd == self._feed:
                        # Whole tasks only: a worker reads one at a time.
                        data = data[os.write(self._feed, data[: _TASK.size * 128]) :]
                        if not data:
                            selector.unregister(self._feed)
                            self._fed()
                        continue
                    got = os.read(key.fd, 1 << 20)
                    if not got:
                        selector.unregister(key.fd)
                        self._bury(key.fd)
                    buffers[key.fd] += got
                    results.update(_done(buffers[key.fd]))
        return results

    def _bury(self, fd: int) -> None:
        """Collect a worker that has ended; raises `GaveUp` unless it ended well."""
        os.close(fd)
        _pid, status = os.waitpid(self._children.pop(fd), 0)
        if status:
            raise GaveUp(f"a worker ended before its time ({_ending(status)})")


def apart(work: Callable[[], Any]) -> Any:
    """Do the work in a forked process, which leaves no trace in this one; raises `GaveUp` when it does."""
    mine, theirs = os.pipe()
    _flush()
    child = os.fork()
    if child == 0:
        os.close(mine)
        _perform(work, theirs)
    os.close(theirs)
    done = False
    try:
        with os.fdopen(mine, "rb") as stream:
            data = stream.read()
        _pid, status = os.waitpid(child, 0)
        done = True
    finally:
        if not done:
            _kill(child)
    if status or not data:
        raise GaveUp(f"a process ended before its time ({_ending(status)})")
    kind, value = pickle.loads(data)
    if kind == "gave up":
        raise GaveUp(value)
    return value


def _perform(work: Callable[[], Any], out: int) -> None:
    """Be the process that does the work: never returns."""
    status = 1
    try:
        answer = ("done", work())
        status = 0
    except GaveUp as reason:
        answer, status = ("gave up", str(reason)), 0
    except Exception as error:
        traceback.print_exc()
        answer, status = ("gave up", f"it failed: {error!r}"), 0
    finally:
        try:
            if status == 0:
                with os.fdopen(out, "wb") as stream:
                    pickle.dump(answer, stream, 4)
            _flush()
        finally:
            os._exit(status)


def _ending(status: int) -> str:
    return f"signal {status & 127}" if status & 127 else f"exit status {status >> 8}"


def _done(buffer: bytearray) -> dict[int, Any]:
    """Take the whole results off the front of what a worker sent."""
    out = {}
    while len(buffer) >= _SIZE.size:
        (size,) = _SIZE.unpack_from(buffer)
        end = _SIZE.size + size
        if len(buffer) < end:
            break
        kind, value = pickle.loads(bytes(buffer[_SIZE.size : end]))
        del buffer[:end]
        if kind == "gave up":
            raise GaveUp(value)
        number, done = value
        out[number] = done
    return out


def _serve(units: list[list[int]], work: Callable[..., None], tasks: int, out: int) -> None:
    """Be a worker: never returns."""
    status = 1
    try:
        memory = Memory(share=4)
        while True:
            data = os.read(tasks, _TASK.size)
            if not data:
                break
            work(units[_TASK.unpack(data)[0]], lambda value: _send(out, ("done", value)))
        memory.stop()
        status = 0
    except GaveUp as reason:
        _send(out, ("gave up", str(reason)))
    except Exception as error:
        traceback.print_exc()
        _send(out, ("gave up", f"a worker failed: {error!r}"))
    except BaseException:
        status = 2
    finally:
        _flush()
        os._exit(status)


def _send(out: int, value: Any) -> None:
    data = pickle.dumps(value, 4)
    view = memoryview(_SIZE.pack(len(data)) + data)
    while view:
        view = view[os.write(out, view) :]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # not closed from the beginning
            stream.flush()


def _kill(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
