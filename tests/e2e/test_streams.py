"""Standard streams that are closed, full, or not read to their end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MakeProject
from tests.e2e.running import (
    FINE,
    GOOD_AND_BAD,
    by_shell,
    clear,
    reported,
)


@pytest.mark.parametrize("mode", ["plain", "jsonl", "live"])
def test_a_reader_that_goes_away(project: MakeProject, mode: str) -> None:
    made = project({"pipeline.yaml": GOOD_AND_BAD})
    said = by_shell(made, '{ "$@"; echo $? > code; } | head -c 10', "run", "--output", mode)
    clear(said, 0)
    said.code = int((made.root / "code").read_text())
    clear(said, 1)
    assert said.stderr == ""
    reported(said, good="passed", bad="failed")


@pytest.mark.parametrize("mode", ["plain", "jsonl", "live"])
@pytest.mark.parametrize("closed", [">&-", "<&-", ">&- 2>&- <&-"])
def test_streams_that_are_closed(project: MakeProject, closed: str, mode: str) -> None:
    said = by_shell(project({"pipeline.yaml": GOOD_AND_BAD}), f'"$@" {closed}', "run", "--output", mode)
    clear(said, 1)
    assert said.stderr == ""
    reported(said, good="passed", bad="failed")


def test_every_command_bears_a_closed_stdout(project: MakeProject) -> None:
    made = project({"pipeline.yaml": FINE})
    commands = ("list", "validate", "graph", "plugins", "schema", "doctor", "completion bash", "--help", "run -n")
    said = by_shell(made, f'for c in {" ".join(map(repr, commands))}; do "$@" $c >&- || echo "$c: $?"; done')
    clear(said, 0)
    assert said.text == ""


def test_a_stdout_that_is_full(project: MakeProject) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    made = project({"pipeline.yaml": FINE})
    said = by_shell(made, '"$@" > /dev/full', "run")
    clear(said, 5, "problem: standard output cannot be written: No space left on device")
    reported(said, a="passed")
    clear(by_shell(made, '"$@" > /dev/full', "list"), 5, "error: ", "No space left on device")


def test_stdin_is_not_for_steps(project: MakeProject) -> None:
    text = "steps: {a: {uses: shell, with: {run: 'cat; echo end'}}}"
    said = project({"pipeline.yaml": text}).call("run", stdin=b"surprise\n")
    clear(said, 0, "end\n")
    assert "surprise" not in said.stdout
