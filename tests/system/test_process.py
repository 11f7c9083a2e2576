from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtools.core.errors import Cancelled, StepError, ToolMissing
from buildtools.system import process
from buildtools.system.process import Collected, Command, Ended, Grace, run
from buildtools.system.stop import Stop
from tests.system.processes import alive, eventually, pid_in

QUICK = Grace(interrupt=0.3, terminate=0.3, linger=0.2)


def command(*argv: str, cwd: Path | None = None, stdin: bytes = b"", **env: str) -> Command:
    return Command(argv=argv, cwd=cwd or Path.cwd(), env={**os.environ, **env}, stdin=stdin)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Heard:
    """Keeps what a program wrote."""

    def __init__(self) -> None:
        self.out = b""
        self.err = b""

    def stdout(self, piece: bytes) -> bool:
        self.out += piece
        return True

    def stderr(self, piece: bytes) -> None:
        self.err += piece


def run_heard(what: Command, **keys: object) -> tuple[Ended, Heard]:
    heard = Heard()
    keys.setdefault("grace", QUICK)
    return run(what, stdout=heard.stdout, stderr=heard.stderr, **keys), heard  # type: ignore[arg-type]


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code)


# -- starting


def test_both_streams_and_the_exit_status_come_back() -> None:
    ended, heard = run_heard(command("sh", "-c", "echo out; echo err >&2; exit 3"))
    assert (heard.out, heard.err, ended.returncode) == (b"out\n", b"err\n", 3)


def test_a_death_by_signal_is_negative() -> None:
    assert run_heard(command("sh", "-c", "kill -9 $$"))[0].returncode == -9


def test_standard_input_is_the_given_bytes_or_nothing() -> None:
    data = bytes(range(256)) * 10_000
    assert run_heard(command("cat", stdin=data))[1].out == data
    assert run_heard(command("cat"))[1].out == b""


def test_a_program_that_does_not_read_its_input_is_no_trouble() -> None:
    assert run_heard(command("true", stdin=b"x" * 1_000_000))[0].returncode == 0
    deaf = command("sh", "-c", "exec <&-; sleep 0.1", stdin=b"x" * 1_000_000)
    assert run_heard(deaf)[0].returncode == 0


def test_the_program_leads_a_session_of_its_own() -> None:
    _, heard = run_heard(command("sh", "-c", "exec cat /proc/self/stat"))
    fields = heard.out.rpartition(b")")[2].split()
    assert fields[2] == fields[3] != str(os.getsid(0)).encode()


def test_the_program_is_searched_in_the_given_path(tmp_path: Path) -> None:
    tool = tmp_path / "greet"
    tool.write_text("#!/bin/sh\necho hello\n")
    with pytest.raises(ToolMissing) as caught:
        run_heard(command("greet"))
    assert caught.value.tool == "greet"
    assert "PATH" in caught.value.remedy
    with pytest.raises(StepError, match="is not executable"):
        run_heard(command("greet", PATH=f"{tmp_path}:/usr/bin:/bin"))
    tool.chmod(0o755)
    assert run_heard(command("greet", PATH=f"{tmp_path}:/usr/bin:/bin"))[1].out == b"hello\n"
    assert run_heard(command("./greet", cwd=tmp_path))[1].out == b"hello\n"


@pytest.mark.parametrize(
    ("first_line", "message"),
    [("#!/no/such/sh", "interpreter"), ("#!/bin/sh\r", "interpreter"), ("\0\1\2", "is not a program")],
)
def test_a_file_that_cannot_run_says_why(tmp_path: Path, first_line: str, message: str) -> None:
    tool = tmp_path / "tool"
    tool.write_text(first_line + "\n")
    tool.chmod(0o755)
    with pytest.raises(StepError, match=message) as caught:
        run_heard(command(str(tool)))
    assert caught.value.remedy


def test_a_missing_working_folder_is_not_a_missing_tool(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="working folder") as caught:
        run_heard(command("true", cwd=tmp_path / "gone"))
    assert not isinstance(caught.value, ToolMissing)
    assert caught.value.remedy


@pytest.mark.parametrize("argv", [("",), ("no-such-tool",), ("./no-such-tool",), ("/",)])
def test_what_is_no_program_is_missing(argv: tuple[str, ...]) -> None:
    with pytest.raises(ToolMissing):
        run_heard(command(*argv))


def test_too_many_arguments_are_counted() -> None:
    with pytest.raises(StepError, match=r"100,001 arguments"):
        run_heard(command("true", *["x" * 100] * 100_000))


def test_a_nul_in_an_argument_is_an_error_not_a_crash() -> None:
    with pytest.raises(StepError, match="NUL"):
        run_heard(command("echo", "a\0b"))


@pytest.mark.parametrize("folder", [".", "/"])
@pytest.mark.parametrize(("name", "value"), [("NUL", "a\0b"), ("N\0L", "a"), ("A=B", "c")])
def test_a_variable_that_no_program_can_have_is_named(folder: str, name: str, value: str) -> None:
    with pytest.raises(StepError) as caught:
        run_heard(Command(argv=("true",), cwd=Path(folder), env={**os.environ, name: value}))
    assert f"variable {name!r}" in caught.value.message
    assert "argument" not in str(caught.value)
    assert "a\0b" not in str(caught.value)
    assert "`env`" in caught.value.remedy


# -- output


def test_bytes_come_through_as_they_are() -> None:
    code = "import os; os.write(1, b'\\xff\\x00\\xfe' + b'x' * 1000000)"
    assert run_heard(command(*python(code)))[1].out == b"\xff\x00\xfe" + b"x" * 1_000_000


def test_what_is_captured_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "CAPTURE_LIMIT", 2**20)
    started = time.monotonic()
    with pytest.raises(StepError, match="wrote more than 1 MiB"):
        run(command("yes"), stdout=Collected("yes").add, stderr=print, grace=QUICK)
    assert time.monotonic() - started < 30


def test_a_reader_that_raises_ends_the_program(tmp_path: Path) -> None:
    def read(_piece: bytes) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(command("sh", "-c", f"echo $$ > {tmp_path}/pid; echo x; sleep 60"), stdout=read, stderr=read, grace=QUICK)
    assert not alive(pid_in(tmp_path / "pid"))


def test_a_slow_reader_holds_the_program_back() -> None:
    pieces = []

    def read(piece: bytes) -> None:
        pieces.append(len(piece))
        time.sleep(0.02)

    stop = Stop()
    threading.Timer(0.5, lambda: stop.set(urgent=True)).start()
    with pytest.raises(Cancelled):
        run(command("yes"), stdout=read, stderr=read, stop=stop, grace=QUICK)
    assert len(pieces) < 40
    assert max(pieces) <= 64 * 1024


# -- silence


def test_silence_kills() -> None:
    ended, heard = run_heard(command("sh", "-c", "echo hi; sleep 60"), silence=0.2)
    assert ended.stalled
    assert ended.returncode == -9
    assert heard.out == b"hi\n"


def test_signs_of_life_keep_it_alive() -> None:
    ended, _ = run_heard(command("sh", "-c", "for i in 1 2 3 4 5 6; do echo; sleep 0.1; done"), silence=0.4)
    assert not ended.stalled
    assert ended.returncode == 0


def test_words_on_stderr_are_no_sign_of_life() -> None:
    ended, _ = run_heard(command("sh", "-c", "while :; do echo >&2; sleep 0.05; done"), silence=0.3)
    assert ended.stalled


def test_a_slow_start_can_be_allowed() -> None:
    ended, _ = run_heard(command("sh", "-c", "sleep 0.5; echo hi; sleep 0.1"), silence=0.3, start=10.0)
    assert not ended.stalled
    ended, _ = run_heard(command("sh", "-c", "echo hi; sleep 60"), silence=0.2, start=60.0)
    assert ended.stalled


# -- stopping


def stopped(
    script: tuple[str, ...], tmp_path: Path, *, urgent: bool = False, after: Callable[[], bool] | None = None
) -> float:
    """Run a script, stop it when it is ready (`ready` exists), and return how long that took."""
    stop = Stop()
    at: list[float] = []

    def end() -> None:
        assert eventually(after or (tmp_path / "ready").exists)
        at.append(time.monotonic())
        stop.set(urgent=urgent)

    ender = threading.Thread(target=end)
    ender.start()
    with pytest.raises(Cancelled):
        run_heard(command(*script, cwd=tmp_path), stop=stop)
    ender.join()
    stop.close()
    return time.monotonic() - at[0]


def test_a_polite_program_ends_at_the_first_signal(tmp_path: Path) -> None:
    script = "trap 'echo bye > said; exit 0' INT; touch ready; while :; do sleep 0.05; done"
    assert stopped(("bash", "-c", script), tmp_path) < 0.25
    assert (tmp_path / "said").exists()


def test_one_that_ignores_sigint_gets_sigterm(tmp_path: Path) -> None:
    script = "trap '' INT; trap 'echo > said; exit 0' TERM; touch ready; while :; do sleep 0.05; done"
    assert 0.25 < stopped(("bash", "-c", script), tmp_path) < 0.6
    assert (tmp_path / "said").exists()


def test_one_that_ignores_both_is_killed(tmp_path: Path) -> None:
    script = "trap '' INT TERM; echo $$ > pid; touch ready; while :; do sleep 0.05; done"
    assert 0.5 < stopped(("bash", "-c", script), tmp_path) < 1.2
    assert not alive(pid_in(tmp_path / "pid"))


def test_urgency_leaves_no_grace(tmp_path: Path) -> None:
    script = "trap '' INT TERM; echo $$ > pid; touch ready; while :; do sleep 0.05; done"
    assert stopped(("bash", "-c", script), tmp_path, urgent=True) < 0.25
    assert not alive(pid_in(tmp_path / "pid"))


def test_a_double_fork_inside_the_group_is_ended(tmp_path: Path) -> None:
    script = "(trap '' INT TERM; sh -c 'echo $$ > deep; touch ready; exec sleep 60' & ) ; sleep 60"
    stopped(("bash", "-c", script), tmp_path)
    assert not alive(pid_in(tmp_path / "deep"))


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
@pytest.mark.parametrize("away", ["setsid", "setsid -f", "timeout 60"])
def test_what_has_left_the_group_is_ended_too(tmp_path: Path, away: str) -> None:
    script = f"trap '' INT TERM; {away} sh -c 'echo $$ > deep; touch ready; exec sleep 60' >/dev/null 2>&1 & sleep 60"
    stopped(("bash", "-c", script), tmp_path)
    assert not alive(pid_in(tmp_path / "deep"))


def test_a_flood_does_not_delay_the_end(tmp_path: Path) -> None:
    assert stopped(("sh", "-c", "touch ready; exec yes"), tmp_path) < 1.0


def test_nothing_starts_after_the_stop(tmp_path: Path) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        run_heard(command("touch", str(tmp_path / "x")), stop=stop)
    assert not (tmp_path / "x").exists()


# -- what is left behind after a normal end


@pytest.mark.parametrize("quiet", ["", ">/dev/null 2>&1"])
def test_a_background_child_is_ended_soon_after_its_parent(tmp_path: Path, quiet: str) -> None:
    ended, heard = run_heard(command("sh", "-c", f"sleep 60 {quiet} & echo $! > pid; echo done", cwd=tmp_path))
    assert ended.left
    assert ended.returncode == 0
    assert ended.seconds < 30
    assert heard.out == b"done\n"
    assert not alive(pid_in(tmp_path / "pid"))


def test_a_background_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    script = "(trap '' TERM INT HUP; exec sleep 60) & echo $! > pid"
    assert run_heard(command("bash", "-c", script, cwd=tmp_path))[0].left
    assert not alive(pid_in(tmp_path / "pid"))


def test_a_background_child_that_ends_by_itself_is_heard_out() -> None:
    ended, heard = run_heard(command("sh", "-c", "(sleep 0.1; echo late) & echo early"))
    assert not ended.left
    assert heard.out == b"early\nlate\n"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
@pytest.mark.parametrize("quiet", ["", ">/dev/null", "2>/dev/null"])
def test_a_holder_of_the_output_outside_of_the_session_is_ended_too(tmp_path: Path, quiet: str) -> None:
    script = f"setsid sh -c 'echo $$ > pid; exec sleep 60' {quiet} & sleep 0.2"
    ended, _ = run_heard(command("sh", "-c", script, cwd=tmp_path))
    pid = pid_in(tmp_path / "pid")
    assert eventually(lambda: not alive(pid))  # its files are closed a moment before it is gone
    assert (ended.left, ended.escaped, ended.returncode) == (True, False, 0)
    assert ended.seconds < 30


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_holder_of_the_output_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    script = """setsid sh -c 'trap "" TERM; echo $$ > pid; sleep 60; exit' & sleep 0.2"""
    ended, _ = run_heard(command("sh", "-c", script, cwd=tmp_path))
    pid = pid_in(tmp_path / "pid")
    assert eventually(lambda: not alive(pid))  # its files are closed a moment before it is gone
    assert (ended.left, ended.escaped) == (True, False)


def test_a_holder_of_the_output_that_cannot_be_found_does_not_hang_us(tmp_path: Path) -> None:
    script = "env -i setsid sh -c 'echo $$ > pid; exec sleep 60' & sleep 0.2"
    ended, _ = run_heard(command("sh", "-c", script, cwd=tmp_path))
    os.kill(pid_in(tmp_path / "pid"), 9)
    assert (ended.left, ended.escaped) == (False, True)
    assert ended.seconds < 30


def test_a_daemon_that_let_go_of_everything_is_meant_to_stay(tmp_path: Path) -> None:
    script = "setsid sh -c 'echo $$ > pid; exec sleep 60' </dev/null >/dev/null 2>&1 & sleep 0.2"
    ended, _ = run_heard(command("sh", "-c", script, cwd=tmp_path))
    pid = pid_in(tmp_path / "pid")
    try:
        assert alive(pid)
        assert not ended.left
    finally:
        os.kill(pid, 9)


def test_no_descriptor_is_left_open() -> None:
    stop = Stop()
    run_heard(command("true"), stop=stop)
    before = open_files()
    for _ in range(5):
        run_heard(command("true", stdin=b"x"), stop=stop)
        with pytest.raises(ToolMissing):
            run_heard(command("no-such-tool"), stop=stop)
    assert open_files() == before
    stop.close()
    assert open_files() == before - 2
