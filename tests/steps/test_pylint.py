"""The step `pylint`, with the real pylint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from buildtools.plugin import Cause, Severity, Status, StepError, StepResult, ToolMissing
from buildtools.steps.pylint import Pylint
from tests.support.context import LoneContext

DOC = '"""Doc."""\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    package = tmp_path / "src/pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(DOC)
    (package / "clean.py").write_text(DOC + "X = 1\n")
    (package / "bad.py").write_text(DOC + "import os\n\n\ndef f(a):\n    return unknown + a\n")
    return tmp_path


def lint(root: Path, **options: object) -> StepResult:
    return Pylint(**options).run(LoneContext(root))  # type: ignore[arg-type]


def places(result: StepResult) -> list[tuple[str, int, int, str]]:
    return [(finding.path, finding.line, finding.column, finding.symbol) for finding in result.findings]


def test_it_reports_exactly_what_pylint_reports(root: Path) -> None:
    result = lint(root, paths=("src",))
    words = [sys.executable, "-m", "pylint", "--recursive=y", "--output-format=json2", "src"]
    done = subprocess.run(words, cwd=root, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "0"}, check=False)
    theirs = json.loads(done.stdout)
    assert theirs["messages"]
    assert [
        (m["path"], m["line"], m["column"] + 1, m["endLine"], m["endColumn"] + 1, m["messageId"], m["message"])
        for m in theirs["messages"]
        if m["endLine"]
    ] == [
        (f.path, f.line, f.column, f.end_line, f.end_column, f.rule, f.message) for f in result.findings if f.end_line
    ]
    assert places(result) == [(m["path"], m["line"], m["column"] + 1, m["symbol"]) for m in theirs["messages"]]
    assert result.status is Status.FAILED
    assert {f.symbol: f.severity for f in result.findings}["undefined-variable"] is Severity.ERROR
    assert all(finding.fingerprint for finding in result.findings)
    metrics = {metric.name: metric for metric in result.metrics}
    assert metrics["pylint score"].value == pytest.approx(theirs["statistics"]["score"])
    assert metrics["pylint score"].threshold is None
    assert metrics["files checked"].value == 3
    assert {case.file for case in result.cases} == {"src/pkg/__init__.py", "src/pkg/clean.py"}
    assert all(case.status is Status.PASSED and case.name == "pylint" for case in result.cases)


def test_the_score_opens_the_gate_and_fail_on_closes_it(root: Path) -> None:
    assert lint(root, paths=("src",), fail_under=-50).status is Status.PASSED
    result = lint(root, paths=("src",), fail_under=-50, fail_on=("unused-import",))
    assert result.status is Status.FAILED
    assert "fail-on: unused-import" in result.reason
    assert {metric.threshold for metric in result.metrics} == {-50, None}


def test_paths_are_relative_to_the_root_wherever_the_step_works(root: Path) -> None:
    context = LoneContext(root)
    context.workdir = root / "src"
    result = Pylint(paths=("pkg/bad.py",), disable=("all",), enable=("unused-import",)).run(context)
    assert places(result) == [("src/pkg/bad.py", 2, 1, "unused-import")]


def test_without_paths_it_lints_the_project_but_no_environment(root: Path) -> None:
    for name in (".hidden", "env", "node_modules", "empty"):
        (root / name).mkdir()
        (root / name / "other.py").write_text("import os\n")
    (root / "env/pyvenv.cfg").touch()
    (root / "tool.py").write_text("import os\n")
    (root / "empty/other.py").unlink()
    result = lint(root, disable=("all",), enable=("unused-import",))
    assert {finding.path for finding in result.findings} == {"src/pkg/bad.py", "tool.py"}


def test_hooks_may_print_and_the_configuration_is_obeyed(root: Path) -> None:
    (root / ".pylintrc").write_text(
        "[MAIN]\ninit-hook=print('{\"messages\": []}')\noutput-format=colorized\nignore=bad.py\nfail-under=3\n"
    )
    context = LoneContext(root)
    result = Pylint(paths=("src",)).run(context)
    assert result.status is Status.PASSED
    assert result.metrics[0].threshold == 3
    assert '{"messages": []}\n' in context.shown


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"args": ("--nope",)}, "Unrecognized option found: nope"),
        ({"rcfile": "nope"}, "nope"),
        ({"paths": ("src", "nope")}, "F0001"),
    ],
)
def test_what_it_cannot_check_is_an_error(root: Path, options: dict[str, object], said: str) -> None:
    result = lint(root, **{"paths": ("src",), **options})
    assert result.status is Status.ERROR
    assert result.cause is Cause.NONE
    assert said in result.reason


def test_pylint_breaking_down_is_an_error_with_its_last_words(root: Path) -> None:
    (root / ".pylintrc").write_text("[MAIN]\ninit-hook=raise LookupError('the hook')\n")
    with pytest.raises(StepError, match=r"broke down \(exit status 1\): LookupError: the hook"):
        lint(root, paths=("src",))


def test_no_file_is_an_error_unless_it_is_allowed(root: Path) -> None:
    (root / "none").mkdir()
    result = lint(root, paths=("none",))
    assert (result.status, result.cause) == (Status.ERROR, Cause.EMPTY)
    assert lint(root, paths=("none",), allow_empty=True).status is Status.PASSED


def test_only_the_changed_files_are_linted_and_ignore_still_holds(root: Path) -> None:
    context = LoneContext(root)
    context.changed_files = (root / "src/pkg/clean.py", root / "README", root / "src/pkg/gone.py")
    result = Pylint(paths=("src",)).run(context)
    assert result.status is Status.PASSED
    assert [case.file for case in result.cases] == ["src/pkg/clean.py"]
    context.changed_files = (root / "src/pkg/bad.py",)
    result = Pylint(paths=("src",), args=("--ignore=bad.py",)).run(context)
    assert (result.status, result.reason) == (Status.PASSED, "no Python file among the changed ones")


def test_no_changed_file_starts_nothing(root: Path) -> None:
    context = LoneContext(root)
    context.changed_files = (root / "README",)
    assert Pylint(paths=("src",), python="/nope").run(context).reason == "no Python file among the changed ones"


def test_several_jobs_find_the_same(root: Path) -> None:
    assert places(lint(root, paths=("src",), jobs=2)) == places(lint(root, paths=("src",)))


def test_a_missing_pylint_or_interpreter_says_how_to_get_it(root: Path) -> None:
    # A Python without site-packages has no pylint.
    bare = root / "bare"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(ToolMissing, match=r"pylint in .*bare") as missing:
        lint(root, paths=("src",), python="./bare")
    assert "pip install 'pylint>=3'" in missing.value.remedy
    with pytest.raises(ToolMissing) as nothing:
        lint(root, paths=("src",), python="./nothing")
    assert "python:" in nothing.value.remedy


def test_an_old_pylint_is_refused(root: Path) -> None:
    (root / "old/pylint").mkdir(parents=True)
    (root / "old/pylint/__init__.py").write_text("__version__ = '2.17.7'\n")
    context = LoneContext(root, env={"PYTHONPATH": str(root / "old")})
    with pytest.raises(ToolMissing, match=r"2\.17\.7 \(3 or newer"):
        Pylint(paths=("src",)).run(context)


def test_arguments_that_take_the_report_away_are_refused() -> None:
    assert list(Pylint(args=("--output-format=text", "--verbose", "-f")).check_options()) == [
        ("args", "--output-format=text: the report's form is not to be chosen, it is read by the step"),
        ("args", "-f: the report's form is not to be chosen, it is read by the step"),
    ]
