"""The step `tests` with the real pytest."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from buildtools.plugin import Cause, Status, StepResult, TestCase, ToolMissing
from buildtools.steps.tests import Tests
from tests.support.context import LoneContext

PASS, FAIL, ERROR, SKIP = Status.PASSED, Status.FAILED, Status.ERROR, Status.SKIPPED

EVERYTHING = """
import sys, unittest, pytest

@pytest.fixture
def broken():
    raise ValueError("no fixture")

@pytest.fixture
def untidy():
    yield
    raise ValueError("not put away")

def test_pass():
    print("said")
    print("complained", file=sys.stderr)

def test_fail():
    assert 1 == 2, "why"

@pytest.mark.parametrize("x", ["a::b", "[c]"])
def test_param(x): pass

@pytest.mark.skip(reason="because")
def test_skip(): pass

@pytest.mark.xfail(reason="known")
def test_xfail(): assert 0

@pytest.mark.xfail(reason="known")
def test_xpass(): pass

@pytest.mark.xfail(reason="known", strict=True)
def test_strict(): pass

def test_setup(broken): pass

def test_teardown(untidy): pass

def test_both(untidy): assert 0

class TestIt:
    def test_method(self): raise SystemExit(0)

class Old(unittest.TestCase):
    def test_sub(self):
        for i in range(3):
            with self.subTest(i=i):
                self.assertNotEqual(i, 1)
"""


def run(root: Path, **options: object) -> StepResult:
    context = LoneContext(root, env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})  # half a second less for each run
    return Tests(**options).run(context)  # type: ignore[arg-type]


def made(root: Path, text: str, name: str = "test_it.py") -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return root


def statuses(result: StepResult) -> dict[str, Status]:
    assert len({(case.classname, case.name) for case in result.cases}) == len(result.cases)
    return {case.name: case.status for case in result.cases}


def test_every_outcome_becomes_a_case(tmp_path: Path) -> None:
    made(tmp_path, EVERYTHING, "tests/test_it.py")
    context = LoneContext(tmp_path)
    result = Tests(paths=("tests",)).run(context)
    assert result.status is FAIL
    assert statuses(result) == {
        "test_pass": PASS,
        "test_fail": FAIL,
        "test_param[a::b]": PASS,
        "test_param[[c]]": PASS,
        "test_skip": SKIP,
        "test_xfail": SKIP,
        "test_xpass": PASS,
        "test_strict": FAIL,
        "test_setup": ERROR,
        "test_teardown": ERROR,
        "test_both": FAIL,
        "test_method": FAIL,
        "test_sub (i=0)": PASS,
        "test_sub (i=1)": FAIL,
        "test_sub (i=2)": PASS,
        "test_sub": FAIL,
    }
    cases = {case.name: case for case in result.cases}
    passed, failed = cases["test_pass"], cases["test_fail"]
    assert (passed.classname, passed.file, passed.line) == ("tests.test_it", "tests/test_it.py", 13)
    assert (passed.stdout, passed.stderr) == ("said\n", "complained\n")
    assert (failed.type, failed.message) == ("AssertionError", "AssertionError: why")
    assert 'assert 1 == 2, "why"' in failed.details
    assert cases["test_skip"].message == "because"
    assert (cases["test_xfail"].type, cases["test_xfail"].message) == ("xfail", "expected failure: known")
    assert cases["test_setup"].message == "setup failed: ValueError: no fixture"
    assert "not put away" in cases["test_both"].details
    assert "assert 0" in cases["test_both"].details
    assert cases["test_method"].classname == "tests.test_it.TestIt"
    assert cases["test_sub"].message == "1 of 3 subtests failed"
    assert result.outputs == {"tests": "16", "failures": "8", "coverage": ""}
    assert "short test summary" in "".join(context.shown)
    assert context.progressed[-1][:2] == (13, 13)


def test_files_that_cannot_be_collected_are_failures(tmp_path: Path) -> None:
    made(tmp_path, "import nothing_such")
    made(tmp_path, "def test_fine(): pass", "test_fine.py")
    made(tmp_path, "import pytest\npytest.skip('whole', allow_module_level=True)", "test_skipped.py")
    result = run(tmp_path)
    assert result.status is FAIL
    assert result.reason == "1 file could not be collected, 1 test not run"
    by_module = {case.classname: case for case in result.cases}
    assert by_module["test_it"].status is ERROR
    assert by_module["test_it"].message == "ModuleNotFoundError: No module named 'nothing_such'"
    assert by_module["test_it"].file == "test_it.py"
    assert (by_module["test_skipped"].status, by_module["test_skipped"].message) == (SKIP, "whole")


@pytest.mark.parametrize(
    ("text", "said", "case"),
    [
        ("import os\ndef test_a(): pass\ndef test_b(): os._exit(0)\ndef test_c(): pass", "exit status 0", "test_b"),
        ("import os\ndef test_b(): os.kill(os.getpid(), 11)", "killed by SIGSEGV", "test_b"),
        ("import os\nos._exit(0)", "in test_it.py", "collection"),
        ("import sys\nsys.exit(0)", "SystemExit: 0, in test_it.py", "collection"),
        ("import pytest\ndef test_b(): pytest.exit('enough', returncode=0)\ndef test_c(): pass", "enough", "test_b"),
    ],
)
def test_ending_early_is_never_green(tmp_path: Path, text: str, said: str, case: str) -> None:
    result = run(made(tmp_path, text))
    assert (result.status, result.cause) == (ERROR, Cause.NONE)
    assert said in result.reason
    assert statuses(result)[case] is ERROR


@pytest.mark.parametrize(
    ("conftest", "text", "status", "said"),
    [
        ("def pytest_sessionfinish(session): session.exitstatus = 0", "def test_a(): assert 0", FAIL, "1 of 1 test"),
        ("def pytest_sessionfinish(session): session.exitstatus = 1", "def test_a(): pass", FAIL, "no test failed"),
        ("def pytest_collection_modifyitems(): 1/0", "def test_a(): pass", ERROR, "ZeroDivisionError"),
        ("import nothing_such", "def test_a(): pass", ERROR, "nothing_such"),
        ("def pytest_runtestloop(session): return True", "def test_a(): pass", ERROR, "no test ran"),
        ("import atexit, os; atexit.register(os._exit, 9)", "def test_a(): pass", ERROR, "exit status 9"),
    ],
)
def test_the_exit_status_alone_is_not_trusted(
    tmp_path: Path, conftest: str, text: str, status: Status, said: str
) -> None:
    made(tmp_path, conftest, "conftest.py")
    result = run(made(tmp_path, text))
    assert result.status is status
    assert said in result.reason


@pytest.mark.parametrize("word", ["--setup-plan", "--setup-only", "--fixtures", "--markers", "--collect-only"])
@pytest.mark.parametrize("how", ["args", "environment", "settings"])
def test_a_test_that_is_only_set_up_did_not_run(tmp_path: Path, word: str, how: str) -> None:
    made(tmp_path, "import pytest\n@pytest.fixture\ndef f(): pass\ndef test_a(f): assert 0")
    made(tmp_path, f"[pytest]\naddopts = {word if how == 'settings' else ''}\n", "pytest.ini")
    env = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": word if how == "environment" else ""}
    result = Tests(args=(word,) if how == "args" else ()).run(LoneContext(tmp_path, env=env))
    assert (result.status, result.cause, result.cases) == (ERROR, Cause.EMPTY, ())
    assert result.outputs["tests"] == "0"


def test_skipped_tests_beside_such_are_not_enough(tmp_path: Path) -> None:
    made(tmp_path, "import pytest\n@pytest.mark.skip\ndef test_a(): pass\ndef test_b(): assert 0")
    result = run(tmp_path, args=("--setup-plan",))
    assert (result.status, result.cause) == (ERROR, Cause.EMPTY)


def test_all_tests_have_to_run(tmp_path: Path) -> None:
    """A plugin that leaves the call of a single test out."""
    hook = """
        from _pytest.runner import call_and_report
        def pytest_runtest_protocol(item, nextitem):
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
            for when in ("setup", "call", "teardown"):
                if (item.name, when) != ("test_b", "call"):
                    call_and_report(item, when, nextitem=nextitem)
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            return True
        """
    made(tmp_path, dedent(hook), "conftest.py")
    result = run(made(tmp_path, "def test_a(): pass\ndef test_b(): assert 0"))
    assert (result.status, result.cause) == (ERROR, Cause.NONE)
    assert result.reason == "only 1 of 2 tests ran, the others were only set up"


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("@pytest.mark.skip\ndef test_a(): pass\n", True),
        ("pytest.skip('w', allow_module_level=True)\n", True),
        ("@pytest.mark.skip\ndef test_a(): pass\n\ndef test_b(): pass\n", False),
        ("@pytest.mark.xfail\ndef test_a(): assert 0\n", False),
    ],
)
def test_that_every_test_was_skipped_is_that_none_ran(tmp_path: Path, text: str, empty: bool) -> None:
    result = run(made(tmp_path, f"import pytest\n\n{text}"))
    assert result.cases
    assert (result.cause is Cause.EMPTY) is empty
    assert (result.status is PASS) is not empty
    assert ("1 test, every one skipped" in result.reason) is empty
    assert run(tmp_path, allow_empty=True).status is PASS


def test_no_test_is_an_error_unless_it_is_allowed(tmp_path: Path) -> None:
    result = run(made(tmp_path, "x = 1"))
    assert (result.status, result.cause) == (ERROR, Cause.EMPTY)
    assert run(tmp_path, allow_empty=True).status is PASS


@pytest.mark.parametrize(
    ("options", "said"),
    [({"args": ("--nope",)}, "unrecognized arguments: --nope"), ({"paths": ("nope.py",)}, "not found: nope.py")],
)
def test_arguments_that_pytest_refuses_are_an_error(tmp_path: Path, options: dict[str, object], said: str) -> None:
    result = run(made(tmp_path, "def test_a(): pass"), **options)
    assert result.status is ERROR
    assert said in result.reason


def test_xdist_and_a_worker_that_dies(tmp_path: Path) -> None:
    made(tmp_path, "import os\ndef test_a(): pass\ndef test_die(): os.kill(os.getpid(), 11)\ndef test_b(): assert 0")
    result = run(tmp_path, args=("-p", "xdist", "-n", "2"))
    assert result.status is FAIL
    assert statuses(result) == {"test_a": PASS, "test_die": ERROR, "test_b": FAIL}
    assert "crashed while running" in next(case.message for case in result.cases if case.name == "test_die")


def test_a_forked_child_that_goes_on_with_the_tests_is_not_heard(tmp_path: Path) -> None:
    made(tmp_path, "import os\ndef test_a():\n    if not os.fork(): assert 0\n    os.wait()\ndef test_b(): pass")
    assert statuses(run(tmp_path)) == {"test_a": PASS, "test_b": PASS}


def test_strange_text_and_much_of_it_survives(tmp_path: Path) -> None:
    made(
        tmp_path,
        "import sys\ndef test_a():\n    sys.stdout.buffer.write(b'\\xff\\x00')\n    print('x' * 1_000_000)\n"
        "    raise ValueError('\\udc80 \\x1b[31m' + 'y' * 1_000_000)",
    )
    (case,) = run(tmp_path).cases
    assert case.status is FAIL
    assert len(case.stdout) < 250_000
    assert len(case.message) < 3_000
    assert "characters left out" in case.details


def test_paths_are_relative_to_the_root_and_the_environment_is_the_steps(tmp_path: Path) -> None:
    made(tmp_path, "import os\ndef test_a(): assert os.environ['WHO'] == 'me'", "sub/test_it.py")
    context = LoneContext(tmp_path, env={"WHO": "me"})
    context.workdir = tmp_path / "sub"
    (case,) = Tests().run(context).cases
    assert (case.status, case.file) == (PASS, "sub/test_it.py")


def test_a_missing_pytest_says_how_to_get_it(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(ToolMissing, match=r"pytest in .*bare") as missing:
        run(made(tmp_path, "def test_a(): pass"), python="./bare")
    assert "pip install 'pytest>=7'" in missing.value.remedy
    with pytest.raises(ToolMissing) as nothing:
        run(tmp_path, python="./nothing")
    assert "python:" in nothing.value.remedy


def test_options_of_the_other_runner_are_refused() -> None:
    assert [name for name, _ in Tests(pattern="a", top="b").check_options()] == ["pattern", "top"]
    assert list(Tests(runner="unittest", pattern="a", top="b").check_options()) == []


def test_a_case_knows_its_earlier_attempts(tmp_path: Path) -> None:
    """What pytest-rerunfailures does, in a few lines."""
    made(
        tmp_path,
        """
from _pytest.runner import runtestprotocol
def pytest_runtest_protocol(item, nextitem):
    for again in (True, False):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            if again and report.failed: report.outcome = "rerun"
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
def pytest_report_teststatus(report):
    if report.outcome == "rerun": return "rerun", "R", "RERUN"
""",
        "conftest.py",
    )
    result = run(made(tmp_path, "tries = []\ndef test_a():\n    tries.append(1)\n    assert len(tries) > 1"))
    assert result.status is PASS
    (case,) = result.cases
    assert [earlier.status for earlier in case.attempts] == [FAIL]
    assert isinstance(case.attempts[0], TestCase)
