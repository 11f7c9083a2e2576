"""Ctrl-C, SIGTERM and SIGHUP for the real command line: what finished is reported, and nothing is left behind."""

from __future__ import annotations

import errno
import json
import os
import pty
import select
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import MakeProject
from tests.e2e.running import (
    BUILDTOOLS,
    FINE,
    GOOD_AND_BAD,
    Background,
    alive,
    clear,
    eventually,
    reported,
)
from tests.support.project import Project

SLOW = """\
    steps:
      good: {uses: shell, with: {run: echo well, check: true}}
      slow:
        uses: shell
        needs: [good]
        with: {run: "(sleep 60 & echo $! > deep.pid); echo $$ > slow.pid; exec sleep 60", check: true}
      late: {uses: shell, with: {run: touch late}}
    """
DEAF = """\
    steps:
      good: {uses: shell, with: {run: echo well, check: true}}
      deaf:
        uses: shell
        needs: [good]
        with:
          check: true
          run: |
            trap '' INT TERM HUP
            (setsid sh -c 'echo $$ > deep.pid; while :; do sleep 0.1; done' &)
            echo $$ > slow.pid
            while :; do sleep 0.1; done
      late: {uses: shell, with: {run: touch late}}
    """


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated"), (signal.SIGHUP, 143, "terminated")],
    ids=["Ctrl-C", "SIGTERM", "SIGHUP"],
)
def test_a_signal_ends_the_run_and_reports_what_finished(
    project: MakeProject, number: signal.Signals, code: int, word: str
) -> None:
    run = Background(project({"pipeline.yaml": SLOW}), "run")
    pids = [run.pid("slow.pid"), run.pid("deep.pid")]
    run.send(number)
    said = run.ended()
    clear(said, code, "well\n", f"not started: the run was {word}", f"{word} (exit {code})")
    reported(said, good="passed", slow="cancelled", late="cancelled")
    assert said.stderr == ""
    assert not any(map(alive, pids))
    assert not (said.project.root / "late").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_second_signal_ends_it_at_once(project: MakeProject, number: signal.Signals) -> None:
    run = Background(project({"pipeline.yaml": DEAF}), "run")
    pids = [run.pid("slow.pid"), run.pid("deep.pid")]
    run.send(number)
    time.sleep(0.3)
    assert alive(run.child.pid), "the first one leaves time to clean up"
    run.send(number)
    at = time.monotonic()
    said = run.ended()
    assert time.monotonic() - at < 4
    clear(said, 130 if number is signal.SIGINT else 143)
    reported(said, good="passed", deaf="cancelled", late="cancelled")
    assert not any(map(alive, pids))


def test_who_ignores_every_signal_is_killed_in_the_end(project: MakeProject) -> None:
    run = Background(project({"pipeline.yaml": DEAF}), "run")
    pids = [run.pid("slow.pid"), run.pid("deep.pid")]
    at = time.monotonic()
    run.send(signal.SIGTERM)
    said = run.ended()
    assert 5 < time.monotonic() - at < 18
    clear(said, 143)
    reported(said, good="passed", deaf="cancelled")
    assert not any(map(alive, pids))


@pytest.mark.usefixtures("unmeasured")
def test_a_signal_at_any_moment_never_shows_a_traceback(project: MakeProject) -> None:
    made = project({"pipeline.yaml": FINE})
    for step in range(8):
        run = Background(made, "run")
        # Python itself is not ours to guard: it takes its first hundredth of a second or two.
        eventually(lambda child=run.child.pid: b"click" in Path(f"/proc/{child}/maps").read_bytes(), 0.06)
        time.sleep(0.03 * step)
        if run.child.poll() is None:
            run.send(signal.SIGINT)
        said = run.ended()
        assert said.code in (0, 130, -signal.SIGINT), said
        if said.code != -signal.SIGINT:
            assert "Traceback" not in said.text, said


def at_terminal(project: Project, *words: str, press: str = "", when: str = "") -> tuple[int, str]:
    """Run at a terminal of its own; press keys when a file has appeared. Returns the exit code and what was shown."""
    child, master = pty.fork()
    if not child:  # pragma: no cover - another program
        try:
            os.chdir(project.root)
            os.execvpe(BUILDTOOLS[0], [*BUILDTOOLS, *words], {**project.env, "TERM": "xterm"})
        finally:
            os._exit(99)
    shown, deadline = b"", time.monotonic() + 30
    try:
        while time.monotonic() < deadline:
            if press and (project.root / when).exists():
                os.write(master, press.encode())
                press = ""
            if not select.select([master], [], [], 0.05)[0]:
                continue
            try:
                piece = os.read(master, 65536)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                break
            if not piece:
                break
            shown += piece
        else:
            raise AssertionError(f"it did not end: {shown[-2000:]!r}")
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode("utf-8", "replace")
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(master)


def test_at_a_terminal_it_is_live_and_coloured(project: MakeProject) -> None:
    made = project({"pipeline.yaml": GOOD_AND_BAD})
    code, shown = at_terminal(made, "run")
    assert code == 1
    assert "\x1b[31m" in shown
    assert "FAILED" in shown
    assert "Traceback" not in shown
    code, shown = at_terminal(made, "run", "--output", "plain", "--color", "never")
    assert code == 1
    assert "\x1b" not in shown


def test_ctrl_c_at_a_terminal(project: MakeProject) -> None:
    made = project({"pipeline.yaml": SLOW})
    code, shown = at_terminal(made, "run", press="\x03", when="slow.pid")
    assert code == 130
    assert "INTERRUPTED" in shown
    assert "Traceback" not in shown
    assert shown.rfind("\x1b[?25h") >= shown.rfind("\x1b[?25l"), "the cursor is shown again"
    assert json.loads((made.root / "build/reports/run.json").read_text())["exit_code"] == 130
    assert not alive(int((made.root / "slow.pid").read_text()))
