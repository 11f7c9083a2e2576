"""The step `shell`, with the system's own `sh`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from buildtools.plugin import Cause, Kind, Status, StepError, StepResult, ToolMissing
from buildtools.steps.shell import Shell
from tests.support.context import LoneContext


def run(tmp_path: Path, command: str | tuple[str, ...]) -> tuple[StepResult, str]:
    context = LoneContext(tmp_path)
    result = Shell(command=command).run(context)
    return result, "".join(context.shown)


def test_options_are_written_as_in_a_pipeline_file() -> None:
    assert msgspec.convert({"run": "make all"}, Shell) == Shell(command="make all")
    assert msgspec.convert({"run": ["make", "all"], "check": True}, Shell) == Shell(command=("make", "all"), check=True)
    with pytest.raises(msgspec.ValidationError, match="run"):
        msgspec.convert({}, Shell)


def test_a_command_line_goes_through_the_shell(tmp_path: Path) -> None:
    result, shown = run(tmp_path, "echo one > file && cat file | tr o 0; echo $((1 + 1))")
    assert (result, shown) == (StepResult(), "0ne\n2\n")


def test_a_list_goes_through_no_shell(tmp_path: Path) -> None:
    result, shown = run(tmp_path, ("echo", "$HOME; exit 3", "*"))
    assert (result, shown) == (StepResult(), "$HOME; exit 3 *\n")


def test_a_script_stops_at_the_first_line_that_fails(tmp_path: Path) -> None:
    result, shown = run(tmp_path, "echo before\nfalse\necho after\n")
    assert (result.status, result.reason, shown) == (Status.FAILED, "exit status 1", "before\n")


@pytest.mark.parametrize(
    "script", ["false || true", "if false; then :; fi", "! false", "set +e; false; true", "# nothing"]
)
def test_a_failure_that_the_script_deals_with_is_none(tmp_path: Path, script: str) -> None:
    assert run(tmp_path, script)[0].status is Status.PASSED


@pytest.mark.parametrize("command", ["exit 3", ("sh", "-c", "exit 3")])
def test_the_exit_status_decides(tmp_path: Path, command: str | tuple[str, ...]) -> None:
    result, _ = run(tmp_path, command)
    assert (result.status, result.reason) == (Status.FAILED, "exit status 3")


@pytest.mark.parametrize("command", ["kill -9 $$", ("sh", "-c", "kill -9 $$")])
def test_death_by_a_signal_is_named(tmp_path: Path, command: str | tuple[str, ...]) -> None:
    result, _ = run(tmp_path, command)
    assert (result.status, result.reason) == (Status.FAILED, "killed by SIGKILL")


def test_a_command_within_a_script_that_dies_by_a_signal_is_hinted_at(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "sh -c 'kill -SEGV $$'; :")
    assert (result.status, result.reason) == (Status.FAILED, "exit status 139 (128 + SIGSEGV)")


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="no-such-program: not found"):
        run(tmp_path, ("no-such-program", "x"))
    result, shown = run(tmp_path, "echo first; no-such-program x")
    assert (result.status, result.cause) == (Status.ERROR, Cause.TOOL)
    assert result.reason == "exit status 127: a command was not found"
    assert "install it" in result.remedy
    assert "no-such-program" in shown


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("just text", encoding="utf-8")
    result, shown = run(tmp_path, "./data")
    assert (result.status, result.cause) == (Status.ERROR, Cause.TOOL)
    assert result.reason == "exit status 126: a command could not be executed"
    assert "./data" in shown


@pytest.mark.parametrize("command", ["", "  \n", (), ("",), ("a", "b\0")])
def test_what_cannot_be_started_is_refused_at_load(command: str | tuple[str, ...]) -> None:
    problems = list(Shell(command=command).check_options())
    assert [option for option, _ in problems] == ["run"]
    assert problems[0][1].startswith(("is empty: write", "holds a NUL"))


def test_it_is_an_action_unless_the_file_says_check() -> None:
    assert Shell(command="x").effective_kind() is Kind.ACTION
    assert Shell(command="x", check=True).effective_kind() is Kind.CHECK
    assert not list(Shell(command="x").check_options())


def test_it_costs_nothing_to_import() -> None:
    code = (
        "import sys, buildtools.plugin\nold = set(sys.modules)\n"
        "import buildtools.steps.shell\nprint(*sorted(set(sys.modules) - old))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["buildtools.steps", "buildtools.steps.shell"]


def problems(**options: object) -> dict[str, str]:
    return dict(msgspec.convert({"run": "true", **options}, Shell).check_options())


def test_what_is_made_needs_what_it_is_made_from() -> None:
    assert problems(inputs=["src/**"], outputs=["dist/**"], **{"inputs-env": ["MODE"]}) == {}
    assert "needs `inputs` beside it" in problems(outputs=["dist/**"])["outputs"]
    assert "needs `inputs` beside it" in problems(**{"inputs-env": ["MODE"]})["inputs-env"]
    assert "cannot name a variable" in problems(inputs=["a"], **{"inputs-env": ["A=B"]})["inputs-env"]


@pytest.mark.parametrize(
    ("pattern", "inputs", "outputs"),
    [
        ("/etc/*", "is absolute", "is absolute"),
        ("../x", "leads out", "leads out"),
        ("", "empty", "empty"),
        ("**", "", "claims every"),
    ],
)
def test_patterns_are_checked_before_anything_runs(pattern: str, inputs: str, outputs: str) -> None:
    assert inputs in problems(inputs=[pattern]).get("inputs", "")
    assert outputs in problems(inputs=["a"], outputs=[pattern])["outputs"]


def test_inputs_leave_out_what_nobody_means(tmp_path: Path) -> None:
    context = LoneContext(tmp_path, cache=tmp_path / "cache")
    for name in (
        "src/a", "dist/made", "build/reports/junit.xml", ".git/HEAD", "x/node_modules/y", ".pytest_cache/v/z",
        ".buildtools/runs/1", "a~", "sub/.coverage.host",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    step = Shell(command="true", sources=("**",), outputs=("dist/**",), inputs_env=("A",))
    inputs = step.inputs(context)
    assert inputs is not None
    assert [path.relative_to(tmp_path).as_posix() for path in inputs.files] == ["src/a"]
    assert (inputs.env, inputs.outputs) == (("A",), ("dist/**",))
    assert Shell(command="true").inputs(context) is None
    with pytest.raises(StepError, match=r"no file matches its inputs \(\*\.c, \*\.h\)$"):
        Shell(command="true", sources=("*.c", "*.h")).inputs(context)
    with pytest.raises(StepError, match=r"its inputs \(dist/made\) match nothing but its own outputs \(dist/\*\*\)"):
        Shell(command="true", sources=("dist/made",), outputs=("dist/**",)).inputs(context)
    with pytest.raises(StepError, match=r"match only files that never count, such as x/node_modules/y"):
        Shell(command="true", sources=("x/**",)).inputs(context)
    with pytest.raises(StepError, match=r"its inputs \(src\): for all of a folder, write src/\*\*$"):
        Shell(command="true", sources=("src",)).inputs(context)
    assert len(context.warnings) == 4


def test_an_output_that_was_not_made_fails_the_step(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/x.js").write_text("x")
    (tmp_path / "linked").symlink_to("real")
    context = LoneContext(tmp_path)
    step = Shell(command="touch a.o", sources=("a",), outputs=("*.o", "lib/*.so", "linked/*.js", "bin/"))
    result = step.run(context)
    assert (result.status, result.reason) == (Status.FAILED, "it did not make lib/*.so, bin/")
    assert "`outputs`" in result.remedy
