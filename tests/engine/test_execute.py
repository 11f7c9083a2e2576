from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from buildtools.core.errors import ExitCode, InvalidPipeline, StepError, ToolMissing
from buildtools.core.events import AnyEvent, Output, RunFinished, RunStarted, StepFinished, StepStarted
from buildtools.core.masking import Masker
from buildtools.core.model import Cause, Status
from buildtools.core.results import RunResult, StepResult
from buildtools.core.step import StepContext
from buildtools.engine.record import EventsFile
from buildtools.pipeline.model import Configured
from buildtools.system.stop import Stop
from tests.engine.pipelines import Bench, Call, Recorder, by_id, check, passing, spec


def failing(_ctx: StepContext) -> StepResult:
    return StepResult(status=Status.FAILED, reason="bad")


def raising(error: BaseException) -> object:
    def call(_ctx: StepContext) -> StepResult:
        raise error

    return call


def test_events_come_in_their_order(bench: Bench) -> None:
    result = bench.run(check("a", "echo one; echo two >&2"), check("b", "echo three"), spec("c"))
    assert result.exit_code == 0
    events = bench.seen.events
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunFinished)
    assert events[-1].result == result
    for step in ("a", "b", "c"):
        kinds = [
            type(event)
            for event in events
            if getattr(event, "step", "") == step or (isinstance(event, StepFinished) and event.run.id == step)
        ]
        assert kinds[0] is StepStarted
        assert kinds[-1] is StepFinished
        assert set(kinds[1:-1]) <= {Output}
    assert bench.seen.closed == 1
    assert {(e.stream, e.text) for e in bench.seen.of(Output) if e.step == "a"} == {
        ("stdout", "one\n"),
        ("stderr", "two\n"),
    }


def test_checks_run_side_by_side_up_to_the_number_of_jobs(bench: Bench) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def count(_ctx: StepContext) -> StepResult:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.03)
        with lock:
            running -= 1
        return StepResult()

    bench.run(*[check(f"c{number}", count) for number in range(9)], jobs=3)
    assert most == 3


def test_actions_run_one_by_one_in_one_thread(bench: Bench) -> None:
    threads = set()

    def note(_ctx: StepContext) -> StepResult:
        threads.add(threading.get_ident())
        return StepResult()

    bench.run(*[spec(f"a{number}", note) for number in range(5)], jobs=8)
    assert len(threads) == 1


def test_running_checks_finish_after_a_failure(bench: Bench) -> None:
    together = threading.Barrier(2)

    def slow(_ctx: StepContext) -> StepResult:
        together.wait(5)
        time.sleep(0.1)
        return StepResult()

    def bad(_ctx: StepContext) -> StepResult:
        together.wait(5)
        return StepResult(status=Status.FAILED)

    runs = by_id(bench.run(check("slow", slow), check("bad", bad), check("late"), spec("act"), jobs=2))
    assert runs["slow"].result.status is Status.PASSED
    assert runs["late"].result.cause is Cause.STOPPED
    assert runs["act"].result.cause is Cause.NEEDS
    assert runs["act"].started is None


@pytest.mark.parametrize(
    ("allowed", "code", "after"), [(False, ExitCode.FAILED, Status.SKIPPED), (True, ExitCode.OK, Status.PASSED)]
)
def test_allow_failure(bench: Bench, allowed: bool, code: ExitCode, after: Status) -> None:
    result = bench.run(check("a", failing, allow_failure=allowed), spec("b"))
    assert result.exit_code is code
    assert by_id(result)["a"].result.status is Status.FAILED
    assert by_id(result)["b"].result.status is after


# -- what plugins do


def test_a_plugin_that_raises_is_named_with_its_place(bench: Bench) -> None:
    def broken(_ctx: StepContext) -> StepResult:
        return 1 / 0  # type: ignore[return-value]

    result = bench.run(spec("a", broken))
    run = by_id(result)["a"]
    assert result.exit_code is ExitCode.ERROR
    assert (run.result.status, run.result.cause) == (Status.ERROR, Cause.PLUGIN)
    assert run.result.reason.startswith("plugin call raised ZeroDivisionError: division by zero at ")
    assert "pipelines.py:" in run.result.reason or "test_execute.py:" in run.result.reason
    log = bench.log(result, "a").decode()
    assert log.startswith("Traceback (most recent call last):\n")
    assert "1 / 0" in log
    assert "buildtools/engine" not in log


@pytest.mark.parametrize("error", [SystemExit(0), KeyboardInterrupt(), MemoryError(), RecursionError("deep")])
def test_no_plugin_ends_the_run(bench: Bench, error: BaseException) -> None:
    runs = by_id(bench.run(check("a", raising(error)), check("b"), keep_going=True, jobs=1))  # type: ignore[arg-type]
    assert runs["a"].result.cause is Cause.PLUGIN
    assert type(error).__name__ in runs["a"].result.reason
    assert runs["b"].result.status is Status.PASSED


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "returned NoneType instead of a StepResult"),
        (StepResult(outputs={"n": 1}), "malformed"),  # type: ignore[dict-item]
        (StepResult(findings=("x",)), "malformed"),  # type: ignore[arg-type]
        (StepResult(reason=object()), "malformed"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_result_is_the_plugins_mistake(bench: Bench, returned: object, words: str) -> None:
    run = by_id(bench.run(spec("a", lambda _ctx: returned)))["a"]
    assert run.result.cause is Cause.PLUGIN
    assert words in run.result.reason


def test_text_that_is_no_utf8_and_lists_for_tuples_are_set_right(bench: Bench) -> None:
    returned = StepResult(reason="caf\udce9", warnings=["w"], outputs={"path": "x\udcff"})  # type: ignore[arg-type]

    def call(ctx: StepContext) -> StepResult:
        ctx.output("caf\udce9\n")
        return returned

    result = bench.run(spec("a", call))
    run = by_id(result)["a"]
    assert run.result.reason == "caf\ufffd"
    assert run.result.warnings == ("w",)
    assert msgspec.json.decode(msgspec.json.encode(result), type=RunResult) == result


@pytest.mark.parametrize(
    ("error", "cause"),
    [(StepError("no host", remedy="try"), Cause.NONE), (ToolMissing("java", remedy="try"), Cause.TOOL)],
)
def test_a_step_that_cannot_do_its_work_is_an_error(bench: Bench, error: StepError, cause: Cause) -> None:
    result = bench.run(spec("a", raising(error)))  # type: ignore[arg-type]
    run = by_id(result)["a"]
    assert (run.result.status, run.result.cause, run.result.remedy) == (Status.ERROR, cause, "try")
    assert run.result.reason == error.message
    assert result.exit_code is ExitCode.ERROR


def test_a_plugin_that_calls_itself_cancelled_is_not_believed(bench: Bench) -> None:
    from buildtools.core.errors import Cancelled

    run = by_id(bench.run(spec("a", raising(Cancelled()))))["a"]  # type: ignore[arg-type]
    assert (run.result.status, run.result.cause) == (Status.ERROR, Cause.PLUGIN)


@pytest.mark.parametrize("cause", [Cause.NONE, Cause.EMPTY, Cause.NEEDS, Cause.STOPPED])
def test_a_plugin_that_skips_itself_satisfies(bench: Bench, cause: Cause) -> None:
    skipped = StepResult(status=Status.SKIPPED, cause=cause, reason="nothing new")
    result = bench.run(spec("a", lambda _ctx: skipped), spec("b"))
    assert by_id(result)["a"].result.cause is Cause.WHEN
    assert by_id(result)["b"].result.status is Status.PASSED


@pytest.mark.parametrize(
    "call",
    [
        lambda ctx: ctx.warn(5),
        lambda ctx: ctx.output(b"bytes"),
        lambda ctx: ctx.progress("half"),
        lambda ctx: ctx.progress(1, None),
        lambda ctx: ctx.progress(1, 2, 3),
    ],
)
def test_words_of_a_wrong_type_are_the_plugins_mistake(bench: Bench, call: Callable[[StepContext], object]) -> None:
    def speak(ctx: StepContext) -> StepResult:
        call(ctx)
        return StepResult()

    result = bench.run(spec("a", speak))
    assert by_id(result)["a"].result.cause is Cause.PLUGIN
    assert result.problems == ()


def test_outputs_reach_later_steps_and_bad_ones_are_errors(bench: Bench) -> None:
    seen = {}

    def configure(outputs: object) -> Configured:
        seen.update(outputs)  # type: ignore[call-overload]
        return Configured(step=Call(function=passing))

    def refuse(_outputs: object) -> Configured:
        raise InvalidPipeline("pipeline.yaml:3:4: fail-under: not a number", remedy="write one")

    a = spec("a", lambda _ctx: StepResult(outputs={"archive": "x.tgz"}))
    result = bench.run(a, spec("b", configure=configure), spec("c", configure=refuse, retries=2))
    assert seen["a"] == {"archive": "x.tgz"}
    run = by_id(result)["c"]
    assert run.result.status is Status.ERROR
    assert "pipeline.yaml:3:4" in run.result.reason
    assert not run.earlier


def test_a_long_result_and_warnings_come_through(bench: Bench) -> None:
    def call(ctx: StepContext) -> StepResult:
        ctx.warn("old tool")
        ctx.progress(1, 2, "half")
        return StepResult(warnings=("own",))

    run = by_id(bench.run(spec("a", call)))["a"]
    assert run.result.warnings == ("own", "old tool")


# -- attempts


def flaky(passes_at: int, *, tired: str = "") -> object:
    calls = []

    def call(ctx: StepContext) -> StepResult:
        calls.append(1)
        ctx.output(f"try {len(calls)}\n")
        if len(calls) >= passes_at:
            return StepResult()
        return StepResult(status=Status.FAILED, reason=f"bad {len(calls)}")

    return call


def test_a_pass_after_a_failure_is_flaky(bench: Bench) -> None:
    result = bench.run(spec("a", flaky(3), retries=3))  # type: ignore[arg-type]
    run = by_id(result)["a"]
    assert run.flaky
    assert [attempt.result.reason for attempt in run.earlier] == ["bad 1", "bad 2"]
    assert [event.attempt for event in bench.seen.of(StepStarted)] == [1, 2, 3]
    assert bench.log(result, "a").decode() == ("try 1\n--- attempt 2 of 4 ---\ntry 2\n--- attempt 3 of 4 ---\ntry 3\n")
    assert result.exit_code == 0


def test_retries_run_out(bench: Bench) -> None:
    run = by_id(bench.run(spec("a", flaky(9), retries=1)))["a"]  # type: ignore[arg-type]
    assert run.result.reason == "bad 2"
    assert len(run.earlier) == 1
    assert not run.flaky


def test_a_missing_tool_is_not_tried_again(bench: Bench) -> None:
    run = by_id(bench.run(spec("a", ["no-such-tool-here"], retries=3)))["a"]
    assert run.result.cause is Cause.TOOL
    assert not run.earlier


# -- time


def test_a_step_that_takes_too_long_fails(bench: Bench) -> None:
    result = bench.run(check("a", "echo before; sleep 60", timeout=0.2), spec("b"))
    run = by_id(result)["a"]
    assert (run.result.status, run.result.cause) == (Status.FAILED, Cause.TIMEOUT)
    assert run.result.reason == "took longer than 0.2 s"
    assert run.tail == "before\n"
    assert run.seconds < 30
    assert result.exit_code is ExitCode.FAILED
    assert by_id(result)["b"].result.reason == "needs a, which failed"


def test_each_attempt_has_the_whole_time(bench: Bench) -> None:
    script = "if [ -e here ]; then exit 0; fi; touch here; sleep 60"
    run = by_id(bench.run(spec("a", script, timeout=0.5, retries=1)))["a"]
    assert run.flaky
    assert run.earlier[0].result.cause is Cause.TIMEOUT


def test_python_code_learns_that_its_time_is_up(bench: Bench) -> None:
    told = []

    def loop(ctx: StepContext) -> StepResult:
        with ctx.on_cancel(lambda: told.append(1)):
            while True:
                ctx.check_cancelled()
                time.sleep(0.01)

    run = by_id(bench.run(spec("a", loop, timeout=0.1)))["a"]
    assert run.result.cause is Cause.TIMEOUT
    assert told == [1]


def test_a_cancelled_step_has_some_time_for_what_it_must_not_leave_undone(bench: Bench) -> None:
    told: list[str] = []

    def call(ctx: StepContext) -> StepResult:
        try:
            ctx.run(["sleep", "60"])
        finally:
            with ctx.parting(30.0) as last:
                last.check_cancelled()
                last.output("the last word\n")
                told.append(last.run(["echo", "bye"], capture=True).stdout.decode())
                with last.on_cancel(lambda: told.append("no longer")):
                    last.run(["sleep", "60"])  # longer than the engine waits

    run = by_id(bench.run(spec("a", call, timeout=0.1)))["a"]
    assert (run.result.cause, told) == (Cause.TIMEOUT, ["bye\n", "no longer"])
    assert "left behind" not in run.result.reason
    assert bench.seen.output("a") == "the last word\n"


@pytest.mark.parametrize("when", ["late", "before"])
def test_a_second_signal_ends_that_time_at_once(when: str) -> None:
    stop, told = Stop(), list[str]()
    with stop.calling(lambda: told.append("any")), ExitStack() as stack:
        if when == "late":
            stop.set(urgent=True)
        stack.enter_context(stop.calling(lambda: told.append("urgent"), urgent=True))
        stop.set()
        assert told == (["any", "urgent"] if when == "late" else ["any"])
        stop.set(urgent=True)
        stop.set(urgent=True)
    assert told == ["any", "urgent"]


def test_a_plugin_that_swallows_the_cancellation_has_still_timed_out(bench: Bench) -> None:
    def call(ctx: StepContext) -> StepResult:
        try:
            ctx.run(["sleep", "60"])
        except StepError:
            return StepResult(metrics=())
        raise AssertionError

    assert by_id(bench.run(spec("a", call, timeout=0.1)))["a"].result.cause is Cause.TIMEOUT


def test_the_whole_runs_time(bench: Bench) -> None:
    steps = (check("quick"), check("slow", "sleep 60", allow_failure=True), spec("late"))
    result = bench.run(*steps, timeout=0.3)
    runs = by_id(result)
    assert runs["quick"].result.status is Status.PASSED
    assert (runs["slow"].result.status, runs["slow"].result.cause) == (Status.FAILED, Cause.TIMEOUT)
    assert runs["slow"].result.reason == "the run's time of 0.3 s was up"
    assert (runs["late"].result.status, runs["late"].result.cause) == (Status.SKIPPED, Cause.STOPPED)
    assert result.exit_code is ExitCode.FAILED  # though the step's own failure was allowed


def test_the_runs_time_is_up_between_two_steps(bench: Bench) -> None:
    busy, free = threading.Event(), threading.Event()

    class Stuck(Recorder):
        """Takes nothing from the first output on until it is set free: who pushes must wait."""

        def handle(self, event: AnyEvent) -> None:
            if isinstance(event, Output) and not busy.is_set():
                busy.set()
                free.wait(5)
            super().handle(event)

    def fill(ctx: StepContext) -> StepResult:
        ctx.output("x")
        busy.wait(5)
        for _ in range(64):  # then the queue is full, and the step's end has to wait
            ctx.output("x")
        threading.Timer(0.4, free.set).start()
        return StepResult()

    result = bench.execute(bench.plan(spec("a", fill), spec("b")), [Stuck()], timeout=0.2)
    runs = by_id(result)
    assert runs["a"].result.status is Status.PASSED
    assert (runs["b"].result.status, runs["b"].result.cause) == (Status.FAILED, Cause.TIMEOUT)
    assert runs["b"].started is None
    assert result.exit_code is ExitCode.FAILED


def test_a_plugin_that_never_comes_back_is_left_behind(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from buildtools.engine import executor

    monkeypatch.setattr(executor, "_PATIENCE", 0.1)
    let_go, gone = threading.Event(), threading.Event()

    def deaf(ctx: StepContext) -> StepResult:
        let_go.wait(60)
        ctx.output("too late")
        gone.set()
        return StepResult()

    started = time.monotonic()
    result = bench.run(check("deaf", deaf, timeout=0.1), check("b"), jobs=1, keep_going=True)
    assert time.monotonic() - started < 15
    let_go.set()
    assert gone.wait(5)
    runs = by_id(result)
    assert runs["deaf"].result.cause is Cause.TIMEOUT
    assert "left behind" in runs["deaf"].result.reason
    assert runs["b"].result.status is Status.PASSED
    assert "too late" not in bench.seen.output("deaf")
    time.sleep(0.05)  # its thread ends by itself now


# -- output


def test_output_is_masked_everywhere(bench: Bench) -> None:
    script = "printf 'is hu'; sleep 0.05; echo 'sh!'; echo 'err hush' >&2"

    def answer(ctx: StepContext) -> StepResult:
        ctx.output("I say hush\n")
        assert ctx.run(["echo", "hush"], capture=True).stdout == b"hush\n"
        return StepResult(reason="hush", outputs={"o": "hush"})

    seen = {}

    def configure(outputs: object) -> Configured:
        seen.update(outputs)  # type: ignore[call-overload]
        return Configured(step=Call(function=passing))

    result = bench.run(spec("a", script), spec("b", answer), spec("c", configure=configure), masker=Masker(["hush"]))
    assert seen["b"] == {"o": "hush"}  # steps get the real thing
    assert "hush" not in repr(result)
    assert "hush" not in repr(bench.seen.events)
    for file in (bench.root / ".buildtools").rglob("*"):
        assert not file.is_file() or b"hush" not in file.read_bytes(), file
    assert b"is ***!" in bench.log(result, "a")


def test_strange_bytes_come_through(bench: Bench) -> None:
    line = "import os; os.write(1, b'\\x00\\xff\\xc3'); os.write(1, b'\\xa9\\n' + b'y' * 1000000 + b'\\n')"
    result = bench.run(spec("a", ["python3", "-S", "-c", line]))
    assert bench.log(result, "a") == b"\x00\xff\xc3\xa9\n" + b"y" * 1_000_000 + b"\n"
    assert bench.seen.output("a") == "\0\ufffd\u00e9\n" + "y" * 1_000_000 + "\n"
    run = by_id(result)["a"]
    assert len(run.tail) == 8192


def test_a_quiet_step_has_no_log(bench: Bench) -> None:
    result = bench.run(spec("a", "true"), spec("b", "echo x"))
    assert by_id(result)["a"].log == ""
    assert by_id(result)["b"].log == "logs/002-b.log"
    assert len(list((bench.root / ".buildtools/runs" / result.id / "logs").iterdir())) == 1


def test_the_tail_begins_with_a_whole_character(bench: Bench) -> None:
    run = by_id(bench.run(spec("a", lambda ctx: ctx.output("\u20ac" * 9000) or StepResult())))["a"]
    assert set(run.tail) == {"\u20ac"}
    assert 8185 < len(run.tail.encode()) <= 8192


# -- surroundings


def test_environment_and_working_folder(bench: Bench) -> None:
    (bench.root / "sub").mkdir()
    result = bench.run(spec("a", "echo $GREETING; pwd", env={"GREETING": "hello"}, cwd="sub"))
    assert bench.log(result, "a").decode() == f"hello\n{bench.root.resolve()}/sub\n"


def test_a_working_folder_that_is_not_there_is_said(bench: Bench) -> None:
    run = by_id(bench.run(spec("a", "true", cwd="gone")))["a"]
    assert run.result.status is Status.ERROR
    assert "working folder" in run.result.reason


def test_the_project_vanishes_while_it_runs(bench: Bench, tmp_path: Path) -> None:
    bench.root = tmp_path / "project"
    bench.root.mkdir()
    result = bench.run(check("a", f"rm -rf {bench.root}; echo gone"), spec("b", "true"))
    assert result.exit_code is ExitCode.ERROR
    assert by_id(result)["b"].result.status is Status.ERROR
    assert result.problems


def test_temporary_folders_are_private_and_go_away(bench: Bench) -> None:
    folders = []

    def call(ctx: StepContext) -> StepResult:
        (ctx.temp / "deep").mkdir()
        (ctx.temp / "deep/file").write_text("x")
        (ctx.temp / "link").symlink_to("/etc")
        folders.append(ctx.temp)
        assert ctx.reports.is_dir()
        return StepResult()

    bench.run(check("a", call), check("b", call))
    assert len(set(folders)) == 2
    assert not any(folder.exists() for folder in folders)
    assert Path("/etc/passwd").exists()


def test_reports_are_concluded_before_the_end_is_said(bench: Bench) -> None:
    seen: list[RunResult] = []

    def conclude(result: RunResult) -> tuple[str, ...]:
        seen.append(result)
        assert not bench.seen.of(RunFinished)
        return ("junit.xml: cannot be written",)

    result = bench.run(spec("a"), conclude=conclude)
    assert seen[0].steps == result.steps
    assert result.problems == ("junit.xml: cannot be written",)
    assert result.exit_code is ExitCode.ERROR
    assert bench.seen.of(RunFinished)[0].result == result


def test_a_fault_while_concluding_is_raised_when_all_is_said(bench: Bench) -> None:
    def conclude(_result: RunResult) -> tuple[str, ...]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bench.run(spec("a"), conclude=conclude)
    assert bench.seen.of(RunFinished)[0].result.exit_code is ExitCode.FAULT
    assert bench.seen.closed == 1


def test_a_sink_that_fails_at_the_very_end_is_still_said(bench: Bench) -> None:
    class Late(Recorder):
        def close(self) -> None:
            raise OSError(5, "Input/output error")

    result = bench.execute(bench.plan(spec("a")), [Late()])
    assert result.problems == ("Late: switched off after OSError: Input/output error",)
    record = bench.root / ".buildtools/runs" / result.id / "run.json"
    assert b"Late" in record.read_bytes()


def test_the_events_on_disk_can_be_read_again(bench: Bench) -> None:
    result = bench.run(spec("a", "echo x"), spec("b", failing))
    lines = (bench.root / ".buildtools/runs" / result.id / "events.jsonl").read_bytes().splitlines()
    kinds = [msgspec.json.decode(line)["event"] for line in lines]
    assert kinds[0] == "run-started"
    assert kinds[-1] == "run-finished"
    assert "output" not in kinds
    assert EventsFile.__name__ not in str(result.problems)


def test_two_hundred_steps_of_random_length(bench: Bench) -> None:
    import random

    dice = random.Random(7)

    def wait(ctx: StepContext) -> StepResult:
        time.sleep(dice.random() * 0.01)
        ctx.output("x")
        return StepResult()

    steps = [(spec if dice.random() < 0.1 else check)(f"s{number}", wait) for number in range(200)]
    result = bench.run(*steps, jobs=8)
    assert result.exit_code == 0
    assert [run.id for run in result.steps] == [step.id for step in steps]
