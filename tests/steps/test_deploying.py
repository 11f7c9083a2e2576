"""What a deployment leaves for people: how each host ended, and the audit, also of what no host could write down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from buildtools.deploy.course import Ended, NotDone
from buildtools.deploy.layout import Release
from buildtools.deploy.refusal import Unfit
from buildtools.plugin import Status, StepError
from buildtools.steps.deploying import Journal
from tests.support.context import LoneContext

RELEASE = Release(target="demo", version="1.0", revision="r1")
HOSTS = ("a", "b")


def test_the_hosts_lines_are_kept_with_their_names(tmp_path: Path) -> None:
    journal = Journal(LoneContext(tmp_path))
    journal.voice.log('deploy@"web', '{"schema":1,"event":"deployed"}')
    journal.voice.log("b", '{"schema":1,"event":"refused"}')
    (audit,) = journal.close()
    assert (audit.name, audit.path) == ("audit", "build/reports/deployment.jsonl")
    data = (tmp_path / audit.path).read_bytes()
    assert audit.size == len(data)
    assert [json.loads(line) for line in data.splitlines()] == [
        {"host": 'deploy@"web', "schema": 1, "event": "deployed"},
        {"host": "b", "schema": 1, "event": "refused"},
    ]


def test_a_refusal_that_no_host_could_write_down_is_noted(tmp_path: Path) -> None:
    journal = Journal(LoneContext(tmp_path))
    result = journal.failed(StepError("b: nothing answers\nmore", remedy="look"), RELEASE, HOSTS)
    assert (result.status, result.reason, result.remedy) == (Status.ERROR, "b: nothing answers\nmore", "look")
    assert [(case.name, case.status, case.message) for case in result.cases] == [
        ("a", Status.SKIPPED, "not switched"), ("b", Status.ERROR, "nothing answers"),
    ]  # fmt: skip
    line = json.loads((tmp_path / result.artifacts[0].path).read_text())
    assert (line["event"], line["release"], line["reason"]) == ("refused", "1.0.r1", "b: nothing answers")


def test_how_each_host_was_left_is_told(tmp_path: Path) -> None:
    error = NotDone(StepError("bad"), (("a", "is back at 0.9"), ("b", "")), overtaken=False)
    assert error.message == "bad\na: is back at 0.9"
    result = Journal(LoneContext(tmp_path)).failed(error, RELEASE, HOSTS)
    assert [case.message for case in result.cases] == ["bad; is back at 0.9", "not switched"]


def test_why_a_host_went_back_is_told_before_how_it_was_left(tmp_path: Path) -> None:
    failed = Unfit("b: the after-switch program `x` ended with status 1\n  boom\n  bang", "b: a program ended")
    error = NotDone(failed, (("a", "is back at 0.9"), ("b", "is back at 0.8")), overtaken=False)
    cases = Journal(LoneContext(tmp_path)).failed(error, RELEASE, HOSTS).cases
    assert [(case.message, case.details) for case in cases] == [
        ("is back at 0.9", ""),
        ("the after-switch program `x` ended with status 1; is back at 0.8", "  boom\n  bang"),
    ]


def test_this_machine_is_called_the_same_whatever_became_of_it(tmp_path: Path) -> None:
    result = Journal(LoneContext(tmp_path)).failed(StepError("local: no room"), RELEASE, ("local:",))
    assert [(case.name, case.message) for case in result.cases] == [("local", "no room")]


def test_several_steps_keep_their_audits_apart(tmp_path: Path) -> None:
    context = LoneContext(tmp_path)
    context.alone, context.step = False, "upload[to=live,x=/]"
    journal = Journal(context)
    journal.voice.log("a", '{"event":"deployed"}')
    assert journal.close()[0].path == "build/reports/deployment-upload-to-live-x-.jsonl"
    assert [case.name for case in journal.cases([Ended(host="a", name="1.0.r1", previous="")])] == ["a"]


def test_a_report_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    context = LoneContext(tmp_path)
    (tmp_path / "build/reports/deployment.jsonl").mkdir()
    journal = Journal(context)
    journal.voice.log("a", '{"event":"deployed"}')
    assert journal.close() == ()
    assert "the audit cannot be written" in context.warnings[0]


@pytest.mark.parametrize("said", ["", "x"])
def test_nothing_said_makes_no_report(tmp_path: Path, said: str) -> None:
    journal = Journal(LoneContext(tmp_path))
    if said:
        journal.voice.log("a", '{"event":"deployed"}')
    assert len(journal.close()) == len(said)
