"""Which step may start next: pure bookkeeping over the graph, without threads, clocks or processes."""

from __future__ import annotations

from graphlib import TopologicalSorter
from heapq import heappop, heappush

import msgspec

from buildtools.core.model import Cause, Status
from buildtools.core.results import StepResult, StepRun
from buildtools.engine.plan import Plan


class Verdict(msgspec.Struct, frozen=True):
    """A step that is not to run, and the result it has instead."""

    step: str
    result: StepResult


class Scheduler:
    """Hands out steps whose needs are done, in the plan's order.

    Call `next` until it returns `None`; report each step that ran by `settle`. After `halt` every step that has not
    started gets the given result. Linear in steps and needs (but for a heap of the ready ones).
    """

    def __init__(self, plan: Plan, *, keep_going: bool) -> None:
        self._plan = plan
        self._keep_going = keep_going
        self._selected = {step.id: step for step in plan.steps}
        self._place = {step: at for at, step in enumerate(plan.needs)}
        self._graph = TopologicalSorter(plan.needs)
        self._graph.prepare()
        self._ready: list[tuple[int, str]] = []
        self._blocked: dict[str, str] = {}  # step → why what needs it cannot run
        self._halted: StepResult | None = None
        self._stopped_by: str | None = None

    def halt(self, result: StepResult) -> None:
        """From now on nothing starts; the first call counts, and a failure is not one."""
        self._halted = self._halted or result

    def next(self) -> str | Verdict | None:
        """Return a step to run now, or a step that will not run; `None`: nothing, until a running one is settled."""
        while True:
            for step in self._graph.get_ready():
                heappush(self._ready, (self._place[step], step))
            if not self._ready:
                return None
            step = heappop(self._ready)[1]
            if step in self._selected:
                result = self._prevented(step)
                if result is None:
                    return step
                self._settle(step, satisfied=result.cause is Cause.WHEN, word=result.status.value)
                return Verdict(step, result)
            need = self._blocking(step)
            # Not selected: passes on what stands above it.
            self._settle(step, satisfied=need is None, word=need or "")

    def settle(self, run: StepRun) -> None:
        """Take the result of a step that ran."""
        self._settle(run.id, satisfied=run.satisfied, word=run.result.status.value)
        if not run.satisfied and not self._keep_going and self._stopped_by is None:
            self._stopped_by = run.id

    def _settle(self, step: str, *, satisfied: bool, word: str) -> None:
        if not satisfied:
            self._blocked[step] = f"{step}, which {_WORDS.get(word, word)}" if step in self._selected else word
        self._graph.done(step)

    def _blocking(self, step: str) -> str | None:
        return next((self._blocked[need] for need in self._plan.needs[step] if need in self._blocked), None)

    def _prevented(self, step: str) -> StepResult | None:
        if self._halted is not None:
            return self._halted
        need = self._blocking(step)
        if need is not None:
            return StepResult(status=Status.SKIPPED, cause=Cause.NEEDS, reason=f"needs {need}")
        if self._selected[step].skip:
            return StepResult(status=Status.SKIPPED, cause=Cause.WHEN, reason=self._selected[step].skip)
        if self._stopped_by is not None:
            return StepResult(
                status=Status.SKIPPED,
                cause=Cause.STOPPED,
                reason=f"not started, since {self._stopped_by} did not pass",
                remedy="With --keep-going, steps that do not need it would run.",
            )
        return None


_WORDS = {"failed": "failed", "error": "could not do its work", "skipped": "was skipped", "cancelled": "was cancelled"}
