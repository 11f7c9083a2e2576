"""The step `bandit`, with the real bandit."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.plugin import Cause, Severity, Status, StepError, StepResult
from buildtools.steps.linters.bandit import Bandit
from tests.conftest import MakeProject
from tests.support.context import LoneContext

pytest.importorskip("bandit", reason="bandit is needed")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "src/clean.py": "X = 1\n",
        "src/bad.py": "import subprocess\n\n\ndef f(x):\n    subprocess.call('ls ' + x,\n shell=True)\n",
        "broken/broken.py": "def (:\n",
        "env/pyvenv.cfg": "",
        "env/lib/bad.py": "assert True\n",
        "empty/note.txt": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def check(root: Path, *paths: str, **options: object) -> StepResult:
    return Bandit(paths=paths, **options).run(LoneContext(root))  # type: ignore[arg-type]


def test_findings_and_clean_files(root: Path) -> None:
    result = check(root)
    assert result.reason == "2 errors, 1 note in 2 of 3 files"
    assert [(f.place, f.end_line, f.rule, f.symbol, f.severity) for f in result.findings] == [
        ("broken/broken.py", 0, "unchecked", "", Severity.ERROR),
        ("src/bad.py:1:1", 1, "B404", "blacklist", Severity.INFO),
        ("src/bad.py:6:5", 6, "B602", "subprocess_popen_with_shell_equals_true", Severity.ERROR),
    ]
    assert [case.file for case in result.cases] == ["src/clean.py"]


def test_low_severity_closes_the_gate_as_with_bandit_itself(root: Path) -> None:
    (root / "src/bad.py").write_text("assert True\n")
    assert check(root, "src").status is Status.FAILED
    assert check(root, "src", args=("--exit-zero",)).status is Status.FAILED
    assert check(root, "src", fail_on=Severity.WARNING).status is Status.PASSED
    assert check(root, "src", max_warnings=1).status is Status.PASSED


def test_what_cannot_be_parsed_is_an_error_though_it_exits_with_0(root: Path) -> None:
    result = check(root, "broken/broken.py", fail_on=Severity.ERROR)
    assert (result.status, result.reason) == (Status.FAILED, "1 error in 1 of 1 file")


def test_no_file_is_empty(root: Path) -> None:
    assert check(root, "empty").cause is Cause.EMPTY
    (root / "bandit.yaml").write_text("exclude_dirs: [src]\n")
    assert check(root, "src", config="bandit.yaml").cause is Cause.EMPTY


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"args": ("--bogus",)}, "unrecognized arguments: --bogus"),
        ({"args": ("--tests=B999",)}, "No tests would be run"),
        ({"config": "bandit.yaml"}, "while parsing a block mapping"),
    ],
)
def test_options_and_configurations_that_cannot_be_are_errors(
    root: Path, options: dict[str, object], said: str
) -> None:
    (root / "bandit.yaml").write_text(": bad\n")
    with pytest.raises(StepError, match=r"bandit broke down \(exit status 2\)") as caught:
        check(root, "src", **options)
    assert said in caught.value.message


def test_its_result_depends_on_files_configuration_and_what_is_installed(root: Path) -> None:
    (root / "bandit.yaml").write_text("skips: [B101]\n")
    (root / "src/.bandit").write_text("[bandit]\n")
    (root / "base.json").write_text("{}")
    step = Bandit(config="bandit.yaml", args=("--baseline=base.json",))
    context = LoneContext(root)
    inputs = step.inputs(context)
    assert inputs is not None
    names = {path.relative_to(root).as_posix() for path in inputs.files}
    assert names == {"bandit.yaml", "base.json", "src/.bandit", "src/bad.py", "src/clean.py", "broken/broken.py"}
    assert [name for name, _ in inputs.tools] == ["python", "bandit", "plugins"]
    assert dict(inputs.tools)["plugins"] == f"bandit {dict(inputs.tools)['bandit']}"
    context.changed_files = (root / "src/bad.py",)
    assert step.inputs(context) is None
    context.changed_files = None
    (root / "bandit.yaml").write_text("include: ['*.txt']\n")
    assert step.inputs(context) is None
    assert Bandit(python="no-such-python").inputs(context) is None


@pytest.mark.parametrize(
    "words",
    [
        ("-cconf.yaml",),
        ("-c=conf.yaml",),
        ("-qvcconf.yaml",),
        ("--configf=conf.yaml",),
        ("--configfile", "conf.yaml"),
        ("-bconf.yaml",),
        ("--ini", "conf.yaml"),
    ],
)
def test_a_file_counts_however_an_argument_names_it(root: Path, words: tuple[str, ...]) -> None:
    (root / "conf.yaml").write_text("skips: [B101]\n")
    inputs = Bandit(paths=("src",), args=words).inputs(LoneContext(root))
    assert inputs is not None
    assert {path.name for path in inputs.files} == {"conf.yaml", "bad.py", "clean.py"}


def test_a_file_to_come_and_a_folder_count_too(root: Path) -> None:
    inputs = Bandit(paths=("src",), args=("--ini=later", "broken")).inputs(LoneContext(root))
    assert inputs is not None
    assert {path.name for path in inputs.files} == {"later", "broken.py", "bad.py", "clean.py"}


@pytest.mark.parametrize("line", ["configfile: conf.yaml", "baseline = base.json", "targets: src,lib"])
def test_what_leads_to_further_files_is_not_kept(root: Path, line: str) -> None:
    (root / "src/.bandit").write_text(f"[bandit]\n{line}\n")
    assert Bandit(paths=("src",)).inputs(LoneContext(root)) is None


def test_a_pass_does_not_outlive_the_configuration_that_it_came_from(project: MakeProject) -> None:
    made = project(
        {
            "pipeline.yaml": "steps: {a: {uses: bandit, with: {paths: src, args: [-cconf.yaml]}}}",
            "conf.yaml": "skips: [B101]\n",
            "src/a.py": "assert True\n",
        }
    )
    assert made.run().code == 0
    assert made.run().steps["a"]["cached"]
    made.write({"conf.yaml": "skips: [B102]\n"})
    assert made.run().code == 1


@pytest.mark.parametrize("word", ["-h", "-rh", "--help", "--he", "--version", "--vers"])
def test_what_would_take_the_report_away_is_refused(word: str) -> None:
    assert [option for option, _ in Bandit(args=(word,)).check_options()] == ["args"]
    assert not list(Bandit(args=("-i", "--ini=x", "--exit-zero")).check_options())
