"""Runs that are over: reports made again, and several runs joined."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from buildtools.reports.merging import merged
from tests.conftest import MakeProject
from tests.support import runs

FILE = "steps:\n  say: {uses: shell, with: {run: echo said}}\n  own: {uses: shell, with: {run: 'exit ${code}'}}\n"


def test_steps_of_several_runs_are_told_apart() -> None:
    one = runs.every_outcome()
    two = replace(one, started=one.started + 10, steps=one.steps[:3], pipeline="other")
    both = merged({"linux": one, "mac": two})
    names = [step.id for step in both.steps]
    assert len(set(names)) == len(names) == len(one.steps) + 3
    assert names[0] == "lint[linux]"
    assert names[-3] == "lint[mac]"
    assert next(step.needs for step in both.steps if step.id == "upload") == ("lint[linux]",)
    assert both.steps[-3].started == pytest.approx((two.steps[0].started or 0) + 10)
    assert both.seconds == pytest.approx(one.seconds + 10)
    assert both.exit_code == one.exit_code
    assert both.problems == ("linux: out.xml: disk full", "mac: out.xml: disk full")


def test_one_run_stays_itself() -> None:
    one = runs.every_outcome()
    assert [step.id for step in merged({"x": one}).steps] == [step.id for step in one.steps]


def test_merge_and_make_from_the_command_line(project: MakeProject, tmp_path: Path) -> None:
    made = project({"pipeline.yaml": FILE})
    for name, code in (("linux", 0), ("mac", 3)):
        assert made.run("-P", f"code={code}", "--report", f"json={tmp_path}/{name}/run.json").code == bool(code)
    ran = made.call(
        *("report", "merge", f"{tmp_path}/linux/run.json", f"apple={tmp_path}/mac/run.json"),
        *("--report", f"json={tmp_path}/all.json", "--report", f"junit:xunit10={tmp_path}/all.xml"),
    )
    assert ran.code == 1, ran
    steps = json.loads((tmp_path / "all.json").read_bytes())["steps"]
    assert [step["id"] for step in steps] == ["say[linux]", "own[linux]", "say[apple]", "own[apple]"]
    assert "own[apple]" in (tmp_path / "all.xml").read_text()

    assert made.call("report", "make", "--report", f"html={tmp_path}/last.html").code == 0
    assert "own" in (tmp_path / "last.html").read_text()
    first = sorted((made.root / ".buildtools/runs").iterdir())[0].name
    assert made.call("report", "make", first, "--report", f"markdown={tmp_path}/first.md").code == 0
    assert "PASSED" in (tmp_path / "first.md").read_text()


@pytest.mark.parametrize("words", [("make", "gone"), ("make", "gone.json"), ("make", "../x"), ("merge", "gone.json")])
def test_what_is_not_there_is_one_clear_error(project: MakeProject, words: tuple[str, ...]) -> None:
    made = project({"pipeline.yaml": FILE, "bad.json": "{"})
    ran = made.call("report", *words, "--report", "markdown=out.md")
    assert ran.code == 5
    assert "Traceback" not in ran.text
    ran = made.call("report", "make", "bad.json", "--report", "markdown=out.md")
    assert ran.code == 5
    assert "is no run.json" in ran.text
