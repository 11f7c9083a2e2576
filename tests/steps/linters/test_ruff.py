"""The step `ruff`, with the real ruff."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from buildtools.plugin import Cause, Severity, Status, StepError, StepResult
from buildtools.steps.linters.ruff import Ruff
from tests.conftest import MakeProject
from tests.support.context import LoneContext


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "pyproject.toml": "[tool.ruff]\nexclude = ['generated']\ncache-dir = '.buildtools/ruff'\n",
        "src/clean.py": "X = 1\n",
        "src/bad.py": "import os\nX = 'é😀'; Y = undefined\n",
        "src/broken.py": "def (:\n",
        "generated/bad.py": "import os\n",
        "empty/note.txt": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def lint(root: Path, *paths: str, **options: object) -> StepResult:
    return Ruff(paths=paths, **options).run(LoneContext(root))  # type: ignore[arg-type]


def test_findings(root: Path) -> None:
    result = lint(root, args=("--select=F",))
    assert result.status is Status.FAILED
    assert [(f.place, f.end_line, f.end_column, f.rule, f.symbol, f.severity) for f in result.findings[:3]] == [
        ("src/bad.py:1:8", 1, 10, "F401", "unused-import", Severity.WARNING),
        ("src/bad.py:2:15", 2, 24, "F821", "undefined-name", Severity.WARNING),
        ("src/broken.py:1:5", 1, 6, "invalid-syntax", "invalid-syntax", Severity.ERROR),
    ]
    assert result.findings[0].message == "`os` imported but unused"


def test_exit_zero_is_not_believed_and_warnings_pass_as_far_as_is_wanted(root: Path) -> None:
    assert lint(root, "src/bad.py", args=("--exit-zero", "--select=F")).status is Status.FAILED
    assert lint(root, "src/bad.py", args=("--select=F",), max_warnings=2).status is Status.PASSED
    assert lint(root, "src/bad.py", args=("--select=F",), fail_on=Severity.ERROR).status is Status.PASSED
    assert lint(root, "src/broken.py", fail_on=Severity.ERROR).status is Status.FAILED
    assert lint(root, "src/clean.py").status is Status.PASSED


def test_what_cannot_be_read_is_an_error(root: Path) -> None:
    (root / "src/bytes.py").write_bytes(b"# \xff\n")
    (finding,) = lint(root, "src/bytes.py").findings
    assert (finding.path, finding.rule, finding.severity) == ("src/bytes.py", "E902", Severity.ERROR)


def test_no_file_is_empty(root: Path) -> None:
    for path in ("empty", "generated", "generated/bad.py"):
        result = lint(root, path)
        assert (result.status, result.cause) == (Status.ERROR, Cause.EMPTY), path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"args": ("--bogus",)}, "unexpected argument '--bogus' found"),
        ({"args": ("--select=NOPE",)}, "Unknown rule selector `NOPE`"),
        ({"config": "line-length = 'a'"}, "invalid value"),
        ({"config": "own.toml"}, "Required version `==0.0.1` does not match the running version"),
    ],
)
def test_options_and_configurations_that_cannot_be_are_errors(
    root: Path, options: dict[str, object], said: str
) -> None:
    (root / "own.toml").write_text("required-version = '==0.0.1'\n")
    with pytest.raises(StepError, match=r"ruff broke down \(exit status 2\)") as caught:
        lint(root, **options)
    assert said in caught.value.message


def test_a_setting_can_be_given_by_itself(root: Path) -> None:
    assert lint(root, "src/clean.py", config="lint.select = ['D100']").findings[0].rule == "D100"


def test_files_are_left_as_they_are(root: Path) -> None:
    for setting in ("fix", "fix-only"):
        (root / "pyproject.toml").write_text(f"[tool.ruff]\n{setting} = true\n")
        assert lint(root, "src/bad.py").status is Status.FAILED
        assert (root / "src/bad.py").read_text().startswith("import os")


@pytest.mark.parametrize("word", ["-q", "-s", "-nq", "--quiet", "--silent", "-h", "--help"])
def test_what_would_take_its_words_away_is_refused(word: str) -> None:
    assert [option for option, _ in Ruff(args=(word,)).check_options()] == ["args"]


def test_its_version_is_known(root: Path) -> None:
    (tool,) = Ruff().tools(root, os.environ)
    assert tool.name == "ruff"
    assert tool.version[0].isdigit()


def test_a_pipeline_with_it(project: MakeProject) -> None:
    made = project(
        {
            "pipeline.yaml": """
                steps:
                  strict: {uses: ruff, with: {paths: src, args: [--select=F, --no-cache]}, allow-failure: true}
                  lenient: {uses: ruff, with: {paths: [src], args: [--no-cache], fail-on: error, max-warnings: 3}}
                """,
            "src/bad.py": "import os\n",
        }
    )
    outcome = made.run()
    assert outcome.code == 0, outcome
    assert (outcome.status("strict"), outcome.reason("strict")) == ("failed", "1 warning in 1 file")
    assert (outcome.status("lenient"), outcome.reason("lenient")) == ("passed", "1 warning in 1 file")
    assert made.call("step", "ruff", "src", "--fail-on", "severe").code == 2
