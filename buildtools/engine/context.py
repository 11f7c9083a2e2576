"""What a running step may touch: the engine's side of `StepContext`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from functools import partial
from pathlib import Path

import msgspec

from buildtools.core.encoding import whole
from buildtools.core.errors import Cancelled, StepError
from buildtools.core.step import Completed
from buildtools.engine.cache import StepCache
from buildtools.engine.settings import RunSettings
from buildtools.engine.voice import Lines, Tail, Voice
from buildtools.system.process import Collected, Command, run
from buildtools.system.stop import Stop

START = 60.0
"""Seconds that a program may take, besides `silence`, until its first line: Java on a busy machine needs some."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where and with what one step works; all paths absolute. `temp` names a folder that is made when it is used."""

    step: str
    alone: bool
    root: Path
    workdir: Path
    env: Mapping[str, str]
    properties: Mapping[str, str]
    pipeline_file: Path | None
    private_files: tuple[Path, ...]
    temp: str
    run_started: float


class EngineContext:
    """Satisfies `StepContext` for one attempt of one step. Its methods may be called from any of the step's threads."""

    def __init__(
        self, place: Place, voice: Voice, stop: Stop, settings: RunSettings, cache: StepCache | None = None
    ) -> None:
        self.step = place.step
        self.alone = place.alone
        self.root = place.root
        self.workdir = place.workdir
        self.env = place.env
        self.properties = place.properties
        self.pipeline_file = place.pipeline_file
        self.private_files = place.private_files
        self.run_started = place.run_started
        self.changed_files = settings.changed_files
        self.offline = settings.offline
        self.updating = settings.updating
        self.cache = cache
        self.warnings: list[str] = []
        self.asides: list[str] = []
        """warnings about this run alone, which belong to no result that is kept"""
        self.unclean = False
        """whether a program left processes behind"""
        self.cancelled = False
        """whether the step has been told by `Cancelled` that it is to stop"""
        self._reports = settings.reports
        self._previous = settings.previous
        self._temp = place.temp
        self.temp_used = False
        self._voice = voice
        self._stop = stop
        self._grace = settings.grace

    @property
    def reports(self) -> Path:
        """The reports folder; raises `StepError` if it is not there and cannot be made."""
        return _made(self._reports, "reports folder", parents=True)

    @property
    def temp(self) -> Path:
        """The step's private folder; raises `StepError` if it cannot be made."""
        folder = Path(self._temp)
        if not self.temp_used:
            # Without a record it lies below TMPDIR, where others look around.
            _made(folder.parent, "folder for temporary files", parents=False, mode=0o700)
            self.temp_used = True
        return _made(folder, "temporary folder", parents=False)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        capture: bool = False,
        on_line: Callable[[bytes], None] | None = None,
        silence: float | None = None,
    ) -> Completed:
        """Run a program to its end, see `StepContext.run`.

        Without `capture`, the result's `stderr` holds the last 64 KiB.
        """
        words = tuple(os.fspath(word) for word in argv)
        if not words:
            raise StepError("a program to run was asked for, but none was named")
        command = Command(
            argv=words,
            cwd=self.workdir / cwd if cwd else self.workdir,
            env={**self.env, **env} if env else self.env,
            stdin=stdin,
        )
        self._voice.pause()
        captured = Collected(words[0])
        lines = Lines(words[0], on_line) if on_line is not None else None
        shown, complaints = self._voice.stream("stdout"), self._voice.stream("stderr")
        kept = Collected(words[0]) if capture else Tail(64 * 2**10)

        def take_stderr(piece: bytes) -> None:
            complaints.add(piece)
            kept.add(piece)

        def take_answer(piece: bytes) -> bool:
            captured.add(piece)
            return False  # no sign of life: its time is for all of it

        read = lines.add if lines is not None else take_answer if capture else shown.add
        try:
            ended = run(
                command,
                stdout=read,
                stderr=take_stderr,
                stop=self._stop,
                grace=self._grace,
                silence=silence,
                start=0.0 if capture else START,
            )
        except Cancelled:
            self.cancelled = True
            raise
        finally:
            shown.finish()
            complaints.finish()
        if lines is not None:
            lines.finish()
        self.unclean = self.unclean or bool(ended.left or ended.escaped)
        if ended.left:
            self.warn(f"{words[0]} left processes behind; they were ended")
        if ended.escaped:
            self.warn(f"{words[0]} left a process behind that still holds its output open; the rest is not shown")
        return Completed(
            argv=words,
            returncode=ended.returncode,
            seconds=ended.seconds,
            stdout=captured.value(),
            stderr=kept.value(),
            stalled=ended.stalled,
        )

    def previous(self, metric: str) -> float | None:
        """Return a metric of this step in the last run in which it passed."""
        return self._previous(self.step, metric)

    def output(self, text: str) -> None:
        """Add the step's own words to its output."""
        self._voice.say(text)

    def warn(self, text: str) -> None:
        """Say something that does not change the result but should be seen."""
        self.warnings.append(whole(text))

    def aside(self, text: str) -> None:
        """Warn of something that belongs to this run alone."""
        self.asides.append(whole(text))

    def progress(self, done: int, total: int = 0, note: str = "") -> None:
        """Say how far the work is."""
        self._voice.progress(done, total, note)

    def check_cancelled(self) -> None:
        """Raise `Cancelled` if the step is to stop."""
        if self._stop.is_set:
            self.cancelled = True
            raise Cancelled

    def on_cancel(self, call: Callable[[], None]) -> AbstractContextManager[None]:
        """Within the returned context manager, cancelling the step also calls `call`, from another thread."""
        return self._stop.calling(call)

    @contextmanager
    def parting(self, seconds: float) -> Iterator[EngineContext]:
        """Give a context that outlives the cancellation for a while, see `StepContext`."""
        since = self._stop.since
        left = seconds if since is None else min(seconds, since + self._grace.whole - time.monotonic())
        last = copy(self)
        last._stop = Stop()
        timer = threading.Timer(max(0.0, left), last._stop.set, kwargs={"urgent": True})
        timer.daemon = True
        timer.start()
        try:
            with self._stop.calling(partial(last._stop.set, urgent=True), urgent=True):
                yield last
        finally:
            timer.cancel()
            timer.join()
            last._stop.close()


def _made(folder: Path, what: str, *, parents: bool, mode: int = 0o777) -> Path:
    try:
        folder.mkdir(mode, parents=parents, exist_ok=True)
    except OSError as error:
        raise StepError(
            f"{folder}: the {what} cannot be made: {error.strerror}", remedy="See to its place and its rights."
        ) from None
    return folder
