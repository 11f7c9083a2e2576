"""The step `tests` with unittest."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from buildtools.plugin import Cause, Status, StepResult
from buildtools.steps.tests import Tests
from tests.support.context import LoneContext

PASS, FAIL, ERROR, SKIP = Status.PASSED, Status.FAILED, Status.ERROR, Status.SKIPPED

EVERYTHING = """
import sys, unittest
from . import ANSWER

class A(unittest.TestCase):
    def tearDown(self):
        if self._testMethodName == "test_both": raise ValueError("not put away")
    def test_pass(self):
        print("said")
        print("complained", file=sys.stderr)
    def test_fail(self): self.assertEqual(1, 2, "why")
    def test_error(self): raise KeyError("x")
    def test_both(self): self.fail("first")
    def test_exit(self): sys.exit(0)
    @unittest.skip("because")
    def test_skip(self): pass
    @unittest.expectedFailure
    def test_xfail(self): self.fail("known")
    @unittest.expectedFailure
    def test_xpass(self): pass
    def test_sub(self):
        for i in range(3):
            with self.subTest("m", i=i): self.assertNotEqual(i, 1)
    def test_same(self):
        for _ in range(2):
            with self.subTest(): self.fail()

class B(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError("class")
    def test_never(self): pass

class C(unittest.IsolatedAsyncioTestCase):
    async def test_async(self): pass
"""


def run(root: Path, **options: object) -> StepResult:
    return Tests(runner="unittest", **options).run(LoneContext(root))  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "pkg/tests"
    folder.mkdir(parents=True)
    (tmp_path / "pkg/__init__.py").touch()
    (folder / "__init__.py").write_text("ANSWER = 42\n")
    (folder / "test_it.py").write_text(EVERYTHING)
    return tmp_path


def statuses(result: StepResult) -> dict[str, Status]:
    assert len({(case.classname, case.name) for case in result.cases}) == len(result.cases)
    return {case.name: case.status for case in result.cases}


def test_every_outcome_becomes_a_case(root: Path) -> None:
    context = LoneContext(root)
    result = Tests(runner="unittest", paths=("pkg",)).run(context)
    assert result.status is FAIL
    assert statuses(result) == {
        "test_pass": PASS,
        "test_fail": FAIL,
        "test_error": ERROR,
        "test_both": FAIL,
        "test_exit": ERROR,
        "test_skip": SKIP,
        "test_xfail": SKIP,
        "test_xpass": FAIL,
        "test_sub [m] (i=0)": PASS,
        "test_sub [m] (i=1)": FAIL,
        "test_sub [m] (i=2)": PASS,
        "test_sub": FAIL,
        "test_same (<subtest>)": FAIL,
        "test_same (<subtest>) #2": FAIL,
        "test_same": FAIL,
        "setUpClass": ERROR,
        "test_async": PASS,
    }
    cases = {case.name: case for case in result.cases}
    passed, failed = cases["test_pass"], cases["test_fail"]
    assert (passed.classname, passed.file, passed.line) == ("pkg.tests.test_it.A", "pkg/tests/test_it.py", 8)
    assert (passed.stdout, passed.stderr) == ("said\n", "complained\n")
    assert (failed.type, failed.message) == ("AssertionError", "AssertionError: 1 != 2 : why")
    assert "test_it.py" in failed.details
    assert "not put away" in cases["test_both"].details
    assert cases["test_same"].message == "2 of 2 subtests failed"
    assert cases["setUpClass"].classname == "pkg.tests.test_it.B"
    assert "FAILED (failures=" in "".join(context.shown)
    assert context.progressed[-1][1] == 12


def test_modules_that_cannot_be_loaded_are_failures(root: Path) -> None:
    tests = root / "pkg/tests"
    (tests / "test_import.py").write_text("import nothing_such\n")
    (tests / "test_exit.py").write_text("import sys\nsys.exit(0)\n")
    (tests / "test_it.py").write_text("import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n")
    result = run(root, paths=("pkg/tests", "pkg.tests.test_exit", "nothing.such"))
    assert result.status is FAIL
    bad = {case.classname: case.message for case in result.cases if case.status is ERROR}
    assert bad["pkg.tests.test_import"] == "ModuleNotFoundError: No module named 'nothing_such'"
    assert bad["pkg.tests.test_exit"] == "SystemExit: 0"
    assert any("nothing" in name for name in bad)
    assert statuses(result)["test_a"] is PASS


@pytest.mark.parametrize(
    "options",
    [
        {"paths": ("pkg/tests/test_it.py",), "args": ("-k", "test_pass")},
        {"paths": ("pkg.tests.test_it.A.test_pass",)},
        {"paths": ("pkg",), "pattern": "*_it.py", "args": ("-k", "*A.test_pass"), "top": "."},
    ],
)
def test_files_names_and_patterns_choose(root: Path, options: dict[str, object]) -> None:
    result = run(root, **options)
    assert (result.status, statuses(result)) == (PASS, {"test_pass": PASS})


def test_ending_early_is_never_green(root: Path) -> None:
    text = "import os, unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n    def test_b(self): {}\n"
    file = root / "pkg/tests/test_it.py"
    file.write_text(text.format("os._exit(0)"))
    result = run(root, paths=("pkg",))
    assert result.status is ERROR
    assert "pkg.tests.test_it.A.test_b" in result.reason
    assert statuses(result) == {"test_a": PASS, "test_b": ERROR}
    file.write_text(text.format("self._outcome.result.stop()") + "    def test_c(self): pass\n")
    assert run(root, paths=("pkg",)).status is ERROR


def test_what_it_cannot_begin_with_is_an_error(root: Path) -> None:
    assert "unrecognized arguments: --nope" in run(root, args=("--nope",)).reason
    missing = run(root, paths=("nope.py",))
    assert (missing.status, missing.reason) == (ERROR, "unittest: nope.py: no such file or folder")
    empty = run(root, paths=("pkg",), pattern="nothing*")
    assert (empty.status, empty.cause) == (ERROR, Cause.EMPTY)
    assert run(root, paths=("pkg",), pattern="nothing*", allow_empty=True).status is PASS


def test_it_needs_nothing_but_the_standard_library(root: Path) -> None:
    bare = root / "bare"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "$@"\n')
    bare.chmod(0o755)
    assert run(root, paths=("pkg",), python="./bare", args=("-k", "test_pass")).status is PASS
