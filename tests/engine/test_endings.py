"""Ctrl-C, SIGTERM, SIGHUP, and what is left afterwards: nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from buildtools.core.model import Cause, Status
from buildtools.core.results import RunResult
from tests.engine.pipelines import by_id
from tests.system.processes import alive, eventually, pid_in

REPOSITORY = Path(__file__).parents[2]
DEAF = "trap '' INT TERM; echo $$ > {root}/{name}.pid; while :; do sleep 0.05; done"


class Gate:
    """A run in another process."""

    def __init__(self, root: Path, *steps: str, ignore: signal.Signals | None = None, **options: object) -> None:
        self.root = root
        argv = [sys.executable, "-m", "tests.engine.gate", str(root), json.dumps(options), *steps]
        before = signal.signal(ignore, signal.SIG_IGN) if ignore else None
        self.child = subprocess.Popen(
            argv, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        if ignore:
            signal.signal(ignore, before)

    def send(self, number: signal.Signals) -> float:
        os.kill(self.child.pid, number)
        return time.monotonic()

    def ended(self) -> tuple[int, str, str]:
        try:
            out, err = self.child.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            out, err = self.child.communicate()
            pytest.fail(f"did not end: {out} {err}")
        return self.child.returncode, out, err

    def result(self) -> RunResult:
        (folder,) = (self.root / ".buildtools/runs").iterdir()
        return msgspec.json.decode((folder / "run.json").read_bytes(), type=RunResult)


@pytest.fixture
def gates() -> Iterator[list[Gate]]:
    made: list[Gate] = []
    yield made
    for gate in made:
        if gate.child.poll() is None:
            gate.child.kill()
            gate.child.communicate()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)],
    ids=str,
)
def test_one_signal_ends_the_run_gracefully(
    tmp_path: Path, gates: list[Gate], number: signal.Signals, code: int
) -> None:
    polite = f"trap 'echo bye; exit 0' INT; echo $$ > {tmp_path}/a.pid; while :; do sleep 0.05; done"
    gates.append(gate := Gate(tmp_path, "quick!=echo hi", f"a={polite}", "late!=echo late"))
    pid = pid_in(tmp_path / "a.pid")
    gate.send(number)
    returned, out, err = gate.ended()
    assert (returned, err) == (code, "")
    assert out.endswith(f"finished {code}\nclosed\n")
    assert not alive(pid)
    runs = by_id(gate.result())
    assert runs["quick"].result.status is Status.PASSED
    assert (runs["a"].result.status, runs["a"].result.cause) == (Status.CANCELLED, Cause.INTERRUPTED)
    assert runs["a"].tail == "bye\n"
    assert (runs["late"].result.status, runs["late"].started) == (Status.CANCELLED, None)
    assert gate.result().exit_code == code


def test_the_deaf_are_killed_when_the_grace_is_over(tmp_path: Path, gates: list[Gate]) -> None:
    double = f"(bash -c '{DEAF.format(root=tmp_path, name='deep')}' &); " + DEAF.format(root=tmp_path, name="b")
    gates.append(gate := Gate(tmp_path, f"a={DEAF.format(root=tmp_path, name='a')}", f"b={double}"))
    pids = [pid_in(tmp_path / f"{name}.pid") for name in ("a", "b", "deep")]
    at = gate.send(signal.SIGINT)
    assert gate.ended()[0] == 130
    assert 0.5 < time.monotonic() - at < 4
    assert not any(alive(pid) for pid in pids)


def test_a_second_signal_ends_it_at_once_and_writes_what_there_is(tmp_path: Path, gates: list[Gate]) -> None:
    steps = ("quick!=echo hi", f"a={DEAF.format(root=tmp_path, name='a')}", "late!=true")
    gates.append(gate := Gate(tmp_path, *steps, slow=True))
    pid = pid_in(tmp_path / "a.pid")
    gate.send(signal.SIGINT)
    time.sleep(0.3)
    assert gate.child.poll() is None
    assert alive(pid)
    at = gate.send(signal.SIGINT)
    assert gate.ended()[0] == 130
    assert time.monotonic() - at < 1.5
    assert not alive(pid)
    assert by_id(gate.result())["quick"].result.status is Status.PASSED
    assert by_id(gate.result())["a"].result.status is Status.CANCELLED


def test_an_ignored_sigint_stays_ignored(tmp_path: Path, gates: list[Gate]) -> None:
    gates.append(gate := Gate(tmp_path, f"a=touch {tmp_path}/up; sleep 0.5", ignore=signal.SIGINT))
    assert eventually((tmp_path / "up").exists)
    gate.send(signal.SIGINT)
    assert gate.ended()[0] == 0


def test_a_parent_that_ignores_sigchld_does_not_open_the_gate(tmp_path: Path, gates: list[Gate]) -> None:
    gates.append(gate := Gate(tmp_path, "a=false", ignore=signal.SIGCHLD))
    assert gate.ended()[0] == 1


def test_a_closed_stdout_changes_nothing(tmp_path: Path, gates: list[Gate]) -> None:
    gates.append(gate := Gate(tmp_path, "a=echo x", "b!=echo y", "c!=false"))
    assert gate.child.stdout is not None
    gate.child.stdout.close()
    gate.child.stdout = None
    assert gate.child.wait(10) == 1
    assert gate.child.stderr is not None
    gate.child.stderr.close()
    assert gate.result().problems == ()


def test_two_runs_at_once_in_one_tree(tmp_path: Path, gates: list[Gate]) -> None:
    gates += [Gate(tmp_path, "a=echo x", "b!=echo y") for _ in range(3)]
    assert [gate.ended()[0] for gate in gates] == [0, 0, 0]
    folders = sorted((tmp_path / ".buildtools/runs").iterdir())
    assert len(folders) == 3
    for folder in folders:
        assert msgspec.json.decode((folder / "run.json").read_bytes(), type=RunResult).id == folder.name
        assert len(list((folder / "logs").iterdir())) == 2


def test_handlers_are_given_back(tmp_path: Path) -> None:
    from tests.engine.pipelines import Bench, spec

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    Bench(tmp_path).run(spec("a"))
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_a_run_in_another_thread_leaves_signals_alone(tmp_path: Path) -> None:
    import threading

    from tests.engine.pipelines import Bench, spec

    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(Bench(tmp_path).run(spec("a", "true")).exit_code))
    thread.start()
    thread.join(10)
    assert codes == [0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_random_moment_is_as_good_as_any(tmp_path: Path, gates: list[Gate], seed: int) -> None:
    import random

    dice = random.Random(seed)
    steps = [f"s{n}{'!' if dice.random() < 0.1 else ''}=sleep {dice.random() * 0.03}; echo $$" for n in range(200)]
    steps.append("end!=sleep 60")
    gates.append(gate := Gate(tmp_path, *steps, jobs=6))
    assert eventually(lambda: any((tmp_path / ".buildtools/runs").glob("*/logs/*")))
    time.sleep(dice.random() * 0.5)
    gate.send(signal.SIGINT)
    returned, _, err = gate.ended()
    assert (returned, err) == (130, "")
    result = gate.result()
    assert len(result.steps) == 201
    assert {run.result.status for run in result.steps} <= {Status.PASSED, Status.CANCELLED}
    for log in (tmp_path / ".buildtools/runs").glob("*/logs/*"):
        for word in log.read_text().split():
            assert not alive(int(word))
