"""GitLab's sections, and the choice of an output by where a run takes place."""

from __future__ import annotations

import io
import re

import pytest

from buildtools.core.model import Status
from buildtools.core.results import Metric, RunResult, StepResult, StepRun
from buildtools.reports.gitlab import GitLab
from buildtools.reports.plain import PlainConsole
from buildtools.reports.style import Style, bad
from tests.conftest import MakeProject
from tests.reports.test_teamcity import events
from tests.support import runs

SECTION = re.compile(
    r"\x1b\[0Ksection_start:(\d+):([a-z0-9_.-]+)(\[collapsed=true\])?\r\x1b\[0K(.*?)\n(.*?)"
    r"\x1b\[0Ksection_end:(\d+):\2\r\x1b\[0K\n",
    re.DOTALL,
)


def written(result: RunResult, output: str = "") -> str:
    stream = io.StringIO()
    console = PlainConsole(stream, style=Style(), dress=GitLab())
    for event in events(result, output):
        console.handle(event)
    return stream.getvalue()


@pytest.mark.parametrize("result", [runs.every_outcome(), runs.hostile()], ids=["outcomes", "hostile"])
def test_each_step_is_a_section(result: RunResult) -> None:
    text = written(result, f"says something\n{runs.HOSTILE}\x1b[0Ksection_end:1:step_1\r\x1b[0K\n")
    found = SECTION.findall(text)
    assert len({name for _, name, *_ in found}) == len(found) >= sum(run.started is not None for run in result.steps)
    for begin, _name, _fold, _title, body, end in found:
        assert int(begin) <= int(end)
        assert "\x1b" not in body
    folds = [bool(fold) for _, _, fold, _, body, _ in found if "says something" in body]
    assert folds == [not bad(run) for run in result.steps if run.started is not None]
    assert "\x1b" not in SECTION.sub("", text)


def test_a_line_for_the_coverage_expression() -> None:
    result = StepResult(status=Status.PASSED, metrics=(Metric(name="coverage", value=87.125, unit="%"),))
    run = RunResult(pipeline="p", id="1", steps=(StepRun(id="tests", plugin="tests", result=result, started=0.0),))
    text = written(run)
    match = re.search(r"TOTAL.*? (\d+(?:\.\d+)?)%", text)
    assert match
    assert float(match[1]) == pytest.approx(87.12, abs=0.01)


@pytest.mark.parametrize(
    ("env", "flags", "mark"),
    [
        ({"GITLAB_CI": "true"}, (), "section_start"),
        ({"GITHUB_ACTIONS": "true"}, (), "::stop-commands::"),
        ({"TEAMCITY_VERSION": "2026.1"}, (), "##teamcity["),
        ({"TEAMCITY_VERSION": "2026.1"}, ("--output", "gitlab"), "section_start"),
        ({"GITHUB_ACTIONS": "false"}, (), ""),
        ({"GITHUB_ACTIONS": "true"}, ("--output", "plain"), ""),
        ({}, ("--output", "teamcity"), "##teamcity["),
    ],
)
def test_the_output_is_chosen_by_where_it_runs(
    project: MakeProject, env: dict[str, str], flags: tuple[str, ...], mark: str
) -> None:
    made = project({"pipeline.yaml": "steps:\n  say: {uses: shell, with: {run: echo said}}\n"})
    ran = made.run(*flags, env=env)
    assert ran.code == 0
    marks = [one for one in ("section_start", "::stop-commands::", "##teamcity[") if one in ran.stdout]
    assert marks == ([mark] if mark else [])
    assert "said" in ran.stdout
