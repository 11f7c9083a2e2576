from __future__ import annotations

import time

from buildtools.core.model import Cause, Status
from buildtools.core.results import StepResult, StepRun
from buildtools.engine.plan import Plan
from buildtools.engine.scheduler import Scheduler, Verdict
from tests.engine.pipelines import Bench, check, spec


def ended(step: str, status: Status = Status.PASSED, *, allowed: bool = False) -> StepRun:
    return StepRun(id=step, plugin="p", result=StepResult(status=status), allowed=allowed)


def walk(plan: Plan, bad: dict[str, Status] | None = None, *, keep_going: bool = False) -> dict[str, str]:
    """Run a plan one step at a time; return what became of each step."""
    scheduler = Scheduler(plan, keep_going=keep_going)
    became = {}
    while (step := scheduler.next()) is not None:
        if isinstance(step, Verdict):
            became[step.step] = step.result.cause.value
        else:
            run = ended(step, (bad or {}).get(step, Status.PASSED))
            became[step] = run.result.status.value
            scheduler.settle(run)
    return became


def test_checks_start_together_and_an_action_waits_for_them(bench: Bench) -> None:
    scheduler = Scheduler(bench.plan(check("a"), check("b"), spec("c")), keep_going=False)
    assert [scheduler.next(), scheduler.next(), scheduler.next()] == ["a", "b", None]
    scheduler.settle(ended("b"))
    assert scheduler.next() is None
    scheduler.settle(ended("a"))
    assert scheduler.next() == "c"


def test_after_a_failure_nothing_new_starts(bench: Bench) -> None:
    plan = bench.plan(check("a"), check("b"), spec("c"), spec("d", needs=()))
    scheduler = Scheduler(plan, keep_going=False)
    assert scheduler.next() == "a"
    scheduler.settle(ended("a", Status.FAILED))
    verdicts = {v.step: v.result for v in iter(scheduler.next, None) if isinstance(v, Verdict)}
    assert verdicts["b"].cause is Cause.STOPPED
    assert "a" in verdicts["b"].reason
    assert verdicts["c"].cause is Cause.NEEDS
    assert verdicts["c"].reason == "needs a, which failed"
    assert verdicts["d"].cause is Cause.STOPPED


def test_keep_going_runs_what_does_not_need_it(bench: Bench) -> None:
    steps = (check("a"), check("b"), spec("c"), spec("d", needs=("b",)), spec("e", needs=("c",)))
    became = walk(bench.plan(*steps), {"a": Status.ERROR}, keep_going=True)
    assert became == {"a": "error", "b": "passed", "c": "needs", "d": "passed", "e": "needs"}


def test_a_condition_that_does_not_hold_satisfies(bench: Bench) -> None:
    plan = bench.plan(check("a"), spec("b"), spec("c"), skips={"b": "not on main"})
    assert walk(plan) == {"a": "passed", "b": "when", "c": "passed"}


def test_a_skipped_middle_passes_failure_on(bench: Bench) -> None:
    steps = (check("lint"), spec("pack"), spec("upload"))
    became = walk(bench.plan(*steps, skips={"pack": "no"}), {"lint": Status.FAILED}, keep_going=True)
    assert became == {"lint": "failed", "pack": "needs", "upload": "needs"}


def test_an_unselected_middle_passes_order_and_failure_on(bench: Bench) -> None:
    plan = bench.plan(check("lint"), spec("pack"), spec("upload"), steps=("lint", "upload"), no_needs=True)
    scheduler = Scheduler(plan, keep_going=True)
    assert scheduler.next() == "lint"
    assert scheduler.next() is None
    scheduler.settle(ended("lint", Status.FAILED))
    verdict = scheduler.next()
    assert isinstance(verdict, Verdict)
    assert verdict.result.reason == "needs lint, which failed"


def test_an_allowed_failure_stops_nothing(bench: Bench) -> None:
    scheduler = Scheduler(bench.plan(check("a", allow_failure=True), spec("b")), keep_going=False)
    assert scheduler.next() == "a"
    scheduler.settle(ended("a", Status.FAILED, allowed=True))
    assert scheduler.next() == "b"


def test_a_halt_gives_its_result_to_all_that_has_not_started(bench: Bench) -> None:
    scheduler = Scheduler(bench.plan(check("a"), check("b"), spec("c")), keep_going=True)
    assert scheduler.next() == "a"
    result = StepResult(status=Status.CANCELLED, cause=Cause.INTERRUPTED)
    scheduler.halt(result)
    scheduler.halt(StepResult())
    assert scheduler.next() == Verdict("b", result)
    scheduler.settle(ended("a", Status.CANCELLED))
    assert scheduler.next() == Verdict("c", result)
    assert scheduler.next() is None


def test_it_is_linear_in_steps_and_needs(bench: Bench) -> None:
    def seconds(count: int) -> float:
        plan = bench.plan(*[(check if number % 50 else spec)(f"s{number}") for number in range(count)])
        started = time.perf_counter()
        assert len(walk(plan)) == count
        return time.perf_counter() - started

    small = min(seconds(2_000) for _ in range(3))
    assert seconds(20_000) < max(30 * small, 2.0)


def test_a_long_chain_needs_no_deep_stack(bench: Bench) -> None:
    assert len(walk(bench.plan(*[spec(f"s{number}") for number in range(20_000)]))) == 20_000
