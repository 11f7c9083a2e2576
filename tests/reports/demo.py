"""Synthetic runs for looking at the consoles: `python -m tests.reports.demo live 8 [seconds]`."""

from __future__ import annotations

import random
import sys
import time

from buildtools.core.events import (
    Output,
    PlannedStep,
    Progress,
    RunFinished,
    RunStarted,
    Sink,
    StepFinished,
    StepStarted,
)
from buildtools.core.model import Cause, Status
from buildtools.core.results import Attempt, Finding, Metric, RunResult, StepResult, StepRun, TestCase

LINES = (
    "collecting …\n",
    "tests/test_app.py \x1b[32m.......\x1b[0m\n",
    "漢字かな交じり文 wide characters that go on and on " * 4 + "\n",
    "10%\r40%\r100%\n",
    "\x1b[2J\x1b[Hclears the screen\n",
    "no line end",
    "\x07\x00 bell and NUL \x1b]0;title\x07\n",
)


def results() -> tuple[StepResult, ...]:
    """One result of each sort."""
    finding = Finding(
        tool="pylint",
        rule="W0611",
        symbol="unused-import",
        message="Unused import os",
        path="src/app.py",
        line=3,
        column=1,
    )
    case = TestCase(
        name="test_adds[1-2]",
        classname="tests.test_app.TestSums",
        status=Status.FAILED,
        message="assert 3 == 4\nsecond line",
        details="def test_adds():\n>   assert 1 + 2 == 4\nE   assert 3 == 4",
        file="tests/test_app.py",
        line=12,
    )
    return (
        StepResult(),
        StepResult(status=Status.FAILED, findings=(finding,) * 30, reason="30 findings"),
        StepResult(
            status=Status.FAILED,
            cases=(case, TestCase(name="ok")),
            metrics=(Metric(name="line coverage", value=84.9999, unit="%", threshold=85),),
            reason="1 of 2 tests failed",
        ),
        StepResult(metrics=(Metric(name="line coverage", value=91.5, unit="%", threshold=85),), warnings=("careful",)),
        StepResult(status=Status.ERROR, cause=Cause.TOOL, reason="node: not found", remedy="apt install nodejs"),
        StepResult(status=Status.FAILED, cause=Cause.TIMEOUT, reason="its time of 5 s was up"),
        StepResult(status=Status.FAILED, reason="exit 2"),
    )


def play(sink: Sink, number: int, seconds: float, *, at_once: int = 8) -> None:
    """Feed a run of `number` steps to a sink, in about `seconds`."""
    names = [f"step-{n:02d}" for n in range(number)]
    rng = random.Random(number)
    plan = tuple(PlannedStep(id=name, plugin="shell") for name in names)
    now = time.time()
    sink.handle(
        RunStarted(
            time=now, id="1", pipeline="demo", root="/p", folder="/p/.buildtools/runs/1", steps=plan, jobs=at_once
        )
    )
    pool = results()
    runs: list[StepRun] = []
    waiting, running = list(names), list[str]()
    began = time.monotonic()
    beats = max(number * 10, 40)
    for beat in range(beats):
        while waiting and len(running) < at_once:
            running.append(waiting.pop(0))
            sink.handle(StepStarted(time=now, step=running[-1]))
        for name in running:
            sink.handle(Output(time=now, step=name, text=rng.choice(LINES)))
        if running:
            sink.handle(Progress(time=now, step=running[0], done=beat % 21, total=20, note="src/漢字.py"))
        if running and beat * number // beats > len(runs):
            runs.append(_ended(running.pop(0), pool[len(runs) % len(pool)], time.monotonic() - began))
            sink.handle(StepFinished(time=now, run=runs[-1]))
        time.sleep(seconds / beats)
    for name in running:
        runs.append(_ended(name, pool[len(runs) % len(pool)], seconds))
        sink.handle(StepFinished(time=now, run=runs[-1]))
    for name in waiting:
        result = StepResult(status=Status.SKIPPED, cause=Cause.STOPPED, reason="step-01 failed first")
        runs.append(StepRun(id=name, plugin="shell", result=result))
        sink.handle(StepFinished(time=now, run=runs[-1]))
    result = RunResult(pipeline="demo", id="1", steps=tuple(runs), seconds=seconds)
    sink.handle(RunFinished(time=now, exit_code=int(result.exit_code), result=result))


def _ended(name: str, result: StepResult, seconds: float) -> StepRun:
    flaky = result.warnings and (Attempt(result=StepResult(status=Status.FAILED)),)
    return StepRun(
        id=name, plugin="shell", result=result, started=0.1, seconds=seconds, earlier=flaky or (), tail="one\ntwo\n"
    )


def main() -> None:
    """Play to the console that is asked for."""
    from buildtools.reports.live import LiveConsole
    from buildtools.reports.plain import PlainConsole
    from buildtools.reports.style import Style, shows_unicode

    kind, number, seconds, at_once = [*sys.argv[1:], *("plain", "8", "5", "8")[len(sys.argv) - 1 :]]
    style = Style(color=True, unicode=shows_unicode(sys.stdout), junit="build/reports/junit.xml")
    sink: Sink = LiveConsole(sys.stdout, style=style) if kind == "live" else PlainConsole(sys.stdout, style=style)
    try:
        play(sink, int(number), float(seconds), at_once=int(at_once))
    finally:
        sink.close()


if __name__ == "__main__":
    main()
