"""The step `tests` with `inputs`: a passed result is taken again as long as nothing that counts has changed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from buildtools.steps.installed import installed
from tests.support.context import LoneContext
from tests.support.project import Outcome, Project

PIPELINE = """
steps:
  unit:
    uses: tests
    with:
      paths: [checks]
      inputs: ["code/**"]
      inputs-env: [MODE]
      coverage: {source: [code], html: "true", fail-under: 10}
"""
TEST = """
import pathlib
from code_ import one

def test_one():
    with open("../ran", "a") as file:
        file.write("x\\n")
    assert one() == 1
"""


@pytest.fixture
def made(project: Any) -> Project:
    value: Project = project(
        {
            "pipeline.yaml": PIPELINE.replace("[code]", "[code_]").replace("code/**", "code_/**"),
            "code_/__init__.py": "def one(): return 1\n",
            "checks/test_one.py": TEST,
            "conftest.py": "",
        }
    )
    return value


def ran(project: Project) -> int:
    file = project.root.parent / "ran"
    return len(file.read_text().splitlines()) if file.exists() else 0


def cached(outcome: Outcome) -> bool:
    return bool(outcome.steps["unit"].get("cached", False))


def why(project: Project) -> list[str]:
    (answer,) = json.loads(project.call("why", "unit", "--json").stdout)
    return [f"{reason['subject']} {reason['why']}".strip() for reason in answer["reasons"]]


def test_the_result_its_testcases_and_its_reports_come_back(made: Project) -> None:
    first = made.run()
    assert (first.code, cached(first), ran(made)) == (0, False, 1)
    xml = first.report("coverage.xml")
    (made.root / "build/reports/coverage.xml").unlink()
    (made.root / "build/reports/coverage-html/index.html").unlink()
    second = made.run()
    assert (second.code, cached(second), ran(made)) == (0, True, 1)
    assert second.report("coverage.xml") == xml
    assert second.report("coverage-html/index.html")
    for part in ("cases", "metrics", "outputs", "artifacts"):
        assert second.steps["unit"]["result"][part] == first.steps["unit"]["result"][part]
    assert next(case.get("name") for case in second.junit.iter("testcase")) == "test_one"
    assert "1 passed" in second.stdout, "what pytest printed"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: p.write({"code_/__init__.py": "def one(): return 1  # here\n"}), "code_/__init__.py changed"),
        (lambda p: p.write({"checks/test_one.py": TEST + "\n\ndef test_two(): pass\n"}), "checks/test_one.py changed"),
        (lambda p: p.write({"checks/test_new.py": "def test_new(): pass\n"}), "checks/test_new.py new"),
        (lambda p: p.write({"conftest.py": "import os\n"}), "conftest.py changed"),
        (lambda p: p.write({"pytest.ini": "[pytest]\naddopts = -p no:cacheprovider\n"}), "pytest.ini new"),
        (lambda p: p.env.update(MODE="fast"), "variable MODE changed"),
        (lambda p: p.env.update(PYTEST_ADDOPTS="-q"), "variable PYTEST_ADDOPTS changed"),
        (lambda p: p.replace("pipeline.yaml", "fail-under: 10", "fail-under: 20"), "option coverage changed"),
    ],
)
def test_what_counts_makes_them_run_again(made: Project, change: Any, reason: str) -> None:
    made.run()
    change(made)
    again = made.run()
    assert (again.code, cached(again)) == (0, False)
    assert reason in why(made)


def test_a_failure_is_looked_at_anew_and_a_revert_is_not(made: Project) -> None:
    made.run()
    made.write({"code_/__init__.py": "def one(): return 2\n"})
    assert [made.run().code, made.run().code] == [1, 1]
    made.write({"code_/__init__.py": "def one(): return 1\n"})
    assert cached(made.run())
    assert ran(made) == 3


def test_without_inputs_nothing_is_kept(made: Project) -> None:
    made.replace("pipeline.yaml", '      inputs: ["code_/**"]\n      inputs-env: [MODE]\n', "")
    made.run()
    assert not cached(made.run())
    assert why(made) == ["never cached: it does not say what its result depends on"]


def test_variables_without_inputs_are_refused(made: Project) -> None:
    made.replace("pipeline.yaml", '      inputs: ["code_/**"]\n', "")
    outcome = made.call("validate")
    assert outcome.code == 3
    assert "inputs-env needs `inputs` beside it" in outcome.text.replace(": needs", " needs")


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment without pip."""
    import venv

    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    return tmp_path / "venv"


def test_what_is_installed_is_seen_without_starting_the_interpreter_again(tmp_path: Path, environment: Path) -> None:
    (site,) = (environment / "lib").glob("python*/site-packages")
    (site / "Some_Thing-1.0.dist-info").mkdir()
    (site / "linked.pth").write_text("../elsewhere\n")
    ctx = LoneContext(tmp_path, cache=tmp_path / "cache")
    assert ctx.cache is not None
    python = str(environment / "bin/python")
    first = installed(ctx, ctx.cache, python)
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in first.version
    assert ("some-thing", "1.0") in first.packages
    assert [link.name for link in first.links] == ["linked.pth"]

    (site / "Some_Thing-1.0.dist-info").rename(site / "Some_Thing-1.1.dist-info")
    started: list[object] = []
    run = ctx.run
    ctx.run = lambda *words, **more: started.append(words) or run(*words, **more)  # type: ignore[method-assign,func-returns-value]
    assert ("some-thing", "1.1") in installed(ctx, ctx.cache, python).packages
    assert not started
    ctx.env = {**ctx.env, "PYTHONPATH": str(tmp_path)}
    installed(ctx, ctx.cache, python)
    assert started, "with another path it may see other folders"
