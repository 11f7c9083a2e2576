"""What GitHub's runner makes of our log and our files, read back by a parser of its rules."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildtools.core.errors import ReportError
from buildtools.core.results import RunResult
from buildtools.reports.github import Files, GitHub
from buildtools.reports.plain import PlainConsole
from buildtools.reports.scene import ELSEWHERE, Scene
from buildtools.reports.style import Style, bad
from buildtools.reports.workflowcommands import assignment, command, literally, masks
from tests.conftest import MakeProject
from tests.reports.test_teamcity import events
from tests.support import runs
from tests.support.github import Log, environment

NOWHERE = Files()


def written(
    result: RunResult,
    output: str = "",
    *,
    files: Files = NOWHERE,
    scene: Scene = ELSEWHERE,
    hidden: tuple[str, ...] = (),
) -> str:
    stream = io.StringIO()
    console = PlainConsole(stream, style=Style(), dress=GitHub(files=files, scene=scene, hidden=hidden))
    for event in events(result, output):
        console.handle(event)
    return stream.getvalue()


def test_every_outcome_is_shown() -> None:
    result = runs.every_outcome()
    log = Log(written(result, "says something\n"))
    for run in result.steps:
        if run.started is not None:
            groups = {group for group, line in log.lines if "says something" in line}
            folded = any(run.id in group.split() for group in groups)
            assert folded is not bad(run), run.id
    assert len(log.annotations) <= 30
    kinds = [one.kind for one in log.annotations]
    assert kinds == sorted(kinds, key=["error", "warning", "notice"].index)
    first = next(one for one in log.annotations if one.properties.get("file"))
    assert int(first.properties["line"]) > 0


def test_ten_annotations_of_a_kind_and_where_the_rest_is() -> None:
    log = Log(written(runs.large(2_000, 1_000)))
    for kind in ("error", "warning", "notice"):
        shown = [one for one in log.annotations if one.kind == kind]
        assert len(shown) <= 10
        assert len(shown) < 10 or "more" in shown[-1].message
    assert all(len(one.message) < 4_096 for one in log.annotations)


def test_hostile_text_is_no_command() -> None:
    result = runs.hostile()
    output = runs.HOSTILE + "\n::error::mine\n  ::add-mask::a\n##[error]old\n::stop-commands::x\n::endgroup::\n"
    log = Log(written(result, output))
    assert log.masks == []
    assert not any(one.message == "mine" for one in log.annotations)
    assert any("::error::mine" in line for _, line in log.lines)


def test_masks_come_first_and_line_by_line() -> None:
    log = Log(written(runs.every_outcome(), hidden=("one\n two%\n", "three")))
    assert log.masks == ["one", "two%", "three"]


def test_files_of_a_project_below_the_repositorys_top(tmp_path: Path) -> None:
    scene = Scene(root=tmp_path / "sub/app", repository=tmp_path)
    log = Log(written(runs.every_outcome(), scene=scene))
    named = [one.properties["file"] for one in log.annotations if "file" in one.properties]
    assert named
    assert all(name.startswith("sub/app/") for name in named)


def test_summary_and_outputs(tmp_path: Path) -> None:
    summary, outputs = tmp_path / "summary", tmp_path / "outputs"
    summary.write_text("before\n")
    result = runs.hostile()
    written(result, files=Files(summary=summary, outputs=outputs))
    assert summary.read_text(encoding="utf-8").startswith("before\n## ")
    found = environment(outputs.read_text(encoding="utf-8"))
    assert found["status"] == "failed"
    assert found["exit-code"] == str(int(result.exit_code))
    assert len(found) > 2


def test_a_summary_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="nowhere"):
        written(runs.every_outcome(), files=Files(summary=tmp_path / "nowhere/summary"))


@given(st.text(), st.text())
def test_commands_are_read_back(data: str, title: str) -> None:
    [found] = Log(command("error", f"x{data}", title=f"x{title}")[:-1]).annotations
    assert "\n" not in command("error", data, title=title)[:-1]
    assert found.message[0] == found.properties["title"][0] == "x"
    if data.isascii() and data.isprintable():
        assert found.message == f"x{data}"
    if title.isascii() and title.isprintable():
        assert found.properties["title"] == f"x{title}"


@given(st.text())
def test_assignments_are_read_back(value: str) -> None:
    found = environment(assignment("a b:c", value))
    assert found.keys() == {"a-b-c"}
    if value.isascii() and value.isprintable():
        assert found["a-b-c"] == value


def test_nothing_makes_no_noise() -> None:
    assert literally("", "t") == ""
    assert masks([" ", ""]) == ""


def test_a_real_run_under_github(project: MakeProject, tmp_path: Path) -> None:
    made = project(
        {
            "pipeline.yaml": "steps:\n  lint: {uses: pylint, with: {paths: [app.py], fail-under: 10}}\n"
            '  say: {uses: shell, with: {run: "echo ::error::x ${secret.TOKEN}"}, needs: []}\n',
            "app.py": "import os\n",
        }
    )
    summary, outputs = tmp_path / "summary", tmp_path / "outputs"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)}
    ran = made.run("-k", env={**env, "TOKEN": "hush-hush"})
    assert ran.code == 1
    log = Log(ran.stdout)
    assert log.masks == ["hush-hush"]
    assert ran.stdout.count("hush-hush") == 1
    assert {one.properties["file"] for one in log.annotations} == {"app.py"}
    assert "hush" not in summary.read_text() + outputs.read_text()
    assert "W0611" in summary.read_text()
    assert environment(outputs.read_text())["exit-code"] == "1"
