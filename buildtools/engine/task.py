"""One selected step on its way through a thread: configured, tried as often as it may be, done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from buildtools.core.errors import BuildtoolsError
from buildtools.core.events import StepStarted
from buildtools.core.results import Attempt, StepResult
from buildtools.core.step import Step
from buildtools.engine.attempts import attempt, judged, refused, worth_another
from buildtools.engine.cache import RunCache, StepCache
from buildtools.engine.context import EngineContext, Place, Voice
from buildtools.engine.control import Control
from buildtools.engine.dispatch import Dispatcher
from buildtools.engine.log import StepLog
from buildtools.engine.printing import Printing
from buildtools.engine.record import remove_tree
from buildtools.engine.settings import RunSettings
from buildtools.pipeline.model import Configured, Outputs, Pipeline, StepSpec


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a step; `started` is on the monotonic clock, `seconds` are those of all attempts together."""

    result: StepResult
    started: float
    seconds: float
    earlier: tuple[Attempt, ...] = ()


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What all steps of a run share; `env` is the caller's with the file's laid over it, `temp` the run's folder."""

    pipeline: Pipeline
    settings: RunSettings
    dispatcher: Dispatcher
    printing: Printing
    env: dict[str, str]
    temp: Path
    outputs: Outputs
    users: Mapping[str, int]
    """how many steps of the pipeline use each plugin"""
    cache: RunCache | None = None


class Task:
    """A step that has been started. `wake` is called when an attempt begins, and with it a new deadline."""

    def __init__(self, spec: StepSpec, log: StepLog, around: Surroundings, wake: Callable[[], None]) -> None:
        self.spec = spec
        self.log = log
        self.control = Control(spec.timeout)
        self.queued = time.monotonic()
        self.outcome: Outcome | None = None
        self.overdue = False
        """the whole run's time was up while it ran"""
        self._around = around
        self._wake = wake

    def work(self) -> None:
        """Run the step to its outcome, in this thread. Raises nothing that a plugin could cause."""
        started = time.monotonic()
        earlier: list[Attempt] = []
        try:
            configured = self.spec.configure(self._around.outputs)
        except BuildtoolsError as error:
            self._announce(1)
            result = refused(error)
        else:
            while True:
                began = time.monotonic()
                result = self._attempt(configured, len(earlier) + 1)
                left = self.spec.retries - len(earlier)
                if self.control.over or not left or not worth_another(result):
                    break
                earlier.append(Attempt(result=result, seconds=time.monotonic() - began))
        self.log.close()
        seconds = time.monotonic() - started
        self.outcome = Outcome(result=result, started=started, seconds=seconds, earlier=tuple(earlier))

    def _attempt(self, configured: Configured, number: int) -> StepResult:
        around = self._around
        root = around.pipeline.root
        temp = f"{around.temp}/{self.log.name}.{number}"
        stop = self.control.begin()
        if self.spec.timeout is not None:
            self._wake()  # there is a deadline now
        self._announce(number)
        voice = Voice(self.spec.id, self.log, around.dispatcher, around.settings)
        if number > 1:
            voice.note(f"--- attempt {number} of {self.spec.retries + 1} ---\n")
        place = Place(
            step=self.spec.id,
            alone=around.users[self.spec.uses] == 1,
            root=root,
            workdir=root / configured.cwd if configured.cwd else root,
            env={**around.env, **configured.env} if configured.env else around.env,
            properties=around.pipeline.properties,
            private_files=around.pipeline.private_files,
            temp=temp,
        )
        cache = self._cache(configured.step)
        ctx = EngineContext(place, voice, stop, around.settings, cache)
        if cache is not None:
            cache.warn, cache.spare = ctx.warn, lambda: ctx.temp / "cache"
        with around.printing.by(voice):
            result = attempt(configured.step, self.spec.uses, ctx)
        voice.pause()
        cause = self.control.conclude()
        if ctx.temp_used:
            remove_tree(Path(temp))
        result = judged(result, cause, told=ctx.cancelled, seconds=self.spec.timeout)
        if ctx.warnings:
            result = msgspec.structs.replace(result, warnings=(*result.warnings, *ctx.warnings))
        return result

    def _cache(self, step: Step) -> StepCache | None:
        run = self._around.cache
        return None if run is None or not self.spec.cache else StepCache(run, self.spec.uses, step.version)

    def _announce(self, number: int) -> None:
        self._around.dispatcher.push(StepStarted(time=time.time(), step=self.spec.id, attempt=number))
