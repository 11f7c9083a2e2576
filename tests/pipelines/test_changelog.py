"""The example plugin: by itself, and found in `steps/` by a pipeline."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from buildtools.plugin import Kind, Status, StepError, StepResult
from tests.conftest import MakeProject
from tests.support.context import LoneContext
from tests.support.project import CHECKOUT

PLUGIN = CHECKOUT / "pipelines/steps/changelog.py"

GOOD = """\
# Changelog

## [Unreleased]

## [1.2.0] - 2024-05-31
### Added
- A thing.

## [1.1.0]
- Another thing.
"""


@pytest.fixture(scope="module")
def changelog() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("example_changelog", PLUGIN)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module.Changelog
    del sys.modules[spec.name]


def check(plugin: Any, folder: Path, text: str, **options: Any) -> StepResult:
    (folder / "CHANGELOG.md").write_text(text, encoding="utf-8")
    result = plugin(**options).run(LoneContext(folder))
    assert isinstance(result, StepResult)
    return result


def test_an_entry_is_found(changelog: Any, tmp_path: Path) -> None:
    for version in ("1.2.0", "1.1.0"):
        assert check(changelog, tmp_path, GOOD, entry=version).status is Status.PASSED
    assert check(changelog, tmp_path, GOOD, entry="1.2.0", released=True).status is Status.PASSED


def test_what_is_not_released_will_do_unless_a_release_is_asked_for(changelog: Any, tmp_path: Path) -> None:
    text = GOOD.replace("## [Unreleased]\n", "## [Unreleased]\n- More.\n")
    assert check(changelog, tmp_path, text, entry="1.3.0").status is Status.PASSED
    assert check(changelog, tmp_path, text, entry="1.3.0", released=True).status is Status.FAILED


@pytest.mark.parametrize(
    ("text", "options", "rule", "line"),
    [
        (GOOD, {"entry": "1.3.0"}, "empty-entry", 3),
        (GOOD, {"entry": "1.3.0", "released": True}, "no-entry", 3),
        (GOOD, {"entry": "1.1.0", "released": True}, "no-date", 9),
        ("## 1.0 - soon\n- x\n", {"entry": "1.0"}, "bad-date", 1),
        ("## 1.0\n### Added\n\n## 0.9\n- x\n", {"entry": "1.0"}, "empty-entry", 1),
        ("", {"entry": "1.0"}, "no-entry", 1),
    ],
)
def test_what_is_wrong_is_a_finding(
    changelog: Any, tmp_path: Path, text: str, options: dict[str, Any], rule: str, line: int
) -> None:
    result = check(changelog, tmp_path, text, **options)
    assert result.status is Status.FAILED
    assert [(finding.rule, finding.place) for finding in result.findings] == [(rule, f"CHANGELOG.md:{line}")]
    assert result.reason == result.findings[0].message
    assert result.findings[0].fingerprint


def test_the_version_can_come_from_the_package(changelog: Any, tmp_path: Path) -> None:
    (tmp_path / "package.py").write_text('"""A package."""\n\n__version__ = "1.2.0"\n', encoding="utf-8")
    options = {"version_from": Path("package.py"), "released": True}
    assert check(changelog, tmp_path, GOOD, **options).status is Status.PASSED
    (tmp_path / "package.py").write_text("VERSION = 1\n", encoding="utf-8")
    with pytest.raises(StepError, match="no `__version__"):
        check(changelog, tmp_path, GOOD, **options)


def test_what_cannot_be_read_is_an_error(changelog: Any, tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"CHANGELOG\.md: No such file"):
        changelog(entry="1").run(LoneContext(tmp_path))
    (tmp_path / "CHANGELOG.md").write_bytes(b"\xff\xfe")
    with pytest.raises(StepError, match="not UTF-8"):
        changelog(entry="1").run(LoneContext(tmp_path))


def test_one_way_to_give_the_version(changelog: Any) -> None:
    assert changelog.kind is Kind.CHECK
    assert not list(changelog(entry="1").check_options())
    assert list(changelog().check_options())
    assert list(changelog(entry="1", version_from=Path("x")).check_options())


def test_a_pipeline_finds_it_in_the_folder_steps(project: MakeProject) -> None:
    here = project(
        {
            "pipelines/gate.yaml": "steps:\n  log:\n    uses: changelog\n    with: {entry: 1.2.0, released: true}\n",
            "CHANGELOG.md": GOOD,
        }
    ).copy(PLUGIN, "pipelines/steps/changelog.py")
    good = here.run()
    assert good.code == 0, good
    assert "CHANGELOG.md has an entry for 1.2.0" in good.run_json["steps"][0]["result"]["reason"]
    bad = here.replace("pipelines/gate.yaml", "1.2.0", "9.9").run()
    assert bad.code == 1, bad
    assert "CHANGELOG.md:3" in bad.text
    assert "there is no entry for 9.9" in bad.text


def test_its_options_are_checked_when_the_file_is_loaded(project: MakeProject) -> None:
    text = "steps:\n  log:\n    uses: changelog\n    with: {releasd: true}\n"
    here = project({"pipelines/gate.yaml": text}).copy(PLUGIN, "pipelines/steps/changelog.py")
    outcome = here.call("validate")
    assert outcome.code == 3, outcome
    assert "did you mean 'released'?" in outcome.text
    assert "gate.yaml:4:12" in outcome.text
