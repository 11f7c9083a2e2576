"""Real runs under unkind circumstances: through a shell, without rights, in the background, at a terminal."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.project import Outcome, Project

BUILDTOOLS = (sys.executable, "-m", "buildtools")
GOOD_AND_BAD = """\
    steps:
      good: {uses: shell, with: {run: echo well, check: true}}
      bad: {uses: shell, with: {run: echo ill; exit 1, check: true}}
    """
FINE = "steps: {a: {uses: shell, with: {run: echo fine}}}\n"


def clear(outcome: Outcome, code: int, *words: str) -> None:
    """Assert that a call ended with this code and said these words, plainly: no traceback, no fault of our own."""
    assert outcome.code == code, outcome
    for word in words:
        assert word in outcome.text, outcome
    assert "Traceback" not in outcome.text, outcome
    assert "fault" not in outcome.stderr, outcome


def refused(outcome: Outcome, code: int, *words: str) -> None:
    """Assert that nothing ran: nothing was written, and stdout, which may be a report's, holds nothing."""
    clear(outcome, code, *words)
    assert outcome.stdout == "", outcome
    assert not (outcome.project.root / ".buildtools").exists()
    assert not (outcome.project.root / "build").exists()


def started(
    project: Project, *argv: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: bytes = b""
) -> Outcome:
    """Run any program in the project's place and environment."""
    around = {**project.env, **(env or {})}
    done = subprocess.run(
        argv, cwd=cwd or project.root, env=around, input=stdin, capture_output=True, timeout=60, check=False
    )
    return Outcome(project, done)


def by_shell(project: Project, script: str, *words: str, env: Mapping[str, str] | None = None) -> Outcome:
    """Run a shell script in which `"$@"` is `buildtools WORDS…`."""
    return started(project, "sh", "-c", script, "sh", *BUILDTOOLS, *words, env=env)


def without_rights(project: Project, *words: str) -> Outcome:
    """Run `buildtools WORDS…` so that modes count, which root may otherwise pass over."""
    if os.geteuid():
        return project.call(*words)
    drop = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    if not shutil.which(drop[0]) or subprocess.run([*drop, "true"], capture_output=True, check=False).returncode:
        pytest.skip("root may read and write everything here, and setpriv cannot change that")
    return started(project, *drop, *BUILDTOOLS, *words)


def eventually(holds: Callable[[], object], seconds: float = 20.0) -> bool:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


class Background:
    """A run that goes on while the test does something to it."""

    def __init__(self, project: Project, *words: str) -> None:
        self.project = project
        self.child = subprocess.Popen(
            [*BUILDTOOLS, *words],
            cwd=project.root,
            env=project.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def pid(self, name: str) -> int:
        """Wait for a step to write its process' id into a file, and return it."""
        path = self.project.root / name
        if not eventually(lambda: path.exists() and path.read_text().strip()):
            self.child.kill()
            out, err = self.child.communicate()
            pytest.fail(f"{name} did not appear: {out!r} {err!r}")
        return int(path.read_text())

    def send(self, number: signal.Signals) -> None:
        """Send a signal to buildtools alone."""
        os.kill(self.child.pid, number)

    def ended(self, seconds: float = 30.0) -> Outcome:
        """Wait for the end."""
        try:
            out, err = self.child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            out, err = self.child.communicate()
            pytest.fail(f"did not end within {seconds:g} s: {out!r} {err!r}")
        return Outcome(self.project, subprocess.CompletedProcess(self.child.args, self.child.returncode, out, err))


def reported(outcome: Outcome, **statuses: str) -> None:
    """Assert that run.json, junit.xml and the record tell how these steps ended."""
    assert {step: outcome.status(step) for step in statuses} == statuses, outcome
    suites = {str(suite.get("name")): suite for suite in outcome.junit.iter("testsuite")}
    for step, status in statuses.items():
        counts = {name: int(suites[step].get(name, "0")) for name in ("failures", "errors", "skipped")}
        good = {"passed": {}, "failed": {"failures": 1}, "error": {"errors": 1}}.get(status, {"skipped": 1})
        if outcome.cause(step) == "timeout" or (status == "cancelled" and "started" in outcome.steps[step]):
            good = {"errors": 1}
        assert {name: number for name, number in counts.items() if number} == good, (step, status)
    (record,) = (outcome.project.root / ".buildtools/runs").iterdir()
    assert json.loads((record / "run.json").read_text()) == outcome.run_json
    assert outcome.run_json["exit_code"] == outcome.code
