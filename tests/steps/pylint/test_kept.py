"""What the step `pylint` keeps between runs: who says so, who checks it, and what a bad place for it does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from buildtools.plugin import FROM_CACHE, Metric, Status, StepResult
from buildtools.steps.pylint import Pylint, verify
from buildtools.steps.pylint.inside.keeper import Keeper
from buildtools.steps.pylint.inside.unchanged import Watch
from buildtools.steps.pylint.report import Message, Outcome
from tests.conftest import MakeProject
from tests.support import same
from tests.support.context import LoneContext

DOC = '"""Doc."""\n'
FILES = {
    "pkg/__init__.py": DOC,
    "pkg/base.py": DOC + "class Base:\n    size = 1\n",
    "pkg/user.py": DOC + "from pkg.base import Base\nprint(Base().size, Base().absent)\n",
    "pkg/other.py": DOC + "print(unknown)\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "project"


def lint(root: Path, **options: object) -> tuple[StepResult, LoneContext]:
    ctx = LoneContext(root, cache=root / ".buildtools/cache")
    return Pylint(paths=("pkg",), **options).run(ctx), ctx  # type: ignore[arg-type]


def symbols(result: StepResult) -> list[tuple[str, str]]:
    return [(finding.path, finding.symbol) for finding in result.findings]


def test_the_second_run_lints_nothing_and_finds_the_same(root: Path) -> None:
    first, ctx = lint(root)
    assert ("pkg/user.py", "no-member") in symbols(first)
    assert ctx.cache is not None
    assert {why.subject for why in ctx.cache.whys} == set(FILES)
    second, ctx = lint(root)
    assert second.metrics == (*first.metrics, Metric(name=FROM_CACHE, value=4))
    assert msgspec.structs.replace(second, metrics=first.metrics) == first
    assert "4 files from the cache, 0 linted\n" in ctx.shown
    assert ctx.cache is not None
    assert ctx.cache.whys == []


def test_only_what_reads_a_changed_file_is_linted(root: Path) -> None:
    lint(root)
    (root / "pkg/base.py").write_text(FILES["pkg/base.py"] + "    absent = 2\n")
    result, ctx = lint(root)
    assert ("pkg/user.py", "no-member") not in symbols(result)
    assert ctx.cache is not None
    assert {why.subject: why.why for why in ctx.cache.whys} == {
        "pkg/base.py": "changed",
        "pkg/user.py": "pkg/base.py changed",
    }


def test_a_file_that_was_only_touched_is_not_linted(root: Path) -> None:
    lint(root)
    for name in FILES:
        os.utime(root / name, (1, 1))
    assert "4 files from the cache, 0 linted\n" in lint(root)[1].shown


def test_why_tells_what_was_linted_again(project: MakeProject) -> None:
    ours = project({**FILES, "pipeline.yaml": "steps:\n  lint:\n    uses: pylint\n    with: {paths: [pkg]}\n"})
    assert ours.run().code == 1
    ours.write({"pkg/other.py": DOC + "print(1)\n"})
    ours.run()
    told = ours.call("why", "lint")
    assert told.code == 0
    assert "pkg/other.py" in told.stdout
    assert "pkg/user.py" not in told.stdout
    refreshed = ours.run("--refresh")
    assert "from the cache" not in refreshed.stdout


def test_why_names_files_from_the_root_wherever_the_step_works(project: MakeProject) -> None:
    pipeline = "steps: {lint: {uses: pylint, cwd: sub, with: {paths: [pkg]}}}"
    ours = project({**{f"sub/{name}": text for name, text in FILES.items()}, "pipeline.yaml": pipeline})
    ours.run()
    ours.write({"sub/pkg/base.py": FILES["pkg/base.py"] + "    absent = 2\n"})
    ours.run()
    (answer,) = json.loads(ours.call("why", "lint", "--json").stdout)
    assert {why["subject"]: why["why"] for why in answer["reasons"]} == {
        "sub/pkg/base.py": "changed",
        "sub/pkg/user.py": "sub/pkg/base.py changed",
    }


def test_reasons_show_real_paths(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "state", None, {}, Watch())
    assert keeper.shown("{prefix}/lib/x.py") == f"{sys.prefix}/lib/x.py"
    assert keeper.shown("pkg/a.py") == f"{Path.cwd()}/pkg/a.py"
    assert keeper.shown("{math}") == "math"


def test_verify_lets_pylint_alone_lint_too(root: Path) -> None:
    lint(root)
    result, ctx = lint(root, verify=True)
    assert result.status is Status.FAILED
    assert any(line.startswith("verified: pylint alone finds the same") for line in ctx.shown)


@pytest.mark.parametrize("share", [0.0, False])
def test_no_share_of_the_runs_is_none(root: Path, share: float) -> None:
    _result, ctx = lint(root, verify=share)
    assert not any(line.startswith("verified") for line in ctx.shown)


def test_a_difference_is_an_error_that_says_where(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another pylint that finds one thing more when it is alone: then the promise is broken.
    plugin = root.parent / "more.py"
    plugin.write_text(
        "import os\nfrom pylint.checkers import BaseChecker\n"
        "class More(BaseChecker):\n"
        "    name = 'more'\n"
        "    msgs = {'W9901': ('Found more', 'found-more', 'More.')}\n"
        "    def visit_module(self, node):\n"
        "        if not os.environ.get('BUILDTOOLS_PYLINT_CACHE'):\n"
        "            self.add_message('found-more', node=node)\n"
        "def register(linter):\n    linter.register_checker(More(linter))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(root.parent))
    result, ctx = lint(root, args=("--load-plugins=more",), verify=True)
    assert result.status is Status.ERROR
    assert "nothing is kept for the next run: more is not pylint's own, and may look anywhere\n" in ctx.shown
    assert "it does not have pkg/__init__.py:1: W9901 Found more" in result.reason
    assert "jobs: 1" in result.remedy


def message(**more: object) -> Message:
    fields: dict[str, object] = {
        "type": "warning",
        "symbol": "unused-import",
        "message": "Unused import os",
        "message_id": "W0611",
        "path": "a.py",
        "absolute_path": "/p/a.py",
        "line": 1,
        "column": 0,
    }
    return Message(**{**fields, **more})  # type: ignore[arg-type]


def outcome(*messages: Message, score: float = 5.0) -> Outcome:
    return Outcome(pylint="4", status=4, score=score, files=("a.py",), messages=messages)


@pytest.mark.parametrize(
    ("ours", "plain", "words"),
    [
        (outcome(message()), outcome(message()), ""),
        (outcome(), outcome(message()), "it does not have a.py:1: W0611 Unused import os"),
        (outcome(message()), outcome(), "it has besides a.py:1: W0611"),
        (outcome(message(), message(line=2)), outcome(message(line=2), message()), "in another order"),
        # Of these, pylint takes the order from a set.
        (outcome(message(), message(message="x")), outcome(message(message="x"), message()), ""),
        (outcome(message(), score=4.0), outcome(message()), "score 4.0"),
        (
            outcome(message(symbol="duplicate-code", message="Similar\n==a:[1:9]\n==b:[1:9]\nours")),
            outcome(message(symbol="duplicate-code", message="Similar\n==b:[1:9]\n==a:[1:9]\ntheirs")),
            "",
        ),
        (
            outcome(message(symbol="duplicate-code", message="Similar\n==a:[1:9]\n==b:[1:9]\nx")),
            outcome(message(symbol="duplicate-code", message="Similar\n==a:[1:9]\n==c:[1:9]\nx")),
            "does not have",
        ),
    ],
)
def test_the_promise_to_the_letter(ours: Outcome, plain: Outcome, words: str) -> None:
    found = verify.difference(ours, plain)
    assert words in found
    assert bool(found) == bool(words)


def spoil_with_a_file(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")


def spoil_with_a_folder(folder: Path) -> None:
    """Let a folder stand where each state would be."""
    for state in folder.glob("*.lint"):
        state.unlink()
        state.mkdir()


@pytest.mark.parametrize("spoil", [spoil_with_a_file, spoil_with_a_folder])
def test_a_cache_that_cannot_be_written_is_a_warning(root: Path, spoil: Callable[[Path], None]) -> None:
    folder = root / ".buildtools/cache/tools/lone"
    if spoil is spoil_with_a_folder:
        lint(root)
    spoil(folder)
    first, ctx = lint(root)
    second, _ctx = lint(root)
    assert symbols(first) == symbols(second)
    assert ("pkg/user.py", "no-member") in symbols(first)
    assert ctx.warnings


@pytest.mark.parametrize("limit", [0, 1024])
def test_a_full_disk_is_a_slower_run(root: Path, tmp_path: Path, limit: int) -> None:
    # The report is small; the state is not. A limit on files' sizes is what a full disk looks like from here.
    cache, out = tmp_path / "cache", tmp_path / "out.json"
    code = (
        "import resource, runpy, sys, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit + 4096}, {limit + 4096}))\n"
        f"sys.argv = {[str(same.DRIVER), str(out), '-', '--persistent=n', '--jobs=2', '--', 'pkg']!r}\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    env = {**os.environ, same.CACHE: str(cache), "PYTHONHASHSEED": "0"}
    subprocess.run((sys.executable, "-c", code), cwd=root, env=env, check=False)
    assert "File too large" in same.read(out)["lost"]
    assert list(cache.iterdir()) == []
    mine = same.ours(root, ("--jobs=2", "--", "pkg"), cache=cache)
    assert mine.linted == 4
    assert same.differences(mine, same.theirs(root, ("pkg",))) == []


def test_two_runs_at_once_leave_a_whole_state(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    words: list[str | Path] = [sys.executable, same.DRIVER, "", "-", "--persistent=n", "--jobs=2", "--", "pkg"]
    env = {**os.environ, same.CACHE: str(cache), "PYTHONHASHSEED": "0"}
    running = []
    for number in range(4):
        words[2] = str(tmp_path / f"{number}.json")
        running.append(subprocess.Popen(words, cwd=root, env=env))
    assert [process.wait(60) for process in running] == [running[0].returncode] * 4
    reports = [same.read(tmp_path / f"{number}.json")["messages"] for number in range(4)]
    assert all(report == reports[0] for report in reports)
    assert len(list(cache.iterdir())) == 1
    assert same.ours(root, ("--jobs=2", "--", "pkg"), cache=cache).linted == 0


def test_a_killed_run_leaves_the_last_state(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    arguments = ("--jobs=2", "--", "pkg")
    assert same.ours(root, arguments, cache=cache).linted == 4
    words: list[str | Path] = [sys.executable, same.DRIVER, tmp_path / "out.json", "-", "--persistent=n", *arguments]
    env = {**os.environ, same.CACHE: str(cache), "PYTHONHASHSEED": "0"}
    for delay in (0.05, 0.3, 0.6, 0.9, 1.2):
        (root / "pkg/other.py").write_text(DOC + f"print(unknown{int(delay * 100)})\n")
        process = subprocess.Popen(words, cwd=root, env=env, start_new_session=True)
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        mine = same.ours(root, arguments, cache=cache)
        assert same.differences(mine, same.theirs(root, ("pkg",))) == []
        assert mine.linted <= 1
