"""Processes that die, hang and lie: stub runners in Python, real processes."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from buildtools.plugin import Cancelled, StepError
from buildtools.steps.jslint import engine as engine_module
from buildtools.steps.jslint.engine import Engine, lint
from buildtools.steps.jslint.protocol import Settings, Source, Verdict
from tests.support.context import LoneContext

PRELUDE = """
import json, os, signal, sys, time
lines = open(sys.argv[1]).read().splitlines()
jobs = [json.loads(line) for line in lines[1:]]
def say(**event): print(json.dumps(event), flush=True)
def hello(): say(event="hello", edition="stub", rejected=[])
def result(job): say(event="result", id=job["id"], total=0, stop=False)
def starts(): open("starts", "a").write("x"); return os.path.getsize("starts")
"""
OBEDIENT = """
hello()
for job in jobs:
    say(event="begin", id=job["id"])
    exec(job["source"])
    result(job)
say(event="done", count=len(jobs))
"""


class Stub:
    """A runner that executes its "JavaScript" files as Python."""

    def __init__(self, folder: Path) -> None:
        self.context = LoneContext(folder)
        self.script = folder / "stub.py"

    def lint(self, *sources: str, body: str = OBEDIENT, timeout: float = 5.0) -> dict[str, Verdict]:
        self.script.write_text(PRELUDE + textwrap.dedent(body))
        engine = Engine("stub", (sys.executable, self.script), file_timeout=timeout)
        numbered = [(number, Source(f"{number}", text)) for number, text in enumerate(sources)]
        found = list(lint(self.context, engine, Settings(), numbered))
        assert sorted(number for number, _ in found) == list(range(len(sources))), "each file exactly once"
        assert not (self.context.temp / "request.jsonl").exists()
        return {sources[number]: verdict for number, verdict in found}

    @property
    def starts(self) -> int:
        return len((self.context.temp / "starts").read_text())


@pytest.fixture
def stub(tmp_path: Path) -> Stub:
    return Stub(tmp_path)


def rules(verdicts: dict[str, Verdict]) -> dict[str, list[str]]:
    return {source: [finding.rule for finding in verdict.findings] for source, verdict in verdicts.items()}


def test_all_files_take_one_process(stub: Stub) -> None:
    verdicts = stub.lint("starts()", *(f"pass  # {number}" for number in range(200)))
    assert not any(verdict.findings for verdict in verdicts.values())
    assert stub.starts == 1


@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("os._exit(3)", "(exit status 3)"),
        ("os._exit(0)", "(exit status 0)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "(killed by SIGKILL)"),
        ("raise MemoryError", "(exit status 1)"),
        ('sys.stdout.write(\'{"event": "res\'); sys.stdout.flush(); os._exit(0)', "(exit status 0)"),
    ],
)
def test_who_kills_the_engine_is_blamed_and_nobody_is_lost(stub: Stub, death: str, words: str) -> None:
    verdicts = stub.lint("pass", "starts();" + death, "pass  # two", "0;" + death, "pass  # three")
    assert rules(verdicts) == {
        "pass": [],
        "starts();" + death: ["engine-died"],
        "pass  # two": [],
        "0;" + death: ["engine-died"],
        "pass  # three": [],
    }
    assert not verdicts["0;" + death].complete
    assert words in verdicts["0;" + death].findings[0].message
    assert stub.starts == 2  # each suspect gets a second chance, alone


def test_who_only_found_the_engine_worn_out_is_not_blamed(stub: Stub) -> None:
    verdicts = stub.lint("pass", "if starts() == 1: os._exit(1)", "pass  # two")
    assert not any(verdict.findings for verdict in verdicts.values())


def test_a_file_over_its_time_is_blamed_once(stub: Stub) -> None:
    verdicts = stub.lint("pass", "starts(); time.sleep(60)", "pass  # two", timeout=0.5)
    assert rules(verdicts) == {"pass": [], "starts(); time.sleep(60)": ["timeout"], "pass  # two": []}
    assert stub.starts == 1
    assert "within 0.5 s" in verdicts["starts(); time.sleep(60)"].findings[0].message


def test_the_clock_is_for_each_file_not_for_all(stub: Stub) -> None:
    verdicts = stub.lint(*(f"time.sleep(0.2)  # {number}" for number in range(12)), timeout=2)
    assert not any(verdict.findings for verdict in verdicts.values())
    assert all(0.15 < verdict.seconds < 2 for verdict in verdicts.values())
    assert sum(verdict.seconds for verdict in verdicts.values()) > 2


def test_a_slow_start_is_not_the_first_files_fault(stub: Stub) -> None:
    verdicts = stub.lint("pass", body="time.sleep(0.6)\n" + OBEDIENT, timeout=0.3)
    assert not any(verdict.findings for verdict in verdicts.values())


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "hello()",
        "hello(); time.sleep(0.1); sys.exit(3)",
        "sys.stderr.write('no such module'); sys.exit(1)",
        "say(event='fault', message='cannot load')",
        "hello(); say(event='fault', message='cannot load')",
        "print('Usage: ...')",
        OBEDIENT.replace('say(event="done"', '#say(event="done"'),
        "hello()\nfor job in jobs[:1]: say(event='begin', id=job['id']); result(job)",
    ],
)
def test_an_engine_that_does_not_do_its_work_is_an_error_never_green(stub: Stub, body: str) -> None:
    with pytest.raises(StepError, match="JSLint on stub failed") as caught:
        stub.lint("pass", "pass  # two", body=body)
    assert caught.value.remedy


def test_its_own_words_are_told(stub: Stub) -> None:
    with pytest.raises(StepError, match="no such module"):
        stub.lint("pass", body="sys.stderr.write('no such module'); sys.exit(1)")


def test_an_engine_that_dies_of_everything_is_given_up(stub: Stub) -> None:
    with pytest.raises(StepError, match="JSLint on stub failed"):
        stub.lint(*(f"os._exit({number + 1})" for number in range(30)))


def test_noise_between_the_events_is_shown_and_harmless(stub: Stub) -> None:
    verdicts = stub.lint("print('some noise')", 'print(\'{"not": "an event"}\')')
    assert not any(verdict.findings for verdict in verdicts.values())
    assert "some noise\n" in stub.context.shown


def test_refused_options_are_an_error(stub: Stub) -> None:
    with pytest.raises(StepError, match=r"nodde .*did you mean node"):
        stub.lint("pass", body="say(event='hello', edition='stub', rejected=[['nodde', 'Bad option']])")


def test_big_trees_go_in_batches(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BATCH", 100)
    sources = ["starts()", *(f"pass  # {number} {'x' * 40}" for number in range(5)), "#" * 500, "starts() # last"]
    verdicts = stub.lint(*sources)
    assert not any(verdict.findings for verdict in verdicts.values())
    assert stub.starts == 2


def test_no_files_start_no_process(stub: Stub) -> None:
    assert stub.lint(body="starts()") == {}
    assert not (stub.context.temp / "starts").exists()


def test_cancelling_ends_it(stub: Stub) -> None:
    stub.context.cancelled.set()
    with pytest.raises(Cancelled):
        stub.lint("pass")
