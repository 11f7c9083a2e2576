"""Lints with all processors what pylint has parsed in one, and puts the parts together as if it had been one.

Standalone, as the driver is: the standard library and pylint >= 3 only.

The parent is pylint up to the point where every file is parsed, in its own order: what an assignment to another module's
class does to inference is settled then. It forks; each worker lints files with the parent's trees; the parent replays
what they found in the order of the files, and goes on as pylint: the rules across files, the score, the status.
"""

# ruff: noqa: PTH202 - pathlib costs start-up time

from __future__ import annotations

import gc
import os
import pickle
import selectors
import signal
import struct
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, Callable, Sequence  # noqa: UP035 - for Python 3.8

_SIZE = struct.Struct("<Q")
_TASK = struct.Struct("<I")


class GaveUp(Exception):
    """The files can't be linted in several processes; nothing has been done then. The text says why."""


class Run:
    """One lint of parsed files in `workers` processes: `run` does it, or raises `GaveUp`."""

    def __init__(self, linter: Any, plain: Callable[..., None], carried: Any) -> None:
        self._linter = linter
        self._plain = plain
        self._carried = carried

    def run(self, trees: dict[Any, Any], check: Any, progress: Sequence[Any], workers: int) -> None:
        """Lint; `trees`, `check` and `progress` are what pylint hands to its `_lint_files`."""
        self._trees, self._check = list(trees.items()), check
        self._walker = getattr(check, "keywords", {}).get("walker")
        if not hasattr(self._walker, "nbstatements"):
            raise GaveUp("this pylint is not known")
        self._quiet = tuple(type(one)(False) for one in progress)
        units = self._units()
        self._configs = self._each_config()
        pool = Pool(self._worker)
        results = pool.run(units, min(workers, len(units)))
        self._join(results, progress)

    def _units(self) -> list[list[int]]:
        """Return the files' numbers, the longest first.

        Files of one name that follow each other stay together: what the first leaves behind can reach the second.
        """
        units: list[list[int]] = []
        last = None
        for number, (item, tree) in enumerate(self._trees):
            if tree is None:
                continue
            name = item.name[: -len(".__init__")] if item.name.endswith(".__init__") else item.name
            if name == last:
                units[-1].append(number)
            else:
                units.append([number])
            last = name
        return sorted(units, key=lambda unit: -sum(_size(self._trees[number][0].filepath) for number in unit))

    def _each_config(self) -> list[Any]:
        """Return, per file, the configuration that is in force when its turn comes in one process."""
        now, out = self._linter.config, []
        for item, tree in self._trees:
            out.append(now)
            if tree is not None and item.filepath:
                spaces = self._linter._directory_namespaces
                now = self._linter._get_namespace_for_file(Path(item.filepath), spaces) or now
        return out

    def _worker(self, unit: list[int], send: Callable[[Any], None]) -> None:
        linter = self._linter
        for place, number in enumerate(unit):
            item, tree = self._trees[number]
            started = time.perf_counter()
            linter.stats = type(linter.stats)()
            linter.msg_status = 0
            linter.reporter.messages = []
            linter.config = self._configs[number]
            self._walker.nbstatements = 0
            if place == 0 and number != 0:
                linter._by_id_managed_msgs = []
            self._carried.begin(number)
            self._plain({item: tree}, self._check, *self._quiet)
            messages, linter.reporter.messages = linter.reporter.messages, []
            left = self._left() if number == self._last() else None
            parts = self._carried.take()
            done = (messages, linter.stats, linter.msg_status, self._walker.nbstatements, parts, left)
            problem = self._carried.problem(item.filepath)
            if problem:
                raise GaveUp(problem)
            # The time is what the next run deals out by.
            send((number, done, time.perf_counter() - started))

    def _last(self) -> int:
        return max((number for number, (_item, tree) in enumerate(self._trees) if tree is not None), default=-1)

    def _left(self) -> dict[str, Any]:
        """Return what pylint still knows of its last file when the checkers close."""
        state = vars(self._linter.file_state)
        plain = {name: value for name, value in state.items() if name not in ("_module", "_msgs_store")}
        return {"state": plain, "linter": {name: getattr(self._linter, name, None) for name in _OF_FILE}}

    def _join(self, results: dict[int, Any], progress: Sequence[Any]) -> None:
        from pylint.utils import FileState

        linter, all_parts = self._linter, []
        for one in progress:
            one.start_linting()
        for number, (item, tree) in enumerate(self._trees):
            for one in progress:
                one.lint_file(item.filepath)
            if tree is None:
                continue
            messages, stats, status, statements, parts, left = results[number]
            linter.set_current_module(item.name, item.filepath)
            linter.file_state = FileState(item.modpath, linter.msgs_store, tree)
            linter.current_file = tree.file
            for message in messages:
                linter.reporter.handle_message(message)
            _add(linter.stats, stats)
            linter.msg_status |= status
            self._walker.nbstatements += statements
            all_parts.append(parts)
            if left:
                vars(linter.file_state).update(left["state"])
                vars(linter).update(left["linter"])
        self._carried.put(all_parts)


_OF_FILE = ("_ignore_file", "_pragma_lineno", "current_name", "current_file")


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _add(total: Any, part: Any) -> None:
    """Add a file's statistics, in place."""
    for name, value in vars(part).items():
        mine = getattr(total, name, None)
        if name == "by_module":
            mine.update(value)
        elif isinstance(value, set):
            mine.update(value)
        elif isinstance(value, dict):
            for key, amount in value.items():
                if isinstance(amount, set):
                    mine.setdefault(key, set()).update(amount)
                else:
                    mine[key] = mine.get(key, 0) + amount
        elif isinstance(value, (int, float)):
            setattr(total, name, mine + value)


class Pool:
    """Forks workers that fetch their work from one pipe, and gathers what each sends through one of its own."""

    def __init__(self, work: Callable[[Any, Callable[[Any], None]], None]) -> None:
        self._work = work
        self._feed = -1
        self._children: dict[int, int] = {}

    def run(self, units: list[list[int]], workers: int) -> dict[int, Any]:
        """Return the results by number; raises `GaveUp` when a worker does, or ends before its time."""
        tasks, self._feed = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
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
            return self._gather(units, tasks)
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

    def _gather(self, units: list[list[int]], tasks: int) -> dict[int, Any]:
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
            end = f"signal {status & 127}" if status & 127 else f"exit status {status >> 8}"
            raise GaveUp(f"a worker ended before its time ({end})")


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
        number, done, _seconds = value
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
    except BaseException:  # noqa: BLE001
        status = 2
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _send(out: int, value: Any) -> None:
    data = pickle.dumps(value, 4)
    view = memoryview(_SIZE.pack(len(data)) + data)
    while view:
        view = view[os.write(out, view) :]


def _kill(child: int) -> None:
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(child, 0)


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
