"""The step `biome`, with the real Biome, in the two forms of report that it has had."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from buildtools.plugin import Cause, Severity, Status, StepError, StepResult
from buildtools.steps.linters.biome import Biome
from tests.support.context import LoneContext


@pytest.fixture(params=["@biomejs/biome", "biome-1"])
def biome(request: pytest.FixtureRequest, installed: Path) -> str:
    return str(installed / "node_modules" / request.param / "bin/biome")


@pytest.fixture
def root(web: Path) -> Path:
    for name, text in {
        "src/clean.js": "export const a = 1;\n",
        "src/bad.js": "debugger;\nexport const x = 'é😀'; debugger;\n",
        "src/broken.js": "const = ;\n",
        "empty/note.txt": "",
    }.items():
        (web / name).parent.mkdir(exist_ok=True)
        (web / name).write_text(text)
    return web


def lint(root: Path, program: str, *paths: str, **options: object) -> StepResult:
    return Biome(program=program, paths=paths, **options).run(LoneContext(root))  # type: ignore[arg-type]


def test_findings(root: Path, biome: str) -> None:
    result = lint(root, biome, "src/bad.js", "src/clean.js")
    assert result.status is Status.FAILED
    assert result.reason == "2 errors in 1 of 2 files"
    assert [(f.place, f.end_line, f.end_column, f.rule, f.severity) for f in result.findings] == [
        ("src/bad.js:1:1", 1, 10, "lint/suspicious/noDebugger", Severity.ERROR),
        # Biome counts characters.
        ("src/bad.js:2:24", 2, 33, "lint/suspicious/noDebugger", Severity.ERROR),
    ]
    assert result.findings[0].message == "This is an unexpected use of the debugger statement."


def test_all_findings_are_told(root: Path, biome: str) -> None:
    (root / "src/bad.js").write_text("debugger;\n" * 250)
    assert len(lint(root, biome, "src/bad.js").findings) == 250


def test_severities(root: Path, biome: str) -> None:
    (root / "own").mkdir()
    (root / "own/biome.json").write_text('{"linter": {"rules": {"suspicious": {"noDebugger": "warn"}}}}')
    result = lint(root, biome, "src/bad.js", config="own")
    assert (result.status, result.reason) == (Status.FAILED, "2 warnings in 1 of 1 file")
    assert lint(root, biome, "src/bad.js", config="own", fail_on=Severity.ERROR).status is Status.PASSED


def test_what_cannot_be_linted_is_an_error(root: Path, biome: str) -> None:
    (root / "src/large.js").write_text("a" * 2_000_000)
    result = lint(root, biome, "src", fail_on=Severity.ERROR)
    errors = [finding for finding in result.findings if "noDebugger" not in finding.rule]
    assert {(finding.path, finding.severity) for finding in errors} == {
        ("src/broken.js", Severity.ERROR),
        ("src/large.js", Severity.ERROR),
    }
    assert [(f.line, f.column) for f in errors if f.path == "src/broken.js"] == [(1, 7), (1, 9)]
    assert lint(root, biome, "src/large.js", allow_empty=True).status is Status.FAILED


def test_no_file_is_empty(root: Path, biome: str) -> None:
    assert lint(root, biome, "empty").cause is Cause.EMPTY
    (root / "biome.json").write_text('{"linter": {"enabled": false}}')
    assert lint(root, biome, "src").cause is Cause.EMPTY


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('{"linter": {"rules": {"nope": {"a": "error"}}}}', "Found an unknown key `nope`."),
        ('{"linter":', "Expected an array, an object, or a literal"),
    ],
)
def test_a_bad_configuration_is_an_error_with_its_words(root: Path, biome: str, config: str, said: str) -> None:
    (root / "biome.json").write_text(config)
    with pytest.raises(StepError, match=r"biome left no report that can be read \(exit status 1\)") as caught:
        lint(root, biome)
    assert said in caught.value.message


def test_wrong_arguments_are_an_error(root: Path, biome: str) -> None:
    with pytest.raises(StepError, match="--bogus"):
        lint(root, biome, args=("--bogus",))


def test_its_version_is_known(root: Path, biome: str) -> None:
    (tool,) = Biome(program=biome).tools(root, os.environ)
    assert tool.version == ("1.9.4" if "biome-1" in biome else "2.6.8")
    (tool,) = Biome().tools(root, os.environ)
    assert tool.version == "2.6.8"
