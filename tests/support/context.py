"""A step context for testing one step by itself: real processes, no engine."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path

from buildtools.core.errors import Cancelled, StepError, ToolMissing
from buildtools.core.masking import Masker
from buildtools.core.step import Completed
from buildtools.engine.cache import RunCache, StepCache


class LoneContext:
    """Satisfies `StepContext` with plain `subprocess`; records what the step said in `shown`, `warnings`, `steps`."""

    def __init__(
        self,
        root: Path,
        *,
        env: Mapping[str, str] | None = None,
        offline: bool = False,
        cache: Path | None = None,
        refresh: bool = False,
    ) -> None:
        self.step = "lone"
        self.alone = True
        self.root = root
        self.workdir = root
        self.env: Mapping[str, str] = {**os.environ, **(env or {})}
        self.properties: Mapping[str, str] = {}
        self.pipeline_file: Path | None = None
        self.private_files: tuple[Path, ...] = ()
        self.reports = root / "build/reports"
        self.temp = root / ".buildtools/tmp/lone"
        self.reports.mkdir(parents=True, exist_ok=True)
        self.temp.mkdir(parents=True, exist_ok=True)
        self.changed_files: tuple[Path, ...] | None = None
        self.offline = offline
        self.updating = False
        self.run_started = time.time()
        self.metrics: dict[str, float] = {}
        """those of the last run in which the step passed"""
        self.cache: StepCache | None = None
        """a real one over the given folder; `cache.whys` holds what was explained"""
        if cache is not None:
            self.cache = StepCache(RunCache(cache, root, Masker(), refresh=refresh), "lone", "1")
            self.cache.warn, self.cache.spare = self.warn, lambda: self.temp / "cache"
        self.shown: list[str] = []
        self.warnings: list[str] = []
        self.progressed: list[tuple[int, int, str]] = []
        self.cancelled = threading.Event()

    def previous(self, metric: str) -> float | None:
        return self.metrics.get(metric)

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
        words = tuple(os.fspath(word) for word in argv)
        started = time.monotonic()
        try:
            child = subprocess.Popen(
                words,
                cwd=cwd or self.workdir,
                env={**self.env, **(env or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise ToolMissing(words[0]) from None
        except OSError as error:
            raise StepError(f"{words[0]}: {error.strerror}") from None
        stalled = False
        out, err = b"", b""
        if on_line is None:
            try:
                out, err = child.communicate(stdin, timeout=silence if capture else None)
            except subprocess.TimeoutExpired:
                stalled = True
                os.killpg(child.pid, signal.SIGKILL)
                out, err = child.communicate()
        else:
            errors: list[bytes] = []
            assert None not in (child.stdin, child.stdout, child.stderr)
            drain = threading.Thread(target=lambda: errors.append(child.stderr.read()))  # type: ignore[union-attr]
            feed = threading.Thread(target=lambda: (child.stdin.write(stdin), child.stdin.close()))  # type: ignore[union-attr]
            drain.start()
            feed.start()
            timer: threading.Timer | None = None

            def stall() -> None:
                nonlocal stalled
                stalled = True
                child.kill()

            for line in child.stdout:
                if timer is not None:
                    timer.cancel()
                on_line(line.rstrip(b"\n"))
                if silence is not None:
                    timer = threading.Timer(silence, stall)
                    timer.start()
            if timer is not None:
                timer.cancel()
            child.wait()
            drain.join()
            feed.join()
            err = errors[0]
            child.stdout.close()
            child.stderr.close()
        if not capture and on_line is None:
            self.shown.append(out.decode("utf-8", "replace"))
        self.shown.append(err.decode("utf-8", "replace"))
        return Completed(
            argv=words,
            returncode=child.returncode,
            seconds=time.monotonic() - started,
            stdout=out if capture else b"",
            stderr=err,
            stalled=stalled,
        )

    def output(self, text: str) -> None:
        self.shown.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def progress(self, done: int, total: int = 0, note: str = "") -> None:
        self.progressed.append((done, total, note))

    def check_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled

    @contextmanager
    def parting(self, seconds: float) -> Iterator[LoneContext]:
        last = copy(self)
        last.cancelled = threading.Event()
        yield last

    @contextmanager
    def on_cancel(self, call: Callable[[], None]) -> Iterator[None]:
        yield
