"""Executes a plan: hands ready steps to threads, watches the clock and the signals, tells the sinks.

One thread (the caller's) decides everything; the steps' threads only put into its inbox. So there are no locks here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

import msgspec

from buildtools.core.encoding import whole
from buildtools.core.errors import ExitCode
from buildtools.core.events import RunStarted, Sink, StepFinished
from buildtools.core.model import Cause, Status
from buildtools.core.results import RunResult, StepResult, StepRun
from buildtools.engine.conclusion import conclude
from buildtools.engine.dispatch import Dispatcher
from buildtools.engine.log import StepLog, safe_name
from buildtools.engine.plan import Plan
from buildtools.engine.pool import Pool
from buildtools.engine.record import EventsFile, Record, open_record, remove_tree, run_id
from buildtools.engine.scheduler import Scheduler, Verdict
from buildtools.engine.settings import RunSettings
from buildtools.engine.signals import caught
from buildtools.engine.surroundings import surroundings
from buildtools.engine.task import Outcome, Task

_PATIENCE = 3.0
"""Seconds that a plugin has to return after its programs must be gone; then it is left behind."""


def execute(plan: Plan, settings: RunSettings, sinks: Sequence[Sink]) -> RunResult:
    """Run every step of `plan` and return the finished run, in which all secrets are masked.

    Whatever a step does becomes a result; what goes wrong around the steps stands in `problems`. Sinks are called
    from one thread and closed at the end. SIGINT, SIGTERM and SIGHUP end the run gracefully, a second one at once.
    """
    started = time.time()
    base = settings.record or plan.pipeline.root / ".buildtools"
    record: Record | None = None
    problem = ""
    try:
        record = open_record(base, started)
        sinks = [EventsFile(record.folder), *sinks]
    except OSError as error:
        problem = f"{whole(str(base))}: the run's record cannot be written: {error.strerror}"
    dispatcher = Dispatcher(sinks, settings.masker)
    if problem:
        dispatcher.problem(problem)
    run = _Run(plan, settings, dispatcher, record, started)
    try:
        with caught(run.take_signal, wanted=settings.handle_signals), run.around.printing.caught():
            return run.to_the_end()
    finally:
        run.close()


class _Run:
    def __init__(
        self, plan: Plan, settings: RunSettings, dispatcher: Dispatcher, record: Record | None, started: float
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._dispatcher = dispatcher
        self._record = record
        self._started = started
        self._clock = time.monotonic()
        self._id = record.id if record else run_id(started)
        self._planned = {step.id: step for step in plan.steps}
        self._places = {step.id: place for place, step in enumerate(plan.steps, 1)}
        self._runs: dict[str, StepRun] = {}
        self._outputs: dict[str, dict[str, str]] = {}
        self._scheduler = Scheduler(plan, keep_going=settings.keep_going)
        self._pool = Pool()
        self._inbox: SimpleQueue[Task | ExitCode | None] = SimpleQueue()
        self._running: set[Task] = set()
        self._ended_by = ExitCode.OK
        self._signals = 0
        self._deadline = None if settings.timeout is None else self._clock + settings.timeout
        self.around = surroundings(plan, settings, dispatcher, record, self._outputs)

    def take_signal(self, ending: ExitCode) -> None:
        """Hear of a signal, between any two bytecodes of this thread."""
        self._signals += 1
        patience = 0.0 if self._signals > 1 else self._settings.grace.whole
        self._dispatcher.hurry(patience + 2 * _PATIENCE)
        self._inbox.put(ending)

    def to_the_end(self) -> RunResult:
        """Run everything and return the result."""
        self._announce()
        try:
            self._loop()
        except BaseException:
            for task in self._running:
                task.control.end(Cause.INTERRUPTED, urgent=True)
            raise
        self._dispatcher.drain()
        return self._conclude()

    def close(self) -> None:
        """Let go of everything; harmless after `to_the_end`."""
        self._dispatcher.close()
        self._pool.close()
        if self.around.cache:
            self.around.cache.close()
        remove_tree(self.around.temp)
        if self._record:
            self._record.close(self._settings.keep_runs)

    def _announce(self) -> None:
        pipeline = self._plan.pipeline
        self._dispatcher.push(
            RunStarted(
                time=time.time(),
                id=self._id,
                pipeline=pipeline.name,
                root=whole(str(pipeline.root)),
                folder=whole(str(self._record.folder)) if self._record else "",
                steps=self._plan.steps,
                jobs=self._settings.jobs,
                started=self._started,
            )
        )

    def _loop(self) -> None:
        while True:
            self._fill()
            if not self._running:
                return
            try:
                item = self._inbox.get(timeout=self._patience())
            except Empty:
                item = None
            if isinstance(item, Task):
                self._take(item)
            elif item is not None:
                self._end(item)
            self._look_at_the_clock()

    def _fill(self) -> None:
        while len(self._running) < self._settings.jobs:
            step = self._scheduler.next()
            if step is None:
                return
            if isinstance(step, Verdict):
                self._finish(step.step, step.result)
            else:
                self._start(step)

    def _start(self, step: str) -> None:
        log = StepLog(
            self._record.logs if self._record else None, safe_name(step, self._places[step]), self._log_trouble
        )
        task = Task(self._plan.specs[step], log, self.around, lambda: self._inbox.put(None))
        self._running.add(task)
        self._pool.submit(lambda: self._work(task))

    def _work(self, task: Task) -> None:
        """Run a task in a thread of the pool."""
        try:
            task.work()
        finally:
            self._inbox.put(task)

    def _take(self, task: Task) -> None:
        if task not in self._running:
            return  # it was left behind long ago
        self._running.remove(task)
        self._pool.done()
        if task.outcome is None:
            raise RuntimeError(f"the engine failed in step {task.spec.id}")
        self._settle(task, task.outcome)

    def _settle(self, task: Task, outcome: Outcome) -> None:
        result, step = outcome.result, task.spec.id
        if task.overdue:
            result = msgspec.structs.replace(
                result, status=Status.FAILED, cause=Cause.TIMEOUT, reason=self._time_is_up(), remedy=""
            )
        self._outputs[step] = result.outputs
        run = self._finish(step, result, task=task, outcome=outcome)
        self._scheduler.settle(run)

    def _finish(
        self, step: str, result: StepResult, *, task: Task | None = None, outcome: Outcome | None = None
    ) -> StepRun:
        planned, spec = self._planned[step], self._plan.specs[step]
        run = StepRun(
            id=step,
            plugin=planned.plugin,
            result=result,
            kind=planned.kind,
            description=planned.description,
            needs=planned.needs,
            tags=planned.tags,
            queued=(task.queued if task else time.monotonic()) - self._clock,
            started=outcome.started - self._clock if outcome else None,
            seconds=outcome.seconds if outcome else 0.0,
            earlier=outcome.earlier if outcome else (),
            cached=outcome is not None and outcome.cached,
            allowed=spec.allow_failure and not (task and task.overdue),
            log=f"logs/{task.log.name}.log" if task and task.log.wrote else "",
            tail=task.log.tail() if task else "",
        )
        self._runs[step] = run
        self._dispatcher.push(StepFinished(time=time.time(), run=run))
        return run

    def _end(self, ending: ExitCode) -> None:
        """The user, or the system, wants the run to end."""
        if self._ended_by is ExitCode.OK:
            self._ended_by = ending
        word = "interrupted" if self._ended_by is ExitCode.INTERRUPTED else "terminated"
        reason = f"not started: the run was {word}"
        self._scheduler.halt(StepResult(status=Status.CANCELLED, cause=Cause.INTERRUPTED, reason=reason))
        for task in self._running:
            task.control.end(Cause.INTERRUPTED, urgent=self._signals > 1)

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if self._deadline is not None and now >= self._deadline and self._ended_by is ExitCode.OK:
            self._deadline = None
            # Between two steps nothing is running that could fail: then what has not started does. Else the gate would
            # stand open with steps that never ran.
            status, cause = (Status.SKIPPED, Cause.STOPPED) if self._running else (Status.FAILED, Cause.TIMEOUT)
            self._scheduler.halt(StepResult(status=status, cause=cause, reason=f"not started: {self._time_is_up()}"))
            for task in self._running:
                task.overdue = True
                task.control.end(Cause.TIMEOUT)
        for task in [*self._running]:
            if task.control.deadline is not None and now >= task.control.deadline:
                task.control.expire()
            if task.control.stopped_at is not None and now >= task.control.stopped_at + self._abandoned_after():
                self._abandon(task)

    def _patience(self) -> float | None:
        """Return for how many seconds the clock does not matter."""
        times = [] if self._deadline is None else [self._deadline]
        for task in self._running:
            if task.control.deadline is not None:
                times.append(task.control.deadline)
            if task.control.stopped_at is not None:
                times.append(task.control.stopped_at + self._abandoned_after())
        return max(0.0, min(times) - time.monotonic()) + 0.001 if times else None

    def _abandoned_after(self) -> float:
        return _PATIENCE + (0.0 if self._signals > 1 else self._settings.grace.whole)

    def _abandon(self, task: Task) -> None:
        self._running.remove(task)
        self._pool.abandon()
        timeout = task.control.cause is Cause.TIMEOUT
        result = StepResult(
            status=Status.FAILED if timeout else Status.CANCELLED,
            cause=Cause.TIMEOUT if timeout else Cause.INTERRUPTED,
            reason=f"{'its time was up, but it' if timeout else 'it'} did not stop when told to, and was left behind",
            remedy=f"Plugin {task.spec.uses} should call ctx.check_cancelled() now and then.",
        )
        seconds = time.monotonic() - task.queued
        self._settle(task, Outcome(result=result, started=task.queued, seconds=seconds))

    def _time_is_up(self) -> str:
        return f"the run's time of {self._settings.timeout:g} s was up"

    def _log_trouble(self, path: Path, error: OSError) -> None:
        self._dispatcher.problem(f"{whole(str(path.parent))}: output cannot be logged: {error.strerror}")

    def _conclude(self) -> RunResult:
        pipeline = self._plan.pipeline
        result = RunResult(
            pipeline=pipeline.name,
            id=self._id,
            steps=tuple(self._runs[step.id] for step in self._plan.steps),
            file=whole(str(pipeline.file)),
            version=self._settings.version,
            started=self._started,
            seconds=time.monotonic() - self._clock,
            revision=self._settings.revision,
            ended_by=self._ended_by,
            problems=self._dispatcher.problems,
        )
        return conclude(result, self._settings, self._dispatcher, self._record)
