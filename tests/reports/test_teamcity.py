"""TeamCity's messages, read back by a parser of TeamCity's own rules."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildtools.core.events import AnyEvent, Output, PlannedStep, RunFinished, RunStarted, StepFinished, StepStarted
from buildtools.core.model import Status
from buildtools.core.results import RunResult
from buildtools.reports.plain import PlainConsole
from buildtools.reports.servicemessages import escaped, identity, message
from buildtools.reports.style import Style, bad
from buildtools.reports.teamcity import TeamCity
from tests.conftest import MakeProject
from tests.support import runs
from tests.support.teamcity import Build, messages, unescaped


def events(result: RunResult, output: str = "") -> Iterable[AnyEvent]:
    """Yield what a run of this result would have told, its steps all at once."""
    steps = tuple(PlannedStep(id=run.id, plugin=run.plugin) for run in result.steps)
    yield RunStarted(time=result.started, id="r", pipeline=result.pipeline, root="/w", folder="/w/r", steps=steps)
    started = [run for run in result.steps if run.started is not None]
    for run in started:
        yield StepStarted(time=result.started, step=run.id)
    for run in started:
        if output:
            yield Output(time=result.started, step=run.id, text=output)
    for run in result.steps:
        yield StepFinished(time=result.started, run=run)
    yield RunFinished(time=result.started, exit_code=int(result.exit_code), result=result)


def written(result: RunResult, output: str = "", prefix: str = "") -> str:
    stream = io.StringIO()
    console = PlainConsole(stream, style=Style(), dress=TeamCity(prefix=prefix))
    for event in events(result, output):
        console.handle(event)
    return stream.getvalue()


def test_every_outcome_is_read_back() -> None:
    result = runs.every_outcome()
    build = Build(written(result, prefix="sub/"))
    wanted = [
        (run.id, ".".join(filter(None, (case.classname, case.name))), case.status)
        for run in result.steps
        for case in run.result.cases
        if case.classname or case.suite or case.status is not Status.PASSED
    ]
    assert [(case.flow, case.name) for case in build.cases] == [(flow, name) for flow, name, _ in wanted]
    statuses = {Status.PASSED: "passed", Status.SKIPPED: "skipped"}
    assert [case.status for case in build.cases] == [statuses.get(status, "failed") for _, _, status in wanted]
    findings = [finding for run in result.steps for finding in run.result.findings]
    assert [(one["file"], one["message"]) for one in build.inspections] == [
        (f"sub/{finding.path or '.'}", finding.message) for finding in findings
    ]
    stopped = [run.id for run in result.steps if bad(run) and not run.allowed]
    assert [problem["identity"] for problem in build.problems] == [
        *map(identity, stopped),
        *(identity(f"run {problem}") for problem in result.problems),
    ]
    assert build.statistics["pack: score"] == 9.75
    assert "/w/dist/webapp-1.0.tar.gz" in build.artifacts


def test_hostile_text_stays_text() -> None:
    """Each line is one whole message, whatever a step's programs, names and messages hold."""
    result = runs.hostile()
    text = written(
        result, runs.HOSTILE + "##teamcity[buildStatus status='SUCCESS']\n##teamcity[enableServiceMessages]\n"
    )
    assert text.isascii()
    build = Build(text)
    assert any("##teamcity[buildStatus status='SUCCESS']" in line for _, line in build.log)
    assert len(build.inspections) == sum(len(run.result.findings) for run in result.steps)


def test_endless_lines_are_cut() -> None:
    text = written(runs.endless_line())
    assert len(max(text.split("\n"), key=len)) < 300_000
    Build(text)


@given(st.text())
def test_escapes_are_read_back(text: str) -> None:
    [found] = messages(message("message", text=f"x{text}"))
    assert found.values["text"] == unescaped(escaped(f"x{text}"))
    assert "\n" not in escaped(text)
    printable = "".join(char for char in text if char.isprintable() and char != "\x1b")
    assert unescaped(escaped(printable)) == printable


@pytest.mark.parametrize("text", ["lint", "unit[django=5.2,python=3.12]", "a" * 100, "Käse", "a-b", "a_b"])
def test_identities_are_names_and_differ(text: str) -> None:
    assert identity(text).isidentifier()
    assert len(identity(text)) <= 60
    assert identity(text) == identity(text) != identity(f"{text}_")


def test_a_real_run_under_teamcity(project: MakeProject) -> None:
    made = project(
        {
            "pipeline.yaml": "steps:\n  lint: {uses: pylint, with: {paths: [app.py], fail-under: 10}}\n"
            "  say: {uses: shell, with: {run: \"echo '##teamcity[x]'; echo ${secret.TOKEN}; exit 3\"}, needs: []}\n",
            "app.py": "import os\n",
        }
    )
    ran = made.run("-k", env={"TEAMCITY_VERSION": "2026.1", "TOKEN": "hush-hush"})
    assert ran.code == 1
    build = Build(ran.stdout)
    assert "hush-hush" not in ran.stdout
    assert {"app.py"} == {one["file"] for one in build.inspections}
    assert {"pylint:W0611", "pylint:C0114"} == set(build.types)
    assert {"buildtools_lint", "buildtools_say"} == {one["identity"] for one in build.problems}
    assert ("", "  say") not in build.log
    assert any("##teamcity[x]" in line for _, line in build.log)
