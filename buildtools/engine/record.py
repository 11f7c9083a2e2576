"""The record of a run: `.buildtools/runs/ID/` with its events, its result and the steps' logs.

```
.buildtools/.gitignore            *
.buildtools/runs/20261121-070236-417/
    running                       locked as long as the run goes on, by whichever process it is in
    events.jsonl  run.json  logs/  tmp/
```
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from io import FileIO
from pathlib import Path

import msgspec

from buildtools.core.encoding import encode, whole
from buildtools.core.errors import ReportError
from buildtools.core.events import AnyEvent, Output, Progress
from buildtools.core.results import RunResult
from buildtools.system.replace import replace_file


class Record:
    """The folder of a run that goes on. `logs` and `temp` need not exist yet."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self.id = folder.name
        self.logs = folder / "logs"
        self.temp = folder / "tmp"
        self._lock = lock

    def close(self, keep: int) -> None:
        """The run has ended; remove the oldest runs beyond `keep`, but none that still goes on."""
        remove_tree(self.temp)
        os.close(self._lock)
        prune(self.folder.parent, keep)


def run_id(started: float) -> str:
    """Return an id that sorts by time: UTC to the millisecond. `started` is in seconds since the epoch."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(started))}-{int(started * 1000) % 1000:03d}"


def open_record(base: Path, started: float) -> Record:
    """Make the folder of a new run below `base`; two runs at the same moment get different ones. Raises `OSError`."""
    runs = base / "runs"
    try:
        runs.mkdir(parents=True)
    except FileExistsError:
        if not runs.is_dir():
            raise
    ignore = base / ".gitignore"
    if not ignore.exists():
        replace_file(ignore, b"*\n")
    while True:
        folder = runs / run_id(started)
        try:
            folder.mkdir()
            break
        except FileExistsError:
            started += 0.001
    lock = os.open(folder / "running", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    with suppress(OSError):  # a file system without locks: then a run is protected by its being young alone
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return Record(folder, lock)


def prune(runs: Path, keep: int) -> None:
    """Remove the oldest runs beyond the newest `keep`, except those that still go on; what cannot be removed stays."""
    try:
        names = sorted((entry.name for entry in os.scandir(runs) if entry.is_dir()), reverse=True)
    except OSError:
        return
    for name in names[keep:]:
        try:
            lock = os.open(runs / name / "running", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            remove_tree(runs / name)
            continue
        except OSError:
            continue
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_tree(runs / name)
        os.close(lock)


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that is in it, as far as that is allowed. Links are removed, not followed."""
    for path, folders, files in os.walk(folder, topdown=False):
        for name in files:
            with suppress(OSError):
                os.unlink(os.path.join(path, name))  # noqa: PTH108, PTH118
        for name in folders:
            below = os.path.join(path, name)  # noqa: PTH118
            with suppress(OSError):
                (os.unlink if os.path.islink(below) else os.rmdir)(below)  # noqa: PTH114
    with suppress(OSError):
        folder.rmdir()


class EventsFile:
    """The sink that writes `events.jsonl`, a line an event; not the output, which the logs hold."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "events.jsonl"
        self._file = FileIO(self._path, "ab")

    def handle(self, event: AnyEvent) -> None:
        """Write one event, at once: what happened up to a crash must be there. Raises `ReportError`."""
        if isinstance(event, (Output, Progress)):
            return
        rest = memoryview(encode(event) + b"\n")
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError as error:
            raise ReportError(f"{whole(str(self._path))}: cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def write_result(folder: Path, result: RunResult) -> None:
    """Write, or replace, `run.json` in a run's folder. Raises `OSError`."""
    os.stat(folder)  # noqa: PTH116 - not made again, should somebody have removed it
    head = {"schema_version": result.schema_version, "exit_code": int(result.exit_code)}
    replace_file(folder / "run.json", encode({**head, **msgspec.to_builtins(result)}) + b"\n")
