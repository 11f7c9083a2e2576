"""The consoles: what they write of synthetic runs."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from buildtools.core.errors import ExitCode
from buildtools.core.events import (
    AnyEvent,
    Output,
    PlannedStep,
    Progress,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
)
from buildtools.core.model import Cause, Status
from buildtools.core.results import Artifact, Attempt, Finding, Metric, RunResult, StepResult, StepRun, TestCase
from buildtools.reports.cells import columns, fitting
from buildtools.reports.live import LiveConsole
from buildtools.reports.plain import PlainConsole
from buildtools.reports.rows import Moving
from buildtools.reports.style import QUIET, VERBOSE, Style


class Clock:
    """A clock that stands until it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Text(io.StringIO):
    """A stream in memory with an encoding, that counts its writes."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str, /) -> int:
        self.writes.append(text)
        return super().write(text)


def started(*steps: str, jobs: int = 1) -> RunStarted:
    plan = tuple(PlannedStep(id=step, plugin="shell") for step in steps)
    return RunStarted(
        time=0, id="r1", pipeline="web", root="/p", folder="/p/.buildtools/runs/r1", steps=plan, jobs=jobs
    )


def ended(step: str = "s", result: StepResult | None = None, **fields: object) -> StepFinished:
    known = {"plugin": "shell", "started": 0.0, "seconds": 1.25} | fields
    return StepFinished(time=0, run=StepRun(id=step, result=result or StepResult(), **known))  # type: ignore[arg-type]


def finished(*events: StepFinished, **fields: object) -> RunFinished:
    steps = tuple(event.run for event in events)
    result = RunResult(pipeline="web", id="r1", steps=steps, seconds=12.34, **fields)  # type: ignore[arg-type]
    return RunFinished(time=0, exit_code=int(result.exit_code), result=result)


def said(*events: AnyEvent, style: Style | None = None) -> str:
    stream = Text()
    console = PlainConsole(stream, style=style or Style(unicode=True, junit="build/reports/junit.xml"))
    for event in events:
        console.handle(event)
    console.close()
    return stream.getvalue()


def findings(number: int) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            tool="pylint", rule="W0611", symbol="unused-import", message="Unused", path="src/a.py", line=n + 1, column=1
        )
        for n in range(number)
    )


FAILING = TestCase(
    name="test_adds",
    classname="tests.test_sums",
    status=Status.FAILED,
    message="assert 3 == 4\nmore",
    details="E   assert 3 == 4",
    file="tests/test_sums.py",
    line=12,
)


def test_a_block_is_one_write_when_the_step_ends() -> None:
    stream = Text()
    console = PlainConsole(stream, style=Style(unicode=True))
    for event in (started("a", "b", jobs=2), StepStarted(time=0, step="a"), StepStarted(time=0, step="b")):
        console.handle(event)
    console.handle(Output(time=0, step="a", text="one\ntw"))
    console.handle(Output(time=0, step="b", text="other"))
    console.handle(Output(time=0, step="a", text="o\n"))
    assert stream.writes == ["web: 2 steps, 2 at a time\n"]
    console.handle(ended("a"))
    assert stream.writes[1:] == ["✓ passed     a  1.2 s\none\ntwo\n\n"]
    console.handle(ended("b", StepResult(warnings=("careful",))))
    assert stream.writes[2:] == ["✓ passed     b  1.2 s\nother\n  warning: careful\n\n"]


def test_a_quiet_step_is_one_line() -> None:
    assert said(ended("a")) == "✓ passed     a  1.2 s\n"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            ended(earlier=(Attempt(result=StepResult(status=Status.FAILED)),)),
            "✓ passed     s  1.2 s  (flaky: passed at attempt 2)",
        ),
        (ended(cached=True), "✓ passed     s  1.2 s  (cached)"),
        (ended(result=StepResult(status=Status.FAILED), allowed=True), "✗ failed     s  1.2 s  (allowed to fail)"),
        (ended(result=StepResult(status=Status.FAILED, cause=Cause.TIMEOUT)), "✗ failed     s  1.2 s  (timed out)"),
        (
            ended(result=StepResult(status=Status.SKIPPED, cause=Cause.NEEDS, reason="lint failed"), started=None),
            "○ skipped    s  (lint failed)",
        ),
        (
            ended(
                result=StepResult(status=Status.SKIPPED, cause=Cause.WHEN, reason="branch is not main"), started=None
            ),
            "○ skipped    s",
        ),
        (ended(result=StepResult(status=Status.CANCELLED, cause=Cause.INTERRUPTED)), "■ cancelled  s  1.2 s"),
    ],
)
def test_headers(event: StepFinished, line: str) -> None:
    assert said(event) == f"{line}\n"


def test_findings_tests_bars_reason_and_remedy_follow_the_output() -> None:
    result = StepResult(
        status=Status.FAILED,
        reason="1 of 9 tests failed",
        remedy="look at it",
        findings=findings(22),
        cases=(FAILING, TestCase(name="fine")),
        metrics=(Metric(name="line coverage", value=84.0, unit="%", threshold=85.0), Metric(name="files", value=3)),
    )
    lines = said(ended("unit", result)).splitlines()
    assert lines[:2] == ["✗ failed     unit  1.2 s", "  src/a.py:1:1: W0611 Unused (unused-import)"]
    assert lines[20:] == [
        "  src/a.py:20:1: W0611 Unused (unused-import)",
        "  … 2 more findings: see build/reports/junit.xml, or -v",
        "  failed tests/test_sums.py:12 tests.test_sums::test_adds",
        "      assert 3 == 4 ...",
        "      E   assert 3 == 4",
        "  line coverage: 84 % is below 85 %",
        "  1 of 9 tests failed",
        "  look at it",
        "",
    ]


def test_verbose_says_all() -> None:
    style = Style(verbosity=VERBOSE)
    result = StepResult(findings=findings(200), artifacts=(Artifact(name="a", path="build/a.tgz", size=10),))
    text = said(ended("lint", result, plugin="pylint"), style=style)
    assert "src/a.py:200:1:" in text
    assert "more finding" not in text
    assert "(uses pylint)" in text
    assert "made build/a.tgz (10 bytes)" in text
    reason = StepResult(status=Status.SKIPPED, cause=Cause.WHEN, reason="branch is not main")
    assert "branch is not main" in said(ended("up", reason, started=None), style=style)


def test_failures_come_last_with_the_command_to_repeat_them() -> None:
    style = Style(junit="j.xml", rerun=lambda step: f"buildtools run pipe.yaml {step}")
    lint = ended("lint", StepResult(status=Status.FAILED, reason="6 findings", findings=findings(6)))
    fine = ended("fine")
    unit = ended("unit", StepResult(status=Status.FAILED, reason="1 test failed", cases=(FAILING,)))
    shell = ended("shell", StepResult(status=Status.ERROR, reason="exit 2"), tail="a\n\nthe last words\n")
    skipped = ended("up", StepResult(status=Status.SKIPPED, cause=Cause.NEEDS, reason="lint failed"), started=None)
    text = said(finished(lint, fine, unit, shell, skipped, problems=("disk full",)), style=style)
    assert text.splitlines() == [
        "",
        "Failures",
        "x failed     lint  1.2 s",
        "  6 findings",
        *(f"  src/a.py:{n}:1: W0611 Unused (unused-import)" for n in range(1, 6)),
        "  ... 1 more finding: see j.xml, or -v",
        "  run it alone: buildtools run pipe.yaml lint",
        "x failed     unit  1.2 s",
        "  1 test failed",
        "  failed tests/test_sums.py:12 tests.test_sums::test_adds",
        "      assert 3 == 4 ...",
        "  run it alone: buildtools run pipe.yaml unit",
        "! error      shell  1.2 s",
        "  exit 2",
        "  | a",
        "  | the last words",
        "  run it alone: buildtools run pipe.yaml shell",
        "problem: disk full",
        "",
        "ERROR  1 passed, 2 failed, 1 error, 1 skipped in 12.3 s: a step or a report could not be made (exit 5)",
    ]


@pytest.mark.parametrize(
    ("status", "cause", "by", "line"),
    [
        (Status.PASSED, Cause.NONE, ExitCode.OK, "PASSED  1 passed in 12.3 s"),
        (Status.FAILED, Cause.NONE, ExitCode.OK, "FAILED  1 failed in 12.3 s: the gate is closed (exit 1)"),
        (Status.ERROR, Cause.EMPTY, ExitCode.OK, "EMPTY  1 error in 12.3 s: nothing was checked (exit 4)"),
        (Status.CANCELLED, Cause.NONE, ExitCode.TERMINATED, "TERMINATED  1 cancelled in 12.3 s: terminated (exit 143)"),
    ],
)
def test_the_last_line_says_it_all(status: Status, cause: Cause, by: ExitCode, line: str) -> None:
    event = ended(result=StepResult(status=status, cause=cause))
    assert said(finished(event, ended_by=by)).splitlines()[-1] == line


def test_two_errors_are_errors() -> None:
    events = [ended(name, StepResult(status=Status.ERROR, reason="gone")) for name in ("a", "b")]
    assert said(finished(*events)).splitlines()[-1].startswith("ERROR  2 errors in 12.3 s")


def test_quiet_is_failures_and_the_summary_only() -> None:
    style = Style(verbosity=QUIET)
    good, bad = ended("good"), ended("bad", StepResult(status=Status.FAILED, reason="exit 1"), tail="why\n")
    events = (started("good", "bad"), Output(time=0, step="good", text="noise"), good, bad)
    assert said(*events, finished(good), style=style) == "PASSED  1 passed in 12.3 s\n"
    assert said(*events, finished(good, bad), style=style).splitlines() == [
        "x failed     bad  1.2 s",
        "  exit 1",
        "  | why",
        "  run it alone: buildtools run bad",
        "",
        "FAILED  1 passed, 1 failed in 12.3 s: the gate is closed (exit 1)",
    ]


def test_a_flood_is_cut_in_the_middle_and_the_log_is_named() -> None:
    events: list[AnyEvent] = [started("s"), StepStarted(time=0, step="s")]
    events += [Output(time=0, step="s", text=f"line {n}\n" * 1000) for n in range(1000)]
    text = said(*events, ended(log="logs/s.log"))
    assert len(text) < 600_000
    assert re.search(r"\n\[[\d,]+ characters left out; all of it is in \.buildtools/runs/r1/logs/s\.log\]\n", text)
    assert text.endswith("line 999\n\n")


@pytest.mark.parametrize(
    ("output", "shown"), [("\x1b[31mred", "\x1b[31mred\x1b[0m"), ("\x1b[1mx\x1b[0m", "\x1b[1mx\x1b[0m")]
)
def test_colours_end_with_the_output_they_came_in(output: str, shown: str) -> None:
    text = said(Output(time=0, step="s", text=output), ended(), style=Style(color=True))
    assert text.splitlines()[1] == shown


def test_attempts_are_told_apart() -> None:
    events: list[AnyEvent] = [
        StepStarted(time=0, step="s"),
        Output(time=0, step="s", text="first"),
        StepStarted(time=0, step="s", attempt=2),
    ]
    text = said(*events, Output(time=0, step="s", text="second"), ended())
    assert text.splitlines()[1:4] == ["first", "[attempt 2]", "second"]


def test_thirty_seconds_of_silence_are_broken() -> None:
    stream, clock = Text(), Clock()
    console = PlainConsole(stream, style=Style(), clock=clock)
    console.tick()
    console.handle(StepStarted(time=0, step="slow"))
    clock.now += 29
    console.tick()
    assert stream.getvalue() == ""
    clock.now += 1
    console.tick()
    assert stream.getvalue() == "... still running: slow (30.0 s)\n"
    clock.now += 29
    console.tick()
    console.handle(ended("slow"))
    clock.now += 100
    console.tick()
    assert stream.getvalue().count("still running") == 1


def test_ascii_streams_get_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    console = PlainConsole(stream, style=Style(color=True))
    console.handle(Output(time=0, step="s", text="grün ✓"))
    console.handle(ended(result=StepResult(status=Status.FAILED, reason="Fehler: ä")))
    assert rb"gr\xfcn \u2713" in raw.getvalue()
    assert rb"Fehler: \xe4" in raw.getvalue()


@pytest.mark.usefixtures("unmeasured")
def test_the_plain_console_needs_no_rich() -> None:
    code = "import sys, buildtools.reports.plain, buildtools.reports.live; print({'rich', 'xml'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_json_lines_are_events(tmp_path: Path) -> None:
    from buildtools.reports.jsonl import JsonLines

    raw = io.BytesIO()
    sink = JsonLines(raw)
    events = (started("s"), Output(time=1, step="s", text="a\n\ud800b"), finished(ended(result=StepResult(reason="ä"))))
    for event in events:
        sink.handle(event)
    sink.close()
    lines = raw.getvalue().splitlines()
    decoded = [msgspec.json.decode(line, type=RunStarted | Output | RunFinished) for line in lines]
    assert decoded == [events[0], Output(time=1, step="s", text="a\n\ufffdb"), events[2]]
    assert b'"schema_version":1' in lines[0]


def test_run_json_reads_back() -> None:
    from buildtools.reports.run_json import render

    result = finished(ended(result=StepResult(status=Status.FAILED, findings=findings(2))), problems=("x",)).result
    data = render(result)
    assert msgspec.json.decode(data, type=RunResult) == result
    assert data.startswith(b'{\n  "schema_version": 1,\n  "exit_code": 5,\n')
    assert b"\xef\xbf\xbd" in render(RunResult(pipeline="\udc80", id="1", steps=()))


def live(*events: AnyEvent | str, style: Style | None = None) -> str:
    """Feed events to the live console; text among them is waited for, since another thread draws."""
    stream, clock = Text(), Clock()
    console = LiveConsole(stream, style=style or Style(unicode=True), clock=clock)
    try:
        for event in events:
            if isinstance(event, str):
                wait_for(stream, event)
            else:
                console.handle(event)
                clock.now += 1
    finally:
        console.close()
        console.close()
    return stream.getvalue()


def wait_for(stream: Text, text: str) -> None:
    deadline = time.monotonic() + 10
    while text not in stream.getvalue():
        assert time.monotonic() < deadline, f"{text!r} was never drawn"
        time.sleep(0.01)


def test_live_draws_running_steps_and_leaves_nothing_of_them() -> None:
    text = live(
        started("slow", "other"),
        StepStarted(time=0, step="slow"),
        Output(time=0, step="slow", text="working hard\nhalf a li"),
        "half a li",
        StepStarted(time=0, step="other"),
        Progress(time=0, step="other", done=5, total=10),
        "━━━━━━━━──────── 5/10",
        ended("slow"),
        "1/2 done, 1 running",
        ended("other"),
        finished(ended("slow"), ended("other")),
    )
    assert text.count("\x1b[?25l") == 1
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")
    assert text.endswith("\nPASSED  2 passed in 12.3 s\n")
    assert "✓ passed     slow  1.2 s\nworking hard\nhalf a li\n\n" in text


def test_a_short_run_never_moves() -> None:
    stream = Text()
    console = LiveConsole(stream, style=Style(), clock=Clock())
    for event in (started("s"), StepStarted(time=0, step="s"), ended(), finished(ended())):
        console.handle(event)
    console.close()
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue() == said(started("s"), ended(), finished(ended()), style=Style())


def test_live_shows_the_cursor_again_after_an_exception() -> None:
    stream, clock = Text(), Clock()
    console = LiveConsole(stream, style=Style(), clock=clock)
    console.handle(started("s"))
    clock.now += 1
    console.handle(StepStarted(time=0, step="s"))
    console.close()
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")


def test_live_survives_a_terminal_that_went_away() -> None:
    class Gone(Text):
        gone = False

        def write(self, text: str, /) -> int:
            if self.gone:
                raise OSError(5, "Input/output error")
            return super().write(text)

    stream, clock = Gone(), Clock()
    console = LiveConsole(stream, style=Style(), clock=clock)
    console.handle(started("s"))
    clock.now += 1
    console.handle(StepStarted(time=0, step="s"))
    stream.gone = True
    with pytest.raises(OSError, match="Input/output"):
        console.handle(ended())
    console.close()


def test_the_cursor_rests_where_the_moving_lines_begin() -> None:
    text = live(started("a", "b"), StepStarted(time=0, step="a"), StepStarted(time=0, step="b"), "2 running")
    frame = text[text.rindex("\x1b[?7l") :]
    assert frame.count("\n") == 2
    assert frame.endswith("\x1b[J\x1b[?7h\r\x1b[2A\r\x1b[K\x1b[C\x1b[J\r\x1b[?25h")


@pytest.mark.parametrize("text", ["plain words", "日本語のテキスト", "naïve café ✓", "e\u0301" * 9])
@pytest.mark.parametrize("room", range(22))
def test_what_does_not_fit_is_cut_by_the_columns_it_takes(text: str, room: int) -> None:
    shown, taken = fitting(text, room, "…")
    assert taken == columns(shown) <= room
    assert shown == text or columns(text) > room
    assert shown == text or room == 0 or (shown.endswith("…") and text.startswith(shown[:-1].rstrip()))


def test_the_last_line_that_says_something_is_shown() -> None:
    moving = Moving(step="s", since=0.0)
    assert moving.words == ""
    for text, words in (
        ("one\r\ntw", "tw"),
        ("o\n\n \n\x1b[K\x1b[m", "two"),
        ("10 %\r20 %\r", "20 %"),
        ("\n\a", "20 %"),
    ):
        moving.output(Output(time=0, step="s", text=text))
        assert moving.words == words
    moving.progress(Progress(time=0, step="s", done=1, note="unpacking\nmore"))
    assert moving.words == "unpacking ..."


@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux")
def test_a_terminal_may_be_resized_while_it_is_drawn(tmp_path: Path) -> None:
    wait = "echo working for quite a while on what needs a long line to be told; until [ -e go ]; do sleep 0.1; done"
    steps = [f"  s{n}: {{uses: shell, needs: [], with: {{run: '{wait}'}}}}" for n in range(5)]
    steps.append("  bad: {uses: shell, needs: [], with: {run: 'exit 1'}}")
    (tmp_path / "pipeline.yaml").write_text("\n".join(["steps:", *steps, ""]))

    def tmux(*words: str) -> str:
        done = subprocess.run(["tmux", "-S", tmp_path / "tmux", *words], capture_output=True, text=True, check=True)
        return done.stdout

    def shown(text: str, times: int = 1) -> list[str]:
        deadline = time.monotonic() + 60
        while (screen := tmux("capture-pane", "-p", "-S", "-200")).count(text) != times:
            assert time.monotonic() < deadline, screen
            time.sleep(0.05)
        return screen.splitlines()

    run = f"seq 50; {shlex.join([sys.executable, '-m', 'buildtools', 'run', '-k', '-j', '9'])}; echo over; sleep 60"
    tmux("-f", "/dev/null", "-u", "new-session", "-d", "-x", "100", "-y", "24", "-c", str(tmp_path), "sh", "-c", run)
    try:
        shown("1/6 done, 5 running, 1 failed")
        for width, height in ((60, 24), (120, 30), (70, 24)):
            tmux("resize-window", "-x", str(width), "-y", str(height))
            time.sleep(1)
        shown("working for", 5)
        shown(" running", 1)
        (tmp_path / "go").touch()
        after = shown("over")
    finally:
        tmux("kill-server")
    assert not any(" running" in line for line in after)
    at = next(place for place, line in enumerate(after) if line == "Failures")
    assert "  run it alone: buildtools run bad" in after[at:]


def test_quiet_live_does_not_move() -> None:
    text = live(started("s"), StepStarted(time=0, step="s"), ended(), finished(ended()), style=Style(verbosity=QUIET))
    assert text == "PASSED  1 passed in 12.3 s\n"
