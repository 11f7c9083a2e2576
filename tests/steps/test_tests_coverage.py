"""The coverage that the step `tests` measures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from buildtools.plugin import CoveredFile, Metric, Status, StepError, StepResult, ToolMissing
from buildtools.steps.tests import Coverage, Tests
from buildtools.steps.tests.covered import covered_files, ranges
from buildtools.steps.tests.measure import Summary, destinations, shown
from tests.support.context import LoneContext

CODE = """
def either(x):
    if x:
        return 1
    return 2

def by_fork():
    return 3

def by_spawn():
    return 4
"""

TEST = """
import multiprocessing, os, subprocess, sys
sys.path.insert(0, os.path.abspath("src"))
import code_here

def test_it(tmp_path):
    assert code_here.either(True) == 1
    program = "import code_here; code_here.either(False)"
    env = {**os.environ, "PYTHONPATH": os.path.abspath("src")}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=env, check=True)
    for how, work in (("fork", code_here.by_fork), ("spawn", code_here.by_spawn)):
        child = multiprocessing.get_context(how).Process(target=work)
        child.start()
        child.join()
        assert child.exitcode == 0
"""


SIMPLE = """
import os, sys
sys.path.insert(0, "src")
import code_here

def test_it():
    code_here.either(int(os.environ.get("X", "1")))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/code_here.py").write_text(CODE)
    (tmp_path / "src/never.py").write_text("A = 1\nB = 2\n")
    (tmp_path / "test_it.py").write_text(SIMPLE)
    return tmp_path


def run(root: Path, coverage: Coverage, **options: object) -> StepResult:
    context = LoneContext(root, env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})  # half a second less for each run
    return Tests(coverage=coverage, **options).run(context)  # type: ignore[arg-type]


def metrics(result: StepResult) -> dict[str, Metric]:
    return {metric.name: metric for metric in result.metrics}


def test_children_and_files_never_imported_are_measured(root: Path) -> None:
    (root / "test_it.py").write_text(TEST)
    wanted = Coverage(
        source=("src",), branch=True, fail_under=60, html="true", lcov="out/c.lcov", json="true", data_file="kept"
    )
    result = run(root, wanted)
    assert result.status is Status.PASSED
    report = json.loads((root / "build/reports/coverage.json").read_bytes())
    assert report["files"]["src/code_here.py"]["missing_lines"] == []
    assert report["files"]["src/never.py"]["summary"]["percent_covered"] == 0
    got = metrics(result)
    assert got["coverage"].threshold == 60
    assert got["line coverage"].value == pytest.approx(80.0)
    assert got["branch coverage"].value == 100.0
    assert result.outputs["coverage"] == f"{got['coverage'].value:g}"
    xml = ElementTree.parse(root / "build/reports/coverage.xml").getroot()
    assert xml.tag == "coverage"
    assert (root / "build/reports/coverage-html/index.html").is_file()
    assert (root / "out/c.lcov").is_file()
    assert (root / "kept").is_file()
    assert {artifact.path for artifact in result.artifacts} == {
        "build/reports/coverage.xml",
        "build/reports/coverage-html",
        "out/c.lcov",
        "build/reports/coverage.json",
        "kept",
    }
    assert not list(root.glob(".coverage*"))


def test_the_projects_own_settings_hold_where_nothing_else_is_said(root: Path) -> None:
    (root / ".coveragerc").write_text(
        "[run]\nsource = src\nbranch = true\nconcurrency = multiprocessing\n"
        "omit = src/never.py\n[report]\nfail_under = 50\nprecision = 1\n"
    )
    result = run(root, Coverage(xml="false"))
    assert result.status is Status.PASSED
    assert metrics(result)["coverage"].threshold == 50
    assert "branch coverage" in metrics(result)
    assert not result.artifacts
    assert not list(root.glob(".coverage.*"))


def test_the_bar_closes_the_gate_and_failed_tests_stay_the_first_reason(root: Path) -> None:
    (root / "src/never.py").write_text("")
    result = run(root, Coverage(source=("src",), fail_under=99))
    assert (result.status, result.reason) == (Status.FAILED, "coverage is 62.5 %, under 99 %")
    (root / "test_bad.py").write_text("def test_bad(): assert 0\n")
    result = run(root, Coverage(source=("src",), fail_under=99))
    assert result.reason == "1 of 2 tests failed; coverage is 62.5 %, under 99 %"


def test_unittest_is_measured_too(root: Path) -> None:
    (root / "test_u.py").write_text(
        "import sys, unittest\nsys.path.insert(0, 'src')\nclass A(unittest.TestCase):\n"
        "    def test_a(self):\n        import code_here\n        code_here.either(1)\n"
    )
    result = run(root, Coverage(source=("src",)), runner="unittest", paths=("test_u.py",))
    assert result.status is Status.PASSED
    assert metrics(result)["coverage"].value == 50


def test_measuring_nothing_is_an_error(root: Path) -> None:
    (root / "test_it.py").write_text("def test_a(): pass\n")
    result = run(root, Coverage(source=("nowhere",)))
    assert result.status is Status.ERROR
    assert result.reason.endswith("(source: nowhere)")
    assert "nope" in run(root, Coverage(rcfile="nope")).reason


def test_two_runs_at_once_do_not_mix(root: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    (root / "src/never.py").unlink()

    def one(x: str) -> str:
        context = LoneContext(root, env={"X": x})
        context.step, context.alone = f"unit[x={x}]", False
        return (
            Tests(args=("-p", "no:cacheprovider"), coverage=Coverage(source=("src",), branch=True, json="true"))
            .run(context)
            .outputs["coverage"]
        )

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(one, "01"))) == 1
    missing = [
        json.loads((root / f"build/reports/coverage-unit-x-{x}.json").read_bytes())["files"]["src/code_here.py"][
            "missing_lines"
        ]
        for x in "01"
    ]
    assert [4 in missing[0], 5 in missing[1]] == [True, True]
    assert [5 in missing[0], 4 in missing[1]] == [False, False]


def test_a_missing_coverage_says_how_to_get_it(root: Path) -> None:
    bare = root / "bare"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(ToolMissing, match=r"coverage in .*bare") as missing:
        run(root, Coverage(), python="./bare", runner="unittest")
    assert "pip install 'coverage>=7.10'" in missing.value.remedy


@pytest.mark.parametrize(
    ("summary", "value"),
    [
        (Summary(total=99.999, fail_under=100, missed=True), 99.99),
        (Summary(total=99.6, fail_under=100, missed=True), 99.6),
        (Summary(total=100.0, fail_under=100), 100.0),
        # coverage rounds to the project's precision before it compares
        (Summary(total=89.6, fail_under=90), 90.0),
        (Summary(total=89.4, fail_under=90, missed=True), 89.4),
    ],
)
def test_the_number_shown_agrees_with_the_verdict(summary: Summary, value: float) -> None:
    assert shown(summary) == value


def test_places_of_reports(tmp_path: Path) -> None:
    context = LoneContext(tmp_path)
    assert destinations(Coverage(), context) == {"xml": tmp_path / "build/reports/coverage.xml"}
    assert destinations(Coverage(xml="no", lcov="x/y"), context) == {"lcov": tmp_path / "x/y"}
    context.step, context.alone = "unit[django=5.2,python=3.12]", False
    assert destinations(Coverage(), context)["xml"].name == "coverage-unit-django-5.2-python-3.12.xml"


def test_what_was_executed_of_each_file_is_told(root: Path) -> None:
    (root / "src/empty.py").write_text('"""Only words."""\n')
    partly, never = run(root, Coverage(source=("src",), branch=True)).coverage
    assert never == CoveredFile(path="src/never.py", missing=((1, 2),))
    assert (never.lines, never.covered_lines) == (2, 0)
    assert partly == CoveredFile(
        path="src/code_here.py",
        executed=((2, 4), (7, 7), (10, 10)),
        missing=((5, 5), (8, 8), (11, 11)),
        branches=2,
        covered_branches=1,
        jumps=((3, 5),),
    )
    assert (partly.lines, partly.covered_lines) == (8, 5)


def test_paths_of_covered_files_start_at_the_project(root: Path) -> None:
    (root / "part").mkdir()
    (root / "src").rename(root / "part/src")
    (root / "test_it.py").rename(root / "part/test_it.py")
    context = LoneContext(root, env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    context.workdir = root / "part"
    result = Tests(coverage=Coverage(source=("src",))).run(context)
    assert [file.path for file in result.coverage] == ["part/src/code_here.py", "part/src/never.py"]


def test_lines_become_ranges() -> None:
    assert ranges([]) == ()
    assert ranges([7, 1, 2, 3, 5, 2]) == ((1, 3), (5, 5), (7, 7))


def test_a_report_of_another_kind_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "coverage.json").write_text('{"files": {"a.py": 3}}')
    with pytest.raises(StepError, match="cannot be read"):
        covered_files(tmp_path / "coverage.json", str)
