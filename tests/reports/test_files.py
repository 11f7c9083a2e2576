"""The reports as files, and the one table of their kinds."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from buildtools.core.masking import Masker
from buildtools.core.results import RunResult
from buildtools.reports.files import earlier, forget, places, write
from buildtools.reports.kinds import ALWAYS, RENDERERS
from buildtools.reports.scene import ELSEWHERE, Scene
from tests.conftest import MakeProject
from tests.e2e.running import clear
from tests.support import runs

BLOCKED = "steps: {a: {uses: shell, with: {run: 'echo ill; exit 3'}}}"

FOREIGN = (
    "important\n",
    "steps: {a: {uses: pylint}}\n",
    "src/a.py:3: this is ill\n",
    "# Plan\n\n## TODO: all\n",
    "<!DOCTYPE html>\n<html lang='en'><head><title>Mine</title>",
    '<?xml version="1.0" encoding="UTF-8"?>\n<project>',
    '{"schema_version": 1}',
    "[{}]",
    "\n",
)
"""beginnings of files that nobody may remove before a run begins"""


def read(kind: str, data: bytes) -> None:
    """Read a report as far as any reader of its format would."""
    if kind.startswith("junit") or kind == "checkstyle":
        ElementTree.fromstring(data)
    elif kind in ("json", "sarif", "codequality"):
        json.loads(data)
    else:
        assert "\x1b" not in data.decode()


@pytest.mark.parametrize("kind", RENDERERS)
@pytest.mark.parametrize("result", [runs.every_outcome(), runs.hostile(), runs.endless_line(), runs.large(60, 20)])
def test_every_kind_of_report_of_every_outcome_is_readable(kind: str, result: RunResult) -> None:
    data = RENDERERS[kind](result, ELSEWHERE)
    read(kind, data)
    assert RENDERERS[kind](result, ELSEWHERE) == data, "the same run, the same report"


@pytest.mark.parametrize("kind", RENDERERS)
@pytest.mark.parametrize("code", runs.ENDED_BY)
def test_every_kind_of_report_of_a_run_that_was_ended_is_readable(kind: str, code: int) -> None:
    read(kind, RENDERERS[kind](runs.ended(code), ELSEWHERE))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", RENDERERS)
def test_a_secret_torn_by_colours_is_in_no_report(kind: str) -> None:
    torn = runs.hostile("\x1b[1mZaqx&-\x1b[m\x1b[KWsxq<Edc\x00v>")
    text = RENDERERS[kind](Masker(["Zaqx&-Wsxq<Edcv>"]).value(torn), ELSEWHERE).decode()
    assert not [part for part in ("Zaqx", "Wsxq", "Edc") if part in text]


def test_each_report_is_written_and_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    wanted = (("sarif", tmp_path / "deep/er/a.sarif"), ("json", tmp_path / "file/run.json"))
    problems = write(runs.every_outcome(), places(tmp_path / "reports", wanted), Scene(root=tmp_path))
    place = f"{tmp_path}/file"
    assert problems == (
        f"{place}/run.json: the json report could not be written: {place} is in the way: it is no folder",
    )
    assert json.loads((tmp_path / "deep/er/a.sarif").read_bytes())["version"] == "2.1.0"
    assert {path.name for path in (tmp_path / "reports").iterdir()} == {name for _, name in ALWAYS}


def test_a_renderer_that_fails_takes_no_other_report_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_result: RunResult, _scene: Scene) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setitem(RENDERERS, "junit", broken)
    with pytest.raises(ZeroDivisionError):
        write(runs.every_outcome(), places(tmp_path, ()), Scene(root=tmp_path))
    assert (tmp_path / "run.json").exists()
    assert not (tmp_path / "junit.xml").exists()


def test_reports_are_forgotten_whether_they_are_there_or_not(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text("old")
    (tmp_path / "run.json").mkdir()
    forget(places(tmp_path, (("sarif", tmp_path / "none"),)))
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize("kind", RENDERERS)
def test_a_report_of_an_earlier_run_is_known_from_other_files(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    nothing = RunResult(pipeline="", id="", steps=())
    for result in (runs.every_outcome(), runs.hostile(), runs.endless_line(), runs.large(60, 20), nothing):
        file.write_bytes(RENDERERS[kind](result, ELSEWHERE))
        assert earlier([(kind, file)]) == [(kind, file)]
    for text in FOREIGN:
        file.write_text(text)
        assert not earlier([(kind, file)]), text
    assert not earlier([(kind, tmp_path), (kind, tmp_path / "none")])


def test_every_kind_is_written_by_a_real_run(project: MakeProject) -> None:
    made = project({"web/pipeline.yaml": BLOCKED, ".git/HEAD": "ref: refs/heads/main\n"})
    words = [f"--report={kind}=out/{kind.replace(':', '-')}" for kind in RENDERERS]
    clear(made.call("run", "-C", "web", *words), 1)
    for kind in RENDERERS:
        read(kind, (made.root / "web/out" / kind.replace(":", "-")).read_bytes())
    summary = (made.root / "web/out/markdown").read_text()
    assert "exit status 3" in summary
    assert "Run it alone: <code>buildtools " in summary
    suite = ElementTree.parse(made.root / "web/out/junit-ant").getroot()[0]
    assert suite.get("hostname", "localhost") not in ("", "localhost")


def test_findings_of_a_project_within_a_repository_start_at_its_top(project: MakeProject) -> None:
    text = "steps: {lint: {uses: pylint, with: {paths: [src], args: [--disable=all, --enable=unused-import]}}}"
    made = project({"web/pipeline.yaml": text, "web/src/a.py": "import os\n", ".git/HEAD": "ref: refs/heads/main\n"})
    kinds = ("sarif", "codequality", "checkstyle", "parseable")
    clear(made.call("run", "-C", "web", *(f"--report={kind}={kind}" for kind in kinds)), 1)
    result = json.loads((made.root / "web/sarif").read_bytes())["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "web/src/a.py"
    assert result["ruleId"] == "W0611"
    assert json.loads((made.root / "web/codequality").read_bytes())[0]["location"]["path"] == "web/src/a.py"
    assert ElementTree.parse(made.root / "web/checkstyle").getroot()[0].get("name") == "web/src/a.py"
    assert (made.root / "web/parseable").read_text() == "web/src/a.py:1: [W0611(unused-import), ] Unused import os\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--report junit:ants=x", "'junit:ants' is not one of junit, junit:rich, junit:xunit10, junit:ant, json"),
        ("--report sarf=x", "Did you mean 'sarif'?"),
        ("--report sarif=", "'sarif=' is not of the form KIND=PATH"),
        ("--report sarif=x --report json=x", "two reports cannot be written to one file: x"),
    ],
)
def test_a_report_that_makes_no_sense(project: MakeProject, words: str, said: str) -> None:
    clear(project({"pipeline.yaml": BLOCKED}).run(*words.split()), 2, said)
