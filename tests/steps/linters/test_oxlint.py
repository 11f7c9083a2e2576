"""The step `oxlint`, with the real Oxlint."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from buildtools.plugin import Cause, Severity, Status, StepError, StepResult
from buildtools.steps.linters.oxlint import Oxlint
from tests.support.context import LoneContext


@pytest.fixture
def root(web: Path) -> Path:
    for name, text in {
        "src/clean.js": "export const a = 1;\n",
        "src/bad.js": "for(;;){}\nconst x = 'é😀'; debugger;\n",
        "src/broken.js": "const = ;\n",
        "empty/note.txt": "",
        "node_modules/own/bad.js": "debugger;\n",
    }.items():
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text(text)
    return web


def lint(root: Path, *paths: str, **options: object) -> StepResult:
    return Oxlint(paths=paths, **options).run(LoneContext(root))  # type: ignore[arg-type]


def test_warnings_close_the_gate_though_it_exits_with_0(root: Path) -> None:
    result = lint(root, "src/bad.js", "src/clean.js")
    assert result.status is Status.FAILED
    assert result.reason == f"{len(result.findings)} warnings in 1 of 2 files"
    assert {finding.severity for finding in result.findings} == {Severity.WARNING}
    # Its columns count the bytes before, and one.
    assert "src/bad.js:2:21" in {finding.place for finding in result.findings if "no-debugger" in finding.rule}
    assert lint(root, "src/bad.js", fail_on=Severity.ERROR).status is Status.PASSED


def test_what_cannot_be_parsed_or_read_is_an_error(root: Path) -> None:
    (finding,) = lint(root, "src/broken.js").findings
    assert (finding.place, finding.rule, finding.severity) == ("src/broken.js:1:7", "oxlint", Severity.ERROR)
    (root / "src/bytes.js").write_bytes(b"\xff\xfe\x00")
    (finding,) = lint(root, "src/bytes.js", fail_on=Severity.ERROR).findings
    assert (finding.path, finding.severity) == ("src/bytes.js", Severity.ERROR)
    assert "src/bytes.js" in finding.message


def test_installed_packages_are_nobody_s_code(root: Path) -> None:
    result = lint(root)
    assert result.metrics[0].value == 3
    assert not any("node_modules" in finding.path for finding in result.findings)


def test_no_file_is_empty_and_a_missing_one_an_error(root: Path) -> None:
    assert lint(root, "empty").cause is Cause.EMPTY
    with pytest.raises(StepError, match=r"nope\.js is not there"):
        lint(root, "src/clean.js", "src/nope.js")
    with pytest.raises(StepError, match=r"src/\*\.js is not there"):
        lint(root, "src/*.js")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('{"rules": {"nope/nope": "error"}}', "Plugin 'nope' not found"),
        ('{"rules": {', "Failed to parse oxlint config"),
        ('{"rulz": {}}', "unknown field `rulz`"),
    ],
)
def test_a_bad_configuration_is_an_error_with_its_words(root: Path, config: str, said: str) -> None:
    (root / "own.json").write_text(config)
    with pytest.raises(StepError, match="oxlint left no report") as caught:
        lint(root, config="own.json")
    assert said in caught.value.message


def test_wrong_arguments_are_an_error_and_right_ones_count(root: Path) -> None:
    with pytest.raises(StepError, match="--bogus"):
        lint(root, args=("--bogus",))
    result = lint(root, "src/bad.js", args=("-A", "all", "-D", "no-debugger"))
    assert [(finding.rule, finding.severity) for finding in result.findings] == [
        ("eslint(no-debugger)", Severity.ERROR)
    ]
    assert lint(root, "src/clean.js").status is Status.PASSED


def test_its_version_is_known(root: Path) -> None:
    (tool,) = Oxlint().tools(root, os.environ)
    assert (tool.name, tool.version) == ("oxlint", "1.94.0")
