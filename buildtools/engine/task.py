"""One selected step on its way through a thread: configured, tried as often as it may be, done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from buildtools.core.errors import BuildtoolsError
from buildtools.core.events import StepStarted
from buildtools.core.model import Status
from buildtools.core.results import Attempt, StepResult
from buildtools.core.step import Step
from buildtools.engine.attempts import attempt, judged, refused, settled, worth_another
from buildtools.engine.cache import StepCache, Why
from buildtools.engine.context import EngineContext, Place
from buildtools.engine.control import Control
from buildtools.engine.declared import declared_inputs
from buildtools.engine.log import StepLog
from buildtools.engine.record import remove_tree
from buildtools.engine.surroundings import Surroundings
from buildtools.engine.voice import Voice
from buildtools.pipeline.model import Configured, StepSpec

if TYPE_CHECKING:
    from buildtools.engine.keeper import Keeper


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a step; `started` is on the monotonic clock, `seconds` are those of all attempts together."""

    result: StepResult
    started: float
    seconds: float
    earlier: tuple[Attempt, ...] = ()
    cached: bool = False


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
        self._cached = False
        self._whys: list[Why] = []
        self._noted = False
        """whether there is something to say about the cache, if only that nothing had to be done anew"""

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
        self._write_down()
        self.log.close()
        seconds = time.monotonic() - started
        self.outcome = Outcome(
            result=result, started=started, seconds=seconds, earlier=tuple(earlier), cached=self._cached
        )

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
            pipeline_file=around.pipeline.file if around.pipeline.file.name else None,
            private_files=around.pipeline.private_files,
            temp=temp,
            run_started=around.started,
        )
        ctx = EngineContext(place, voice, stop, around.settings, self._cache(configured.step))
        if ctx.cache is not None:
            ctx.cache.warn, ctx.cache.spare = ctx.aside, lambda: ctx.temp / "cache"
        keeper: Keeper | None = None
        kept: StepResult | None = None
        changed = ""
        with around.printing.by(voice):
            inputs = declared_inputs(configured.step, self.spec.uses, ctx) if number == 1 else None
            if inputs is not None:
                from buildtools.engine.keeper import keeper_for

                keeper = keeper_for(self.spec, configured, around, (place, ctx))
                kept = keeper.found(inputs, voice.replay)
            voice.pause()
            begun = self.log.size
            raw = kept or attempt(configured.step, self.spec.uses, ctx)
            told = tuple(ctx.warnings)
            result = settled(raw, configured.step, self.spec.uses, ctx)
            if keeper is not None and kept is None and raw.status is Status.PASSED:
                changed = keeper.changed()
        voice.pause()
        cause = self.control.conclude()
        if ctx.temp_used:
            remove_tree(Path(temp))
        result = judged(result, cause, told=ctx.cancelled, seconds=self.spec.timeout)
        if keeper is not None and kept is None:
            # Not what it was settled to be: that depends on more than the inputs.
            keeper.keep(_warned(raw, told), changed or cause.value, lambda: self.log.content(begun))
        result = _warned(result, ctx.warnings)
        if ctx.cache is not None:
            self._whys += ctx.cache.whys
            self._noted = self._noted or ctx.cache.used
        result = _warned(result, ctx.asides)
        self._cached = kept is not None
        return result

    def _cache(self, step: Step) -> StepCache | None:
        run = self._around.cache
        if run is None or not self.spec.cache:
            self._whys.append(Why(why=f"never cached: {'--no-cache' if run is None else 'the step says cache: false'}"))
            return None
        return StepCache(run, self.spec.uses, step.version)

    def _write_down(self) -> None:
        if (self._whys or self._noted) and self._around.record is not None:
            from buildtools.engine.why import Note, write_note

            note = Note(step=self.spec.id, whys=tuple(dict.fromkeys(self._whys)))
            write_note(self._around.record, self.log.name, note, self._around.settings.masker)

    def _announce(self, number: int) -> None:
        self._around.dispatcher.push(StepStarted(time=time.time(), step=self.spec.id, attempt=number))


def _warned(result: StepResult, warnings: Sequence[str]) -> StepResult:
    return msgspec.structs.replace(result, warnings=(*result.warnings, *warnings)) if warnings else result
