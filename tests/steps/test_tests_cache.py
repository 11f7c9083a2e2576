"""The step `tests` with `inputs`: a passed result is taken again as long as nothing that counts has changed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from buildtools.steps.installed import installed
from buildtools.steps.tests.step import Tests
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
        (lambda p: p.write({"checks/data/value.txt": "1"}), "checks/data/value.txt new"),
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


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
def test_without_paths_every_file_of_the_work_folder_counts(project: Any, runner: str) -> None:
    made = project(
        {
            "pipeline.yaml": f"""
            steps:
              unit:
                uses: tests
                with:
                  runner: {runner}
                  inputs: ["src/**"]
                  coverage: {{source: [src], xml: coverage.xml, html: shown, data-file: cover/data}}
            """,
            "src/__init__.py": "",
            "test_a.py": "import unittest, src\nclass A(unittest.TestCase):\n    def test_a(self): pass\n",
            "env/pyvenv.cfg": "",
        }
    )
    assert made.run().code == 0
    assert cached(made.run()), "what it makes by itself is none of its inputs"
    made.write({"env/lib/a.py": ""})
    assert cached(made.run())
    made.write({"test_b.py": "import unittest\nclass B(unittest.TestCase):\n    def test_b(self): assert False\n"})
    assert made.run().code == 1
    assert why(made) == ["test_b.py new"]


def test_names_and_paths_below_count_with_what_stands_around_them(tmp_path: Path) -> None:
    files = ("top/mod/test_a.py", "top/mod/data/v.txt", "top/conftest.py", "top/__init__.py", "src/a.py", "more/b.txt")
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    ctx = LoneContext(tmp_path, cache=tmp_path / ".buildtools/cache")

    def counted(*sources: str, **options: Any) -> set[str]:
        inputs = Tests(sources=sources or ("src/**",), **options).inputs(ctx)
        assert inputs is not None
        found = {os.path.relpath(path, tmp_path) for path in inputs.files if path.exists()}
        return {name for name in found if not name.startswith("..")}

    assert counted(paths=("top/mod",)) == set(files) - {"more/b.txt"}
    assert counted(paths=("top/mod",), args=("more",)) == set(files)
    assert counted(paths=("top/mod/test_a.py::test_one",)) == set(files) - {"more/b.txt", "top/mod/data/v.txt"}
    assert counted(paths=("top/mod/test_a.py", "top.mod.test_a"), runner="unittest") == set(files)
    ctx.workdir = tmp_path / "src"
    assert counted("**", paths=("mod.test_a",), runner="unittest", top="../top") >= {"top/mod/data/v.txt", "src/a.py"}


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
