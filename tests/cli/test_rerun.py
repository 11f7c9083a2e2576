"""The line that runs a step alone, wherever the command was started."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from tests.conftest import MakeProject

FAILS = "steps: {a: {uses: shell, with: {run: 'exit 3'}}}"


@pytest.mark.parametrize(
    ("words", "again"),
    [
        (("-C", "in here", "run"), "buildtools -C 'in here' run a"),
        (("run", "-C", "in here"), "buildtools -C 'in here' run a"),
        (("-C", "in here", "run", "-C", "sub"), "buildtools -C 'in here/sub' run a"),
        (("-C", "in here", "run", "-f", "pipeline.yaml"), "buildtools -C 'in here' run pipeline.yaml a"),
        (("-C", "in here", "step", "shell", "exit 3"), "buildtools -C 'in here' step shell 'exit 3'"),
        (("step", "-C", "in here", "shell", "exit 3"), "buildtools step -C 'in here' shell 'exit 3'"),
    ],
)
def test_it_leads_to_the_folder_too(project: MakeProject, words: tuple[str, ...], again: str) -> None:
    made = project({"in here/pipeline.yaml": FAILS, "in here/sub/x": ""})
    said = made.call(*words)
    assert said.code == 1
    assert f"run it alone: {again}\n" in said.stdout
    typed = [sys.executable, "-m", *shlex.split(again)]
    assert subprocess.run(typed, cwd=made.root, env=made.env, capture_output=True, check=False).returncode == 1
