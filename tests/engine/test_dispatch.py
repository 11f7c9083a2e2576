from __future__ import annotations

import threading
import time

from buildtools.core.events import AnyEvent, Output, RunFinished, StepFinished, StepStarted
from buildtools.core.masking import Masker
from buildtools.core.results import RunResult, StepResult, StepRun
from buildtools.engine.dispatch import Dispatcher
from tests.engine.pipelines import Recorder


class Failing(Recorder):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def handle(self, event: AnyEvent) -> None:
        super().handle(event)
        raise self.error


def output(number: int = 0, text: str = "x") -> Output:
    return Output(time=float(number), step="a", text=text)


def test_every_sink_sees_every_event_in_order_from_one_thread() -> None:
    class Threads(Recorder):
        def __init__(self) -> None:
            super().__init__()
            self.threads: set[int] = set()

        def handle(self, event: AnyEvent) -> None:
            super().handle(event)
            self.threads.add(threading.get_ident())

    sinks = Threads(), Recorder()
    dispatcher = Dispatcher(sinks, Masker())
    pushers = [
        threading.Thread(target=lambda: [dispatcher.push(output(n)) for n in range(200)])  # type: ignore[func-returns-value]
        for _ in range(3)
    ]
    for pusher in pushers:
        pusher.start()
    for pusher in pushers:
        pusher.join()
    dispatcher.close()
    dispatcher.close()
    assert len(sinks[0].events) == 600
    assert sinks[0].events == sinks[1].events
    assert len(sinks[0].threads) == 1
    assert [sink.closed for sink in sinks] == [1, 1]


def test_a_sink_may_say_what_it_is_called() -> None:
    class Named(Failing):
        name = "the wall display"

    dispatcher = Dispatcher([Named(ValueError("dark"))], Masker())
    dispatcher.push(output())
    dispatcher.close()
    assert dispatcher.problems == ("the wall display: switched off after ValueError: dark",)


def test_a_sink_that_raises_is_switched_off_and_said_once() -> None:
    bad, good = Failing(OSError(28, "No space left on device")), Recorder()
    dispatcher = Dispatcher([bad, good], Masker())
    dispatcher.push(output(1))
    dispatcher.push(output(2))
    dispatcher.close()
    assert len(bad.events) == 1
    assert bad.closed == 1
    assert len(good.events) == 2
    assert dispatcher.problems == ("Failing: switched off after OSError: No space left on device",)


def test_a_reader_that_has_gone_away_is_no_problem() -> None:
    bad, good = Failing(BrokenPipeError()), Recorder()
    dispatcher = Dispatcher([bad, good], Masker())
    dispatcher.push(output(1))
    dispatcher.push(output(2))
    dispatcher.close()
    assert dispatcher.problems == ()
    assert len(good.events) == 2


def test_secrets_are_masked_in_events_and_problems() -> None:
    sink = Recorder()
    dispatcher = Dispatcher([sink], Masker(["hush"]))
    run = StepRun(id="a", plugin="p", result=StepResult(reason="hush!"), tail="hush")
    dispatcher.push(StepFinished(time=0.0, run=run))
    dispatcher.push(RunFinished(time=0.0, exit_code=0, result=RunResult(pipeline="p", id="1", steps=(run,))))
    dispatcher.problem("hush it")
    dispatcher.close()
    assert "hush" not in repr(sink.events)
    assert dispatcher.problems == ("*** it",)


def test_what_comes_after_a_steps_end_is_dropped() -> None:
    sink = Recorder()
    dispatcher = Dispatcher([sink], Masker())
    dispatcher.push(StepStarted(time=0.0, step="a"))
    dispatcher.push(StepFinished(time=0.0, run=StepRun(id="a", plugin="p", result=StepResult())))
    dispatcher.push(output())
    dispatcher.push(StepStarted(time=0.0, step="a", attempt=2))
    dispatcher.close()
    assert [type(event).__name__ for event in sink.events] == ["StepStarted", "StepFinished"]


def test_drain_waits_for_what_was_pushed() -> None:
    class Slow(Recorder):
        def handle(self, event: AnyEvent) -> None:
            time.sleep(0.02)
            super().handle(event)

    sink = Slow()
    dispatcher = Dispatcher([sink], Masker())
    for number in range(5):
        dispatcher.push(output(number))
    dispatcher.drain()
    assert len(sink.events) == 5
    dispatcher.close()


def test_a_sink_that_takes_nothing_holds_back_and_is_given_up_when_there_is_hurry() -> None:
    let_go = threading.Event()

    class Stuck(Recorder):
        def handle(self, event: AnyEvent) -> None:
            let_go.wait(60)

    dispatcher = Dispatcher([Stuck()], Masker())
    pushed = []

    def push() -> None:
        for number in range(200):
            dispatcher.push(output(number))
            pushed.append(number)

    pusher = threading.Thread(target=push, daemon=True)
    pusher.start()
    pusher.join(0.4)
    assert 60 < len(pushed) < 70
    dispatcher.hurry(0.1)
    started = time.monotonic()
    dispatcher.drain()
    dispatcher.close()
    assert time.monotonic() - started < 15
    let_go.set()
    pusher.join(5)


def test_a_sink_with_a_tick_is_called_about_once_a_second() -> None:
    class Ticking(Recorder):
        ticks = 0

        def tick(self) -> None:
            self.ticks += 1

    sink = Ticking()
    dispatcher = Dispatcher([sink], Masker())
    deadline = time.monotonic() + 1.3
    while time.monotonic() < deadline:
        dispatcher.push(output())
        time.sleep(0.05)
    dispatcher.close()
    assert sink.ticks == 1
