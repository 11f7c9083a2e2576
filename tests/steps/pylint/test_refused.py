"""Runs of pylint that would pass without having looked, and what the cache must not answer for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from buildtools.plugin import Status, StepError, StepResult
from buildtools.steps.pylint import Pylint
from tests.support.context import LoneContext

BAD = '"""Doc."""\nprint(undefined_here)\n'


def lint(root: Path, workdir: str = "", step: str = "lint", **options: object) -> tuple[StepResult, str]:
    ctx = LoneContext(root, cache=root / ".buildtools/cache")
    ctx.workdir, ctx.step = root / workdir, step
    ctx.env = {**ctx.env, **options.pop("env", {})}  # type: ignore[dict-item]
    return Pylint(**{"paths": ("src",), **options}).run(ctx), "".join(ctx.shown)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.py").write_text(BAD)
    return tmp_path


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("-fjson", "the report's form"),
        ("--output-form", "the report's form"),
        ("--out=x", "the report's form"),
        ("--jo=2", "say `jobs: N` instead"),
        ("-j2", "say `jobs: N` instead"),
        ("--from-std", "standard input is empty"),
    ],
)
def test_abbreviations_and_glued_values_are_refused_too(word: str, problem: str) -> None:
    assert [(option, problem in text) for option, text in Pylint(args=(word,)).check_options()] == [("args", True)]


@pytest.mark.parametrize("word", ["--version", "-h", "--list-msgs", "--generate-rcfile", "--help-msg=C0114"])
def test_what_ends_pylint_before_it_lints_is_an_error(root: Path, word: str) -> None:
    with pytest.raises(StepError, match="ended before it had linted") as caught:
        lint(root, args=(word,), allow_empty=True)
    assert "args" in caught.value.remedy


def test_a_hook_that_ends_pylint_is_an_error(root: Path) -> None:
    (root / ".pylintrc").write_text("[MAIN]\ninit-hook=raise SystemExit(0)\n")
    with pytest.raises(StepError, match="ended before it had linted anything: without a word") as caught:
        lint(root)
    assert "init-hook" in caught.value.remedy


def test_a_configuration_that_is_no_utf8_is_named(root: Path) -> None:
    (root / ".pylintrc").write_bytes("[MAIN]\n# caf\xe9\njobs=1\n".encode("latin-1"))
    with pytest.raises(StepError, match=r"UnicodeDecodeError: .*, in .*\.pylintrc"):
        lint(root)


@pytest.mark.parametrize("name", [".pylintrc", "pyproject.toml", "setup.cfg"])
def test_standard_input_by_configuration_is_an_error(root: Path, name: str) -> None:
    text = {".pylintrc": "[MAIN]\nfrom-stdin=yes\n", "pyproject.toml": "[tool.pylint.main]\nfrom-stdin = true\n"}
    (root / name).write_text(text.get(name, "[pylint.MAIN]\nfrom-stdin=yes\n"))
    for _ in range(2):
        with pytest.raises(StepError, match="from-stdin"):
            lint(root)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".pylintrc", "[MAIN\n"),
        ("pylintrc.toml", "[tool.pylint\n"),
        ("pyproject.toml", "[tool.pylint\n"),
        ("setup.cfg", "[pylint.MAIN\n"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_an_error(root: Path, name: str, text: str) -> None:
    (root / name).write_text(text)
    for _ in range(2):
        with pytest.raises(StepError, match=f"cannot read its configuration: .*{name}"):
            lint(root, fail_under=-1000)
    (root / name).unlink()
    assert lint(root, fail_under=-1000)[0].status is Status.PASSED


def test_a_configuration_that_comes_to_be_where_the_environment_names_it(root: Path) -> None:
    env = {"PYLINTRC": str(root / "rc1")}
    for _ in range(2):
        assert lint(root, env=env)[0].status is Status.FAILED
    (root / "rc1").write_text("[MESSAGES CONTROL]\ndisable=E,C\n")
    result, said = lint(root, env=env)
    assert (result.status, "from the cache, 0 linted" in said) == (Status.PASSED, False)


def test_a_hook_is_seen_however_it_is_written(root: Path) -> None:
    (root / ".pylintrc").write_text(
        "[MAIN]\nInit-Hook=import os, sys; sys.path.insert(0, 'lib2' if os.path.exists('flag') else 'lib1')\n"
    )
    (root / "src/a.py").write_text('"""Doc."""\nfrom hooked import THING\nprint(THING)\n')
    for name, text in (("lib1", "THING = 1\n"), ("lib2", "OTHER = 1\n")):
        (root / name).mkdir()
        (root / name / "hooked.py").write_text(text)
    for _ in range(2):
        assert not any(finding.symbol == "no-name-in-module" for finding in lint(root)[0].findings)
    (root / "flag").touch()
    assert any(finding.symbol == "no-name-in-module" for finding in lint(root)[0].findings)


def test_steps_with_equal_arguments_do_not_take_each_others_place(root: Path) -> None:
    for name in ("one", "two"):
        (root / name / "src").mkdir(parents=True)
        (root / name / "src/a.py").write_text(f'"""{name}"""\n')
    both = (("one", "lint"), ("two", "lint"), ("", "unit[a=1]"), ("", "unit[a=2]"))
    for workdir, step in both:
        lint(root, workdir, step)
    for workdir, step in both:
        assert "1 file from the cache, 0 linted" in lint(root, workdir, step)[1]


def test_clearing_its_caches_at_the_end_is_no_trouble(root: Path) -> None:
    result, _ = lint(root, args=("--clear-cache-post-run=y",), jobs=2)
    assert result.status is Status.FAILED


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes")
def test_a_pipe_in_the_place_of_what_was_kept_holds_nobody_up(root: Path) -> None:
    lint(root)
    (state,) = (root / ".buildtools/cache").rglob("*.lint")
    state.unlink()
    os.mkfifo(state)
    assert lint(root)[0].status is Status.FAILED
