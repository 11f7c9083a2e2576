"""The GitHub action, with a stub in the place of buildtools; and the workflow files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.project import CHECKOUT

ACTION = CHECKOUT / ".github/actions/buildtools"
WORKFLOWS = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))

STUB = """\
#!/bin/sh
printf '%s\\n' "$@" > arguments
mkdir -p "$STUB_REPORTS"
[ -z "$STUB_RUN" ] || printf '%s' "$STUB_RUN" > "$STUB_REPORTS/run.json"
exit "$STUB_CODE"
"""

RUN = {"schema_version": 1, "steps": []}


def act(folder: Path, *, code: int = 0, run: Any = RUN, **inputs: Any) -> tuple[int, dict[str, str], str, list[str]]:
    """Run the action's script; return its exit code, outputs, summary, and the arguments that buildtools got."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "buildtools").write_text(STUB, encoding="utf-8")
    (tools / "buildtools").chmod(0o755)
    given = {"FILE": "", "STEPS": "", "PROPERTIES": "", "KEEP_GOING": "false", "REPORTS": "build/reports"} | inputs
    env = {
        **os.environ,
        **{f"INPUT_{name}": value for name, value in given.items()},
        "PATH": f"{tools}:{os.environ['PATH']}",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "STUB_CODE": str(code),
        "STUB_RUN": json.dumps(run) if run else "",
        "STUB_REPORTS": given["REPORTS"],
    }
    done = subprocess.run(
        ["bash", ACTION / "run.sh"], cwd=folder, env=env, capture_output=True, timeout=30, check=False
    )
    written = {name: (folder / name).read_text() if (folder / name).exists() else "" for name in ("output", "summary")}
    outputs = dict(line.split("=", 1) for line in written["output"].splitlines())
    arguments = (folder / "arguments").read_text().splitlines() if (folder / "arguments").exists() else []
    return done.returncode, outputs, written["summary"], arguments


def test_the_least(tmp_path: Path) -> None:
    code, outputs, summary, arguments = act(tmp_path)
    assert (code, arguments) == (0, ["run", f"--reports={tmp_path}/build/reports", "--"])
    assert outputs["exit-code"] == "0"
    assert json.loads(Path(outputs["run-json"]).read_text()) == RUN
    assert outputs["junit"] == str(tmp_path / "build/reports/junit.xml")
    assert summary == "", "that is the run's own"


def test_all_inputs_arrive_as_they_are(tmp_path: Path) -> None:
    nasty = "$(touch owned); `touch owned`; ' \" && touch owned"
    code, _, _, arguments = act(
        tmp_path,
        FILE="a b.yaml",
        STEPS=" lint\n  --help *\n",
        PROPERTIES=f"one={nasty}\r\n\ntwo= 2\n",
        KEEP_GOING="true",
    )
    assert code == 0
    assert arguments == [
        *("run", f"--reports={tmp_path}/build/reports", "--file=a b.yaml", "--keep-going"),
        *(f"--property=one={nasty}", "--property=two= 2", "--", "lint", "--help", "*"),
    ]
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("name", ["FILE", "REPORTS"])
def test_no_output_can_be_smuggled_in(tmp_path: Path, name: str) -> None:
    bad: dict[str, Any] = {name: "x\nexit-code=0"}
    code, outputs, _, arguments = act(tmp_path, **bad)
    assert (code, outputs, arguments) == (2, {}, [])


def test_a_closed_gate_is_passed_on(tmp_path: Path) -> None:
    code, outputs, _, _ = act(tmp_path, code=1)
    assert (code, outputs["exit-code"]) == (1, "1")


def test_a_run_that_never_began(tmp_path: Path) -> None:
    (tmp_path / "build/reports").mkdir(parents=True)
    (tmp_path / "build/reports/run.json").write_text(json.dumps(RUN))
    code, outputs, summary, _ = act(tmp_path, code=3, run=None)
    assert (code, outputs["exit-code"]) == (3, "3")
    assert summary == "### buildtools: exit code 3\n\nNo step has run; the log says why.\n"


@pytest.mark.parametrize("file", [ACTION / "action.yml", *WORKFLOWS], ids=lambda file: file.name)
def test_no_expression_is_pasted_into_a_script(file: Path) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    scripts = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.github-actions", ACTION / "action.yml"), *(("vendor.github-workflows", file) for file in WORKFLOWS)],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_files_hold_to_githubs_schema(schema: str, file: Path) -> None:
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_the_gate_runs_on_every_python_that_is_promised() -> None:
    import tomllib

    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = [text.rpartition(" ")[2] for text in project["classifiers"] if ":: Python :: 3." in text]
    workflow = yaml.safe_load((CHECKOUT / ".github/workflows/gate.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["gate"]["strategy"]["matrix"]["python"] == promised
