"""What holds for every linter, shown with programs that behave badly in all the ways that were seen."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest

from buildtools.plugin import Cause, Kind, Severity, Status, StepError, ToolMissing
from tests.steps.linters.conftest import Stub
from tests.steps.linters.samples import ALL, CLEAN, EMPTY, FOUND
from tests.support.context import LoneContext

NODE = ("biome", "eslint", "oxlint")


def named(stub: Stub) -> str:
    return stub.step().tool


def test_an_exit_status_of_0_opens_no_gate(stub: Stub) -> None:
    result = stub.says(FOUND[named(stub)]).step().run(LoneContext(stub.root))
    assert result.status is Status.FAILED
    assert result.reason.startswith("1 error in 1 ")
    assert result.outputs == {"findings": "1"}
    (finding,) = result.findings
    assert (finding.tool, finding.path, finding.message) == (named(stub), "src/a.x", "bad")
    assert (finding.line, finding.column, finding.severity) == (3, 5, Severity.ERROR)
    ends = (0, 0) if named(stub) == "oxlint" else (4, 7)
    assert (finding.end_line, finding.end_column) == ends
    assert finding.rule
    assert finding.fingerprint
    msgspec.json.encode(result)


def test_a_clean_run_passes(stub: Stub) -> None:
    result = stub.says(CLEAN[named(stub)]).step().run(LoneContext(stub.root))
    assert (result.status, result.reason, result.findings) == (Status.PASSED, "", ())
    if named(stub) in ("bandit", "eslint"):
        assert [(case.name, case.file) for case in result.cases] == [(named(stub), "src/a.x")]


def test_failing_without_a_finding_is_an_error(stub: Stub) -> None:
    stub.says(CLEAN[named(stub)], b"the disk is full\n", "exit 1")
    with pytest.raises(StepError, match=r"failed, but reported nothing \(exit status 1\): the disk is full"):
        stub.step().run(LoneContext(stub.root))


@pytest.mark.parametrize("size", [2, 20, -3])
def test_a_report_cut_short_is_an_error(stub: Stub, size: int) -> None:
    whole = FOUND[named(stub)]
    with pytest.raises(StepError, match=r"left no report that can be read \(exit status 1\): out of memory"):
        stub.says(whole[:size], b"out of memory", "exit 1").step().run(LoneContext(stub.root))


def test_no_report_at_all_is_an_error(stub: Stub) -> None:
    stub.says(b"")
    if named(stub) == "mypy":  # which says nothing if all is well
        assert stub.step().run(LoneContext(stub.root)).status is Status.PASSED
        return
    with pytest.raises(StepError, match=r"no report that can be read \(exit status 0\): it did not say why"):
        stub.step().run(LoneContext(stub.root))


def test_a_silent_death_is_an_error_whatever_was_reported(stub: Stub) -> None:
    with pytest.raises(StepError, match=r"broke down \(killed by SIGKILL\): it did not say why"):
        stub.says(b"", ending="kill -9 $$").step().run(LoneContext(stub.root))
    with pytest.raises(StepError, match=r"broke down \(killed by SIGSEGV\)"):
        stub.says(FOUND[named(stub)], ending="kill -11 $$").step().run(LoneContext(stub.root))


def test_another_exit_status_is_an_error_with_the_last_words(stub: Stub) -> None:
    said = b"usage: tool [-h]\n            [-v]\ntool: error: no such option: --nope\n"
    with pytest.raises(StepError, match=r"\(exit status 77\): tool: error: no such option: --nope$"):
        stub.says(CLEAN[named(stub)], said, "exit 77").step().run(LoneContext(stub.root))


def test_text_around_the_report_is_borne(stub: Stub) -> None:
    noise = b"hello from the configuration\n{curly} [brackets]\n[1]\n"
    stub.says(noise + FOUND[named(stub)] + b"bye\n")
    if named(stub) in ("mypy", "ruff"):  # a list of findings without an end, and one without anything else
        with pytest.raises(StepError, match=r"no report that can be read|its output is no list of findings: hello"):
            stub.step().run(LoneContext(stub.root))
        return
    assert len(stub.step().run(LoneContext(stub.root)).findings) == 1


def test_a_very_long_report_is_read(stub: Stub) -> None:
    noise = b'"' + b"x" * 1000 + b'"'
    filler = b"[" + b",".join([noise] * 50_000) + b"]"
    found = FOUND[named(stub)]
    at = found.index(b'"message"' if b'"message"' in found else b'"issue_text"')
    result = stub.says(found[:at] + b'"unknown": ' + filler + b", " + found[at:]).step().run(LoneContext(stub.root))
    assert len(result.findings) == 1


def test_no_file_is_empty_unless_it_is_allowed(stub: Stub) -> None:
    stdout, stderr, status = EMPTY[named(stub)]
    stub.says(stdout, stderr, f"exit {status}")
    result = stub.step().run(LoneContext(stub.root))
    assert (result.status, result.cause) == (Status.ERROR, Cause.EMPTY)
    assert result.reason == f"{named(stub)} found no file to check"
    assert "allow-empty" in result.remedy
    assert stub.step(allow_empty=True).run(LoneContext(stub.root)).status is Status.PASSED


def test_the_user_s_arguments_stand_before_the_paths(stub: Stub) -> None:
    stub.says(CLEAN[named(stub)])
    stub.step(paths=("a.py",), config="a.py", args=("--extra", "1")).run(LoneContext(stub.root))
    assert stub.arguments[-3:] == ["--extra", "1", "a.py"]
    assert any("a.py" in word for word in stub.arguments[:-3])


def test_a_path_or_configuration_that_is_not_there_is_an_error(stub: Stub) -> None:
    stub.says(CLEAN[named(stub)])
    with pytest.raises(StepError, match=r"^paths: .*/nope is not there"):
        stub.step(paths=("a.py", "nope")).run(LoneContext(stub.root))
    with pytest.raises(StepError, match=r"^config: .*/nope\.toml is not there"):
        stub.step(config="nope.toml").run(LoneContext(stub.root))


def test_only_changed_files_of_its_kinds_are_checked(stub: Stub) -> None:
    stub.says(CLEAN[named(stub)])
    suffix = stub.step().suffixes[0]
    for name in (f"src/new{suffix}", f"src/old{suffix}", f"other/new{suffix}", "src/README", "src/named"):
        (stub.root / name).parent.mkdir(exist_ok=True)
        (stub.root / name).write_text("")
    context = LoneContext(stub.root)
    names = (f"src/new{suffix}", f"other/new{suffix}", "src/README", "src/named", f"src/gone{suffix}")
    context.changed_files = tuple(stub.root / name for name in names)
    assert stub.step(paths=("src", "src/named")).run(context).status is Status.PASSED
    if named(stub) == "mypy":
        assert stub.arguments[-2:] == ["src", "src/named"]
    else:
        assert stub.arguments[-2:] == [str(stub.root / f"src/new{suffix}"), str(stub.root / "src/named")]
        assert str(stub.root / f"other/new{suffix}") not in stub.arguments
    stub.file.unlink()
    context.changed_files = (stub.root / "src/README", stub.root / f"src/gone{suffix}")
    result = stub.step(paths=("src",)).run(context)
    assert (result.status, result.reason) == (Status.PASSED, f"nothing for {named(stub)} among the changed files")


def test_changed_files_that_its_configuration_leaves_out_are_no_error(stub: Stub) -> None:
    stdout, stderr, status = EMPTY[named(stub)]
    stub.says(stdout, stderr, f"exit {status}")
    file = stub.root / f"a{stub.step().suffixes[0]}"
    file.write_text("")
    context = LoneContext(stub.root)
    context.changed_files = (file,)
    assert stub.step().run(context).status is Status.PASSED


def test_it_works_in_its_own_folder_and_results_count_from_the_root(stub: Stub) -> None:
    context = LoneContext(stub.root)
    context.workdir = stub.root / "sub"
    context.workdir.mkdir()
    (context.workdir / "a.py").write_text("")
    result = stub.says(FOUND[named(stub)]).step().run(context)
    assert [finding.path for finding in result.findings] == ["sub/src/a.x"]


def test_the_program_asked_for_must_be_there(stub: Stub) -> None:
    where = "python" if stub.file.name == "python" else "program"
    with pytest.raises(ToolMissing, match=f"`{where}:"):
        stub.step(**{where: "./nowhere/tool"}).run(LoneContext(stub.root))
    with pytest.raises(ToolMissing, match=f"`{where}:"):
        stub.step(**{where: "no-such-program"}).run(LoneContext(stub.root))


def test_what_args_and_paths_may_not_hold(stub: Stub) -> None:
    step = stub.step(args=(f"{stub.step().ours[-1]}=1",), paths=("", "-x", "x"))
    assert [option for option, _ in step.check_options()] == ["args", "paths", "paths"]
    assert step.effective_kind() is Kind.CHECK
    assert not list(stub.step(args=("--another",), paths=("x",)).check_options())


REFUSED = {
    "bandit": ("-ojson", "-qo", "-rqfhtml", "--form=txt", "--out", "-f=txt"),
    "biome": ("--write", "--suppress", "--watch", "--stdin-file-path=a.js"),
    "eslint": ("--fix-dry-run", "--suppress-all", "--suppress-rule", "--prune-suppressions", "--init", "-o=a"),
    "mypy": ("--out", "-vOjson", "@a"),
    "oxlint": ("--suppress-all", "--prune-suppressions", "--init", "--lsp"),
    "ruff": ("--add-noqa=later", "--add-ignore", "-w", "--watch", "-oa", "-qoa", "--stdin-filename=a", "@a"),
}
TAKEN = {
    "bandit": ("-ll", "-cfo", "-bo", "--", "-tB101", "--exit-zero", "--ini=o"),
    "biome": ("--only=a", "--skip-parse-errors"),
    "eslint": ("--no-fix", "--quiet", "--rule", "@a"),
    "mypy": ("-v", "-pOo", "--no-error-summary", "--strict", "--", "--html-report"),
    "oxlint": ("-A", "all", "-D", "--threads=1", "@a"),
    "ruff": ("-n", "-e", "--no-fix", "--unsafe-fixes", "--select=W", "--config=fix=true"),
}


@pytest.mark.parametrize("name", sorted(ALL))
def test_arguments_are_known_in_all_their_spellings(name: str) -> None:
    refused = [word for word in REFUSED[name] if len(list(ALL[name](args=(word,)).check_options())) == 1]
    assert refused == list(REFUSED[name])
    assert list(ALL[name](args=TAKEN[name]).check_options()) == []
    problems = list(ALL[name](paths=("@a",)).check_options())
    assert problems == ([("paths", "@a: write ./@a")] if name in ("mypy", "ruff") else [])


@pytest.mark.parametrize("name", NODE)
def test_a_program_of_node_is_the_nearest_one_of_the_project(name: str, tmp_path: Path) -> None:
    for folder, status in (("node_modules", 1), ("web/node_modules", 0), ("elsewhere", 1)):
        program = tmp_path / folder / ".bin" / name
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{CLEAN[name].decode()}\nEND\nexit {status}\n")
        program.chmod(0o755)
    context = LoneContext(tmp_path, env={"PATH": f"{tmp_path}/elsewhere/.bin:{os.environ['PATH']}"})
    context.workdir = tmp_path / "web/sub"
    context.workdir.mkdir()
    assert ALL[name]().run(context).status is Status.PASSED
    assert not any("from PATH" in text for text in context.shown)
    (tmp_path / "web/node_modules/.bin" / name).unlink()
    (tmp_path / "node_modules/.bin" / name).chmod(0o644)
    (tmp_path / "elsewhere/.bin" / name).write_text(f"#!/bin/sh\ncat <<'END'\n{FOUND[name].decode()}\nEND\n")
    assert ALL[name]().run(context).status is Status.FAILED
    said = f"{name} is not in the project's node_modules: {tmp_path}/elsewhere/.bin/{name}, from PATH, is used\n"
    assert said in context.shown


@pytest.mark.parametrize("name", NODE)
def test_a_missing_program_of_node_says_how_to_get_it(name: str, tmp_path: Path) -> None:
    context = LoneContext(tmp_path, env={"PATH": "/nowhere"})
    package = "@biomejs/biome" if name == "biome" else name
    with pytest.raises(ToolMissing, match=f"npm install --save-dev {package}\n"):
        ALL[name]().run(context)
    (tool,) = ALL[name]().tools(tmp_path, context.env)
    assert (tool.name, tool.version) == (name, "")
    assert "npm install" in tool.remedy
    program = tmp_path / "node_modules/.bin" / name
    program.parent.mkdir(parents=True)
    program.write_text("#!/usr/bin/env node\n")
    program.chmod(0o755)
    with pytest.raises(ToolMissing, match=r"^node: not found\n.*install Node\.js"):
        ALL[name]().run(context)


@pytest.mark.parametrize("name", sorted(set(ALL) - set(NODE)))
def test_a_missing_package_of_python_says_how_to_get_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    step = ALL[name](python=str(python))  # type: ignore[call-arg]
    with pytest.raises(ToolMissing, match=f"(?s)^{name} in {python}: not found.*-m pip install '?{name}"):
        step.run(LoneContext(tmp_path))
    (tool,) = step.tools(tmp_path, os.environ)
    assert (tool.name, tool.version) == (name, "")
    assert "pip install" in tool.remedy
