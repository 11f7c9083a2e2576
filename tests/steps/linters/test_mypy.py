"""The step `mypy`, with the real mypy."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.plugin import Cause, Completed, Severity, Status, StepError, StepResult
from buildtools.steps.linters.mypy import Mypy
from tests.support.context import LoneContext


@pytest.fixture
def root(tmp_path: Path, session_folder: Path) -> Path:
    for name, text in {
        "mypy.ini": f"[mypy]\nfiles = src\ncache_dir = {session_folder}/mypy\n",
        "src/clean.py": "X: int = 1\n",
        "src/bad.py": "import nosuchmodule\nX: int = 'a'\nreveal_type(X)\n",
        "broken/broken.py": "def (:\n",
        "empty/note.txt": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def check(root: Path, *paths: str, **options: object) -> StepResult:
    return Mypy(paths=paths, **options).run(LoneContext(root))  # type: ignore[arg-type]


def test_what_its_configuration_names_is_checked(root: Path) -> None:
    result = check(root)
    assert (result.status, result.reason) == (Status.FAILED, "2 errors, 1 note in 1 file")
    assert [(f.place, f.rule, f.severity) for f in result.findings] == [
        ("src/bad.py:1:1", "import-not-found", Severity.ERROR),
        ("src/bad.py:2:10", "assignment", Severity.ERROR),
        ("src/bad.py:3:13", "misc", Severity.INFO),
    ]
    assert result.findings[1].message.startswith("Incompatible types in assignment")


def test_a_change_in_one_file_is_found_in_another(root: Path) -> None:
    (root / "src/bad.py").write_text("from clean import X\nY: str = X\n")
    context = LoneContext(root)
    context.changed_files = (root / "src/clean.py",)
    assert [finding.path for finding in Mypy().run(context).findings] == ["src/bad.py"]
    context.changed_files = (root / "README",)
    assert Mypy().run(context).reason == "nothing for mypy among the changed files"


def test_notes_alone_pass_unless_they_shall_not(root: Path) -> None:
    (root / "src/bad.py").write_text("reveal_type(1)\n")
    assert check(root).status is Status.PASSED
    assert check(root, fail_on=Severity.INFO).status is Status.FAILED


def test_what_cannot_be_parsed_or_read_is_a_finding(root: Path) -> None:
    result = check(root, "broken")
    assert result.status is Status.FAILED
    assert (result.findings[0].place, result.findings[0].rule) == ("broken/broken.py:1:5", "syntax")
    (root / "broken/broken.py").write_bytes(b"# \xff\n")
    (finding,) = check(root, "broken").findings
    assert (finding.path, finding.rule, finding.severity) == ("broken/broken.py", "unreadable", Severity.ERROR)


def test_an_older_mypy_tells_of_syntax_in_words() -> None:
    stdout = b"a b.py:3: error: invalid syntax  [syntax]\nmypy: error: not this\n"
    done = Completed(argv=("mypy",), returncode=2, seconds=0.0, stdout=stdout)
    (finding,) = Mypy().judge(done).findings
    assert (finding.place, finding.rule, finding.message) == ("a b.py:3", "syntax", "invalid syntax")


def test_no_file_is_empty_and_nothing_to_check_an_error(root: Path) -> None:
    assert check(root, "empty").cause is Cause.EMPTY
    assert check(root, "empty", allow_empty=True).status is Status.PASSED
    (root / "mypy.ini").unlink()
    with pytest.raises(StepError, match="Missing target module, package, files, or command"):
        check(root)


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ("[mypy]\nnonsense = 1\n", "Unrecognized option: nonsense = 1"),
        ("[mypy\n", "File contains no section headers"),
        ("[mypy]\nplugins = no_such_plugin\n", 'Error importing plugin "no_such_plugin"'),
        ("[mypy]\npython_version = 9.9\n", "python_version"),
    ],
)
def test_a_configuration_that_it_would_pass_over_is_an_error(root: Path, ini: str, said: str) -> None:
    for name in ("mypy.ini", "own.cfg"):
        (root / "mypy.ini").unlink(missing_ok=True)
        (root / name).write_text(ini)
        with pytest.raises(StepError, match=said):
            check(root, "src/clean.py", config="own.cfg" if name == "own.cfg" else "")


@pytest.mark.parametrize("name", ["mypy.ini", "own.ini", "pyproject.toml"])
def test_what_it_remarks_and_succeeds_is_a_warning(root: Path, name: str) -> None:
    (root / "mypy.ini").unlink()
    ini = "[mypy]\nwarn_unused_configs = True\n[mypy-foo.*]\nignore_missing_imports = True\n"
    toml = "[tool.mypy]\nwarn_unused_configs = true\n[[tool.mypy.overrides]]\nmodule = 'foo.*'\nignore_errors = true\n"
    (root / name).write_text(toml if name.endswith("toml") else ini)
    section = "module = ['foo.*']" if name.endswith("toml") else "[mypy-foo.*]"
    config, unused = name if name == "own.ini" else "", f"{name}: note: unused section(s): {section}"
    result = check(root, "src/clean.py", config=config, args=("--strict-concatenate",))
    deprecated = "Warning: --strict-concatenate is deprecated; use --extra-checks instead"
    assert (result.status, result.findings, result.warnings) == (Status.PASSED, (), (deprecated, unused))
    result = check(root, "src/bad.py", config=config)
    assert (result.status, result.warnings) == (Status.FAILED, (unused,))


def test_a_feature_that_is_there_already_is_a_warning(root: Path) -> None:
    result = check(root, "src/clean.py", args=("--enable-incomplete-feature=Unpack",))
    assert (result.status, result.warnings) == (Status.PASSED, ("Warning: Unpack is already enabled by default",))


def test_an_older_mypy_remarks_on_stderr() -> None:
    said = b"Warning: unused section(s) in mypy.ini: [mypy-foo.*]\n"
    report = Mypy().judge(Completed(argv=("mypy",), returncode=0, seconds=0.0, stderr=said))
    assert report.warnings == (said.decode().strip(),)


def test_a_path_that_its_configuration_names_and_is_not_there_is_an_error(root: Path) -> None:
    (root / "mypy.ini").write_text("[mypy]\nfiles = src, nothere\n")
    with pytest.raises(StepError, match="mypy: nothere is not there: correct the paths in its configuration"):
        check(root)


def test_wrong_arguments_are_an_error(root: Path) -> None:
    with pytest.raises(StepError, match="unrecognized arguments: --bogus"):
        check(root, args=("--bogus",))


@pytest.mark.parametrize("word", ["-h", "--hel", "--vers", "-vV", "--err", "--install", "@words"])
def test_what_would_take_the_report_away_is_refused(word: str) -> None:
    assert [option for option, _ in Mypy(args=(word,)).check_options()] == ["args"]


def test_words_in_the_place_of_findings_are_an_error() -> None:
    step = Mypy()
    for status, stdout in ((0, b"mypy 2.4.1 (compiled: yes)\n"), (1, b"usage: mypy [-h]\n")):
        done = Completed(argv=("mypy",), returncode=status, seconds=0.0, stdout=stdout)
        with pytest.raises(StepError, match="its output is no list of findings") as caught:
            step.judge(done)
        assert stdout.decode().strip() in caught.value.message
    said = b"\nGenerated HTML report (via XSLT): /somewhere/index.html\n"
    assert step.judge(Completed(argv=("mypy",), returncode=0, seconds=0.0, stdout=said)).findings == ()


def test_a_version_instead_of_a_check_is_no_pass(root: Path) -> None:
    (root / "mypy.ini").write_text("[mypy]\n")
    (root / "words").write_text("--version\n")
    with pytest.raises(StepError, match="its output is no list of findings: mypy"):
        check(root, "src/bad.py", args=("@words",))
