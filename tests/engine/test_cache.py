"""Results that are kept between runs: taken only where a fresh run would give the same, through the command line."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from buildtools.engine.files import Area, KeptFile, NotKept, Restoring
from buildtools.engine.files import content as named
from buildtools.system.digests import Digests
from buildtools.system.store import Store
from tests.support.project import Outcome, Project

DIGEST = hashlib.sha256(b"poison").hexdigest()

BUILD = """
steps:
  build:
    uses: shell
    with:
      run: |
        echo x >> ../ran
        mkdir -p dist
        cat src/* > dist/all.txt
        if [ -n "$EXTRA" ]; then echo "$EXTRA" > dist/extra.txt; fi
        chmod 750 dist/all.txt
        echo built; echo complaint >&2
      inputs: ["src/**"]
      outputs: ["dist/**"]
      inputs-env: [EXTRA]
"""


@pytest.fixture
def build(project: Any) -> Project:
    """A project whose only step joins files, and counts its runs beside the project."""
    made: Project = project({"pipeline.yaml": BUILD, "src/a": "a\n", "src/b": "b\n"})
    return made


def ran(project: Project) -> int:
    """How often the command really ran."""
    file = project.root.parent / "ran"
    return len(file.read_text().splitlines()) if file.exists() else 0


def cached(outcome: Outcome, step: str = "build") -> bool:
    return bool(outcome.steps[step].get("cached", False))


def why(project: Project, step: str = "build") -> list[str]:
    """Return the reasons as `SUBJECT WHY`."""
    (answer,) = json.loads(project.call("why", step, "--json").stdout)
    return [f"{reason['subject']} {reason['why']}".strip() for reason in answer["reasons"]]


def blobs(project: Project) -> list[Path]:
    return sorted((project.root / ".buildtools/cache").glob("??/*"))


def log_of(project: Project, outcome: Outcome, step: str = "build") -> str:
    folder = project.root / ".buildtools/runs" / outcome.run_json["id"]
    return (folder / outcome.steps[step]["log"]).read_text()


def test_the_second_run_takes_the_result_files_and_output_from_the_cache(build: Project) -> None:
    first = build.run()
    assert (first.code, cached(first), ran(build)) == (0, False, 1)
    assert why(build) == ["nothing stored yet"]
    shutil.rmtree(build.root / "dist")
    second = build.run()
    assert (second.code, cached(second), ran(build)) == (0, True, 1)
    file = build.root / "dist/all.txt"
    assert file.read_text() == "a\nb\n"
    assert file.stat().st_mode & 0o777 == 0o750
    assert log_of(build, second) == log_of(build, first) == "built\ncomplaint\n"
    assert second.steps["build"]["tail"] == first.steps["build"]["tail"]
    assert why(build) == []
    assert "came from the cache" in build.call("why", "build").stdout


def test_every_report_marks_what_came_from_the_cache(build: Project) -> None:
    build.run()
    plain = build.run("--output", "plain")
    assert "passed     build" in plain.stdout
    assert "(cached)" in plain.stdout
    assert "built\ncomplaint" in plain.stdout, "as the fresh one shows it"
    assert "1 passed, 1 cached in" in plain.stdout
    assert [item.get("value") for item in plain.junit.iter("property") if item.get("name") == "cached"] == ["true"]
    assert plain.steps["build"]["cached"] is True
    events = [json.loads(line) for line in build.run("--output", "jsonl").stdout.splitlines()]
    (finished,) = [event for event in events if event["event"] == "step-finished"]
    assert finished["run"]["cached"] is True
    assert "".join(event["text"] for event in events if event["event"] == "output") == "built\ncomplaint\n"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: p.write({"src/a": "A\n"}), "src/a changed"),
        (lambda p: p.write({"src/c": "c\n"}), "src/c new"),
        (lambda p: (p.root / "src/b").unlink(), "src/b gone"),
        (lambda p: (p.root / "src/b").rename(p.root / "src/B"), "src/B new"),
        (lambda p: (p.root / "src/b").chmod(0o755), "src/b its mode changed"),
        (lambda p: p.env.update(EXTRA="more"), "variable EXTRA changed"),
        (lambda p: p.replace("pipeline.yaml", "echo built", "echo made"), "option run changed"),
        (lambda p: p.replace("pipeline.yaml", "    with:", "    env: {A: b}\n    with:"), "variable A is new"),
        (lambda p: p.replace("pipeline.yaml", "    with:", "    cwd: .\n    with:"), None),
    ],
)
def test_what_the_result_depends_on_makes_it_run_again(build: Project, change: Any, reason: str | None) -> None:
    build.run()
    change(build)
    again = build.run()
    assert again.code == 0
    if reason is None:
        assert cached(again)
        return
    assert not cached(again)
    assert reason in why(build)
    assert cached(build.run())


def test_touched_but_equal_files_change_nothing_and_going_back_is_remembered(build: Project) -> None:
    build.run()
    os.utime(build.root / "src/a", (0, 0))
    (build.root / "src/b").write_text("b\n")
    assert cached(build.run())
    build.write({"src/a": "other\n"})
    assert not cached(build.run())
    build.write({"src/a": "a\n"})
    assert cached(build.run())
    assert (build.root / "dist/all.txt").read_text() == "a\nb\n"
    assert ran(build) == 2


def test_an_edit_of_the_same_size_with_the_same_times_is_seen(build: Project) -> None:
    for content in ("1\n", "2\n", "3\n"):
        build.write({"src/a": content})
        os.utime(build.root / "src/a", (1_000_000_000, 1_000_000_000))
        assert not cached(build.run())
        assert (build.root / "dist/all.txt").read_text() == f"{content}b\n"


def test_stale_outputs_go_and_foreign_ones_are_never_lost(build: Project) -> None:
    build.env["EXTRA"] = "more"
    build.run()
    assert (build.root / "dist/extra.txt").exists()
    del build.env["EXTRA"]
    shutil.rmtree(build.root / "dist")
    build.run()
    build.env["EXTRA"] = "more"
    assert cached(build.run())
    del build.env["EXTRA"]
    assert cached(build.run())
    assert not (build.root / "dist/extra.txt").exists(), "the kept result does not have it"

    build.write({"dist/notes.txt": "by hand"})
    assert not cached(build.run())
    assert why(build) == ["not taken from the cache: dist/notes.txt is not as this step left it, and would be lost"]
    assert (build.root / "dist/notes.txt").read_text() == "by hand"
    build.write({"dist/all.txt": "this too"})
    assert not cached(build.run())
    assert (build.root / "dist/all.txt").read_text() == "a\nb\n", "so the command itself has it"


def test_links_and_modes_are_put_back(project: Any) -> None:
    made = project(
        {
            "pipeline.yaml": """
            steps:
              build:
                uses: shell
                with:
                  run: mkdir -p out/real; echo x > out/real/x; ln -sfn real out/link; ln -sf gone out/broken
                  inputs: [pipeline.yaml]
                  outputs: [out/]
            """
        }
    )
    made.run()
    shutil.rmtree(made.root / "out")
    assert cached(made.run())
    assert (made.root / "out/link").readlink() == Path("real")
    assert (made.root / "out/broken").readlink() == Path("gone")
    assert (made.root / "out/link/x").read_text() == "x\n"
    assert cached(made.run())


def test_failures_are_always_looked_at_anew(build: Project) -> None:
    build.replace("pipeline.yaml", "echo built;", "test ! -e ../fail;")
    (build.root.parent / "fail").touch()
    assert [build.run().code, build.run().code] == [1, 1]
    assert ran(build) == 2
    assert why(build) == ["it did not pass the last time"]
    (build.root.parent / "fail").unlink()
    assert not cached(build.run())
    assert cached(build.run())


def test_a_pass_at_the_second_attempt_is_not_kept(build: Project) -> None:
    build.replace("pipeline.yaml", "echo built;", "test $(wc -l < ../ran) != 1;")
    build.replace("pipeline.yaml", "    with:", "    retries: 1\n    with:")
    first = build.run()
    assert first.code == 0
    assert len(first.steps["build"]["earlier"]) == 1
    assert not cached(build.run())
    assert cached(build.run())


def test_a_step_that_changes_its_own_inputs_is_not_kept(build: Project) -> None:
    build.replace("pipeline.yaml", "echo built;", "date +%N > src/stamp;")
    outcome = build.run()
    assert outcome.code == 0
    assert "its result was not kept for later runs: src/stamp changed while it ran" in outcome.stdout
    assert not cached(build.run())
    assert any("src/stamp" in reason for reason in why(build))


def test_an_output_that_is_missing_fails_the_step_cached_or_not(build: Project) -> None:
    build.replace("pipeline.yaml", '["dist/**"]', '["dist/**", "lib/*.so"]')
    for flags in ((), ("--no-cache",)):
        outcome = build.run(*flags)
        assert outcome.code == 1
        assert outcome.reason("build") == "it did not make lib/*.so"


def test_the_flags_and_the_key_of_a_step(build: Project) -> None:
    build.run()
    assert not cached(build.run("--no-cache"))
    assert why(build) == ["never cached: --no-cache"]
    assert not cached(build.run("--refresh"))
    assert why(build) == ["--refresh: nothing was taken from the cache"]
    build.env["BUILDTOOLS_RUN_NO_CACHE"] = "1"
    assert not cached(build.run())
    del build.env["BUILDTOOLS_RUN_NO_CACHE"]
    assert cached(build.run())
    build.replace("pipeline.yaml", "    with:", "    cache: false\n    with:")
    assert not cached(build.run())
    assert why(build) == ["never cached: the step says cache: false"]
    assert ran(build) == 5


def test_no_cache_neither_reads_nor_writes(build: Project) -> None:
    build.run("--no-cache")
    assert not (build.root / ".buildtools/cache").exists()


def test_a_step_without_inputs_opens_nothing(project: Any) -> None:
    made = project({"pipeline.yaml": "steps: {a: {uses: shell, with: {run: 'true'}}}"})
    made.run()
    assert sorted(path.name for path in (made.root / ".buildtools").iterdir()) == [
        ".gitignore",
        "history.sqlite",
        "runs",
    ]
    assert why(made, "a") == ["never cached: it does not say what its result depends on"]


def test_what_a_needed_step_puts_out_is_part_of_the_key(project: Any) -> None:
    made = project(
        {
            "pipeline.yaml": """
            steps:
              first: {uses: word}
              build:
                uses: shell
                needs: [first]
                with: {run: echo x >> ../ran, inputs: [src/*]}
            """,
            "src/a": "a",
            "word": "1",
            "steps/word.py": """
            from buildtools.plugin import Step, StepResult

            class Word(Step, frozen=True):
                '''Put out a word.'''
                def run(self, ctx):
                    return StepResult(outputs={"word": (ctx.root / "word").read_text()})
            """,
        }
    )
    made.run()
    assert cached(made.run())
    made.write({"word": "2"})
    assert not cached(made.run())
    assert why(made) == ["output first.word changed"]


PLUGIN = """
from pathlib import Path
from buildtools.plugin import Inputs, Kind, Step, StepResult, Artifact

class Count(Step, frozen=True):
    '''Count.'''
    kind = Kind.CHECK
    version = "1"

    def inputs(self, ctx):
        return Inputs(files=(ctx.root / "data",), tools=(("tool", (ctx.root / "tool").read_text()),))

    def run(self, ctx):
        with open(ctx.root.parent / "ran", "a") as file:
            file.write("x\\n")
        made = ctx.reports / "made.txt"
        made.write_text("made")
        return StepResult(
            outputs={"n": "1"}, artifacts=(Artifact(name="made", path=made.relative_to(ctx.root).as_posix()),)
        )
"""


def test_a_plugin_of_ones_own_is_kept_with_its_artifacts(project: Any) -> None:
    made = project({"pipeline.yaml": "steps: {n: {uses: count}}", "steps/count.py": PLUGIN, "data": "1", "tool": "4.1"})
    made.run()
    (made.root / "build/reports/made.txt").write_text("something else")
    second = made.run()
    assert cached(second, "n")
    assert second.report("made.txt") == b"made", "an artifact is always the step's own"
    assert second.steps["n"]["result"]["outputs"] == {"n": "1"}
    made.write({"tool": "4.2"})
    assert not cached(made.run(), "n")
    assert why(made, "n") == ["tool 4.1 → 4.2"]
    made.write({"steps/count.py": PLUGIN.replace('"made"', '"other"')})
    assert not cached(made.run(), "n")
    assert why(made, "n") == ["plugin's code changed"]
    (made.root / "data").unlink()
    assert not cached(made.run(), "n")
    assert why(made, "n") == ["data gone"]


PARTS = """
from buildtools.plugin import Step, StepResult

class Parts(Step, frozen=True):
    '''Look at files one by one.'''

    def run(self, ctx):
        for file in sorted((ctx.root / "src").iterdir()):
            key = f"{file.name} {ctx.cache.digest(file)}"
            if ctx.cache.get(key) is None:
                ctx.cache.explain(f"src/{file.name}", "changed, or new")
                ctx.output(f"looked at {file.name}\\n")
                ctx.cache.put(key, b"seen")
        return StepResult()
"""


def test_a_plugin_that_keeps_parts_of_its_work_does_only_the_rest(project: Any) -> None:
    made = project({"pipeline.yaml": "steps: {p: {uses: parts}}", "steps/parts.py": PARTS, "src/a": "a", "src/b": "b"})
    assert log_of(made, made.run(), "p") == "looked at a\nlooked at b\n"
    assert why(made, "p") == ["src/a changed, or new", "src/b changed, or new"]
    made.write({"src/b": "B"})
    assert log_of(made, made.run(), "p") == "looked at b\n"
    again = made.run()
    assert "log" not in again.steps["p"]
    assert not cached(again, "p"), "it ran, however little it did"
    assert why(made, "p") == ["what it looks at was in the cache"]
    assert log_of(made, made.run("--refresh"), "p") == "looked at a\nlooked at b\n"


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("1", "TypeError: inputs() returned int instead of Inputs"),
        ("Inputs(env=(1,))", "TypeError: inputs() returned an Inputs whose fields are not of their types"),
        ("Inputs(outputs=('../x',))", "ValueError: '../x' leads out of the folder"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_plugin_that_cannot_say_its_inputs_runs_with_a_warning(project: Any, returned: str, said: str) -> None:
    plugin = PLUGIN.replace(
        'Inputs(files=(ctx.root / "data",), tools=(("tool", (ctx.root / "tool").read_text()),))', returned
    )
    made = project({"pipeline.yaml": "steps: {n: {uses: count}}", "steps/count.py": plugin})
    outcome = made.run()
    assert outcome.code == 0
    warnings = outcome.steps["n"]["result"]["warnings"]
    assert warnings == [f"its result is not kept: plugin count cannot say what it depends on: {said}"]


def test_inputs_that_match_nothing_are_never_kept(build: Project) -> None:
    build.replace("pipeline.yaml", '["src/**"]', '["source/**"]')
    for _ in range(2):
        outcome = build.run()
        assert outcome.code == 0
        assert "no file matches its inputs (source/**)" in outcome.stdout
    assert ran(build) == 2


def test_secrets_never_land_in_the_cache(project: Any) -> None:
    made = project(
        {
            "pipeline.yaml": """
            secrets-file: secrets.yaml
            steps:
              option:
                uses: shell
                with: {run: "echo ${secret.TOKEN} | rev > option.txt", inputs: [src/*], outputs: [option.txt]}
              env:
                uses: shell
                env: {T: "${secret.TOKEN}"}
                with: {run: "echo $T", inputs: [src/*]}
              file:
                uses: shell
                with: {run: "sed -n 's/TOKEN: //p' secrets.yaml > file.txt", inputs: [src/*], outputs: [file.txt]}
              log:
                uses: shell
                with: {run: cat secrets.yaml, inputs: [src/*]}
            """,
            "secrets.yaml": "TOKEN: hunter2-and-more\n",
            "src/a": "a",
        }
    )
    (made.root / "secrets.yaml").chmod(0o600)
    assert made.run().code == 0
    again = made.run()
    assert {step: cached(again, step) for step in ("option", "env", "file", "log")} == {
        "option": False,
        "env": False,
        "file": False,
        "log": True,
    }
    assert why(made, "option") == ["never cached: a secret stands in its options or its environment"]
    assert "not kept: a secret stands in file.txt" in why(made, "file")
    assert log_of(made, again, "log") == "TOKEN: ***\n"
    for blob in blobs(made):
        data = blob.read_bytes()
        assert b"hunter2" not in data
        assert b"2retnuh" not in data


def test_what_a_tool_keeps_is_removed_if_a_secret_stands_in_it(project: Any) -> None:
    made = project(
        {
            "pipeline.yaml": """\
                secrets-file: secrets.yaml
                steps:
                  lint:
                    uses: pylint
                    with: {paths: [src], fail-under: -99, args: ["--msg-template=${secret.TOKEN}", "--persistent=n"]}
                """,
            "secrets.yaml": "TOKEN: hunter2-and-more\n",
            "src/a.py": "print(undefined_here)\n",
        }
    )
    (made.root / "secrets.yaml").chmod(0o600)
    for _ in range(2):
        assert made.run().code == 0
        kept = [path for path in (made.root / ".buildtools").rglob("*") if path.is_file()]
        assert [path for path in kept if b"hunter2" in path.read_bytes()] == []


# What happens to the cache itself.


def test_a_moved_project_and_another_checkout_keep_their_results(build: Project, tmp_path: Path) -> None:
    build.run()
    other = tmp_path / "other"
    other.mkdir()
    for name in ("pipeline.yaml", "src"):
        (shutil.copytree if name == "src" else shutil.copy)(build.root / name, other / name)
    for path in (other / "src").iterdir():
        os.utime(path)
    # As a CI system's cache service does it: packed there, unpacked here.
    packed = subprocess.run(
        ["tar", "-cf-", ".buildtools/cache"], cwd=build.root, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-xf-"], cwd=other, input=packed, check=True)
    moved = build.root.rename(tmp_path / "moved")
    for place in (other, moved):
        shutil.rmtree(place / "dist", ignore_errors=True)
        project = Project(place, build.home, tmp_path / "importable")
        project.env = build.env
        outcome = project.run()
        assert outcome.code == 0
        assert cached(outcome), place
        assert (place / "dist/all.txt").read_text() == "a\nb\n"
    assert ran(build) == 1


DAMAGE: Mapping[str, Any] = {
    "flipped": lambda data, chance: bytes([*data[:-1], data[-1] ^ (1 << chance.randrange(8))]),
    "truncated": lambda data, chance: data[: chance.randrange(len(data))],
    "empty": lambda _data, _chance: b"",
    "foreign": lambda _data, chance: chance.randbytes(100),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_a_slower_run(build: Project, damage: str) -> None:
    build.run()
    chance = random.Random(damage)
    for blob in blobs(build):
        whole = blob.read_bytes()
        blob.write_bytes(DAMAGE[damage](whole, chance))
        shutil.rmtree(build.root / "dist")
        outcome = build.run()
        assert (outcome.code, outcome.text.count("warning")) == (0, 0)
        assert (build.root / "dist/all.txt").read_text() == "a\nb\n"
    assert ran(build) > 1
    assert cached(build.run())


def test_swapped_blobs_are_a_slower_run(build: Project) -> None:
    build.run()
    files = blobs(build)
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, contents[1:] + contents[:1], strict=True):
        file.write_bytes(content)
    shutil.rmtree(build.root / "dist")
    outcome = build.run()
    assert (outcome.code, cached(outcome)) == (0, False)
    assert (build.root / "dist/all.txt").read_text() == "a\nb\n"


def test_a_file_in_the_caches_place_is_one_warning(build: Project) -> None:
    build.replace(
        "pipeline.yaml", "  build:", "  also:\n    uses: shell\n    with: {run: 'true', inputs: [src/*]}\n  build:"
    )
    build.write({".buildtools/cache": "in the way"})
    for _ in range(2):
        outcome = build.run()
        assert outcome.code == 0
        assert outcome.stdout.count("the cache cannot be") == 1, "not once a step"
        assert "the run goes on without" in outcome.stdout
    assert ran(build) == 2
    assert "in the way" in (build.root / ".buildtools/cache").read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_cache_is_used_for_reading(build: Project) -> None:
    build.run()
    folders = [path for path in (build.root / ".buildtools/cache").rglob("*") if path.is_dir()]
    for folder in (*folders, build.root / ".buildtools/cache"):
        folder.chmod(0o555)
    assert cached(build.run())
    build.write({"src/a": "other"})
    outcome = build.run()
    assert (outcome.code, cached(outcome)) == (0, False)
    assert outcome.stdout.count("the cache cannot be written") == 1
    for folder in (*folders, build.root / ".buildtools/cache"):
        folder.chmod(0o755)


def test_two_runs_at_once_and_one_that_is_killed(build: Project) -> None:
    build.replace("pipeline.yaml", "echo built;", "sleep 0.5; echo built;")
    command = [sys.executable, "-m", "buildtools", "run", "--output", "plain"]
    pair = [subprocess.Popen(command, cwd=build.root, env=build.env, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(60) for process in pair] == [0, 0]
    assert cached(build.run())
    build.write({"src/a": "other\n"})
    killed = subprocess.Popen(command, cwd=build.root, env=build.env, stdout=subprocess.DEVNULL)
    before = ran(build)
    deadline = time.monotonic() + 30
    while ran(build) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    outcome = build.run()
    assert (outcome.code, cached(outcome)) == (0, False)
    assert (build.root / "dist/all.txt").read_text() == "other\nb\n"
    assert cached(build.run())


def test_a_result_that_was_thrown_away_is_made_again(build: Project) -> None:
    build.run()
    build.call("cache", "gc", "--max-size", "0")
    outcome = build.run()
    assert (outcome.code, cached(outcome)) == (0, False)
    assert cached(build.run())


def test_a_step_alone_is_kept_too(project: Any) -> None:
    made = project({"src/a": "a"})
    words = ("step", "shell", "--inputs", "src/*", "echo x >> ../ran")
    assert made.call(*words).code == 0
    assert "(cached)" in made.call(*words).stdout
    assert made.call("step", "--no-cache", *words[1:]).code == 0
    assert ran(made) == 2


def test_a_link_to_nowhere_that_goes_is_gone(project: Any) -> None:
    made = project(
        {"pipeline.yaml": 'steps: {build: {uses: shell, with: {run: "true", inputs: ["src/**"]}}}', "src/a": "a"}
    )
    link = made.root / "src/dangling"
    link.symlink_to("nowhere")
    made.run()
    link.unlink()
    assert not cached(made.run())
    assert why(made) == ["src/dangling gone"]
    link.write_text("x")
    made.run()
    assert why(made) == ["src/dangling new"]


def test_nothing_is_put_back_through_a_link_out_of_the_project(build: Project, tmp_path: Path) -> None:
    build.run()
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.rmtree(build.root / "dist")
    (build.root / "dist").symlink_to(outside)
    again = build.run()
    assert not cached(again)
    assert why(build)[0] == "not taken from the cache: dist/all.txt lies outside of the project"
    assert (outside / "all.txt").read_text() == "a\nb\n", "made by the command, which may do as it likes"

    # Nor if what is there happens to be right already.
    (build.root / "dist").unlink()
    build.run()
    (build.root / "dist").rename(tmp_path / "elsewhere")
    (build.root / "dist").symlink_to(tmp_path / "elsewhere")
    assert not cached(build.run())


def test_a_link_inside_the_project_is_no_way_out(project: Any) -> None:
    made = project(
        {
            "pipeline.yaml": """
            steps:
              build:
                uses: shell
                cwd: here
                with: {run: mkdir -p dist; cat in > dist/x, inputs: [in], outputs: ["dist/**"]}
            """,
            "real/in": "x",
        }
    )
    (made.root / "here").symlink_to("real")
    made.run()
    shutil.rmtree(made.root / "real/dist")
    assert cached(made.run())
    assert (made.root / "real/dist/x").read_text() == "x"


@pytest.mark.parametrize(
    "files",
    [
        (KeptFile(path="dist", link="{outside}"), KeptFile(path="dist/o.txt", digest=DIGEST)),
        (KeptFile(path="../outside/o.txt", digest=DIGEST),),
        (KeptFile(path="src/../../outside/o.txt", digest=DIGEST),),
        (KeptFile(path="{outside}/o.txt", digest=DIGEST),),
        (KeptFile(path="/o.txt", digest=DIGEST),),
        (KeptFile(path="src/..", link="{outside}"),),
    ],
)
def test_a_poisoned_cache_writes_nothing_outside(tmp_path: Path, files: tuple[KeptFile, ...]) -> None:
    root, outside = tmp_path / "project", tmp_path / "outside"
    for folder in (root / "src", outside):
        folder.mkdir(parents=True)
    store = Store(tmp_path / "cache")
    store.put(named(DIGEST), b"poison")
    area = Area(root=root, workdir=root, reports=root / "build/reports")
    poisoned = [
        msgspec.structs.replace(
            file, path=file.path.replace("{outside}", str(outside)), link=file.link.replace("{outside}", str(outside))
        )
        for file in files
    ]
    with pytest.raises(NotKept):
        Restoring(area, store, Digests(root, store)).put_back(poisoned, ())
    assert [*outside.iterdir()] == []
    assert [*root.iterdir()] == [root / "src"]


def test_a_helper_beside_the_plugin_is_part_of_its_code(project: Any) -> None:
    plugin = """
    import sys
    from pathlib import Path
    sys.path.insert(0, str(Path(__file__).parent))
    from _words import WORD
    from buildtools.plugin import Inputs, Step, StepResult

    class Say(Step, frozen=True):
        \'\'\'Say a word.\'\'\'

        def inputs(self, ctx):
            return Inputs(files=(ctx.root / "data",))

        def run(self, ctx):
            ctx.output(WORD)
            return StepResult()
    """
    made = project(
        {
            "pipeline.yaml": "steps: {n: {uses: say}}",
            "steps/say.py": plugin,
            "steps/_words.py": "WORD = 'one'",
            "data": "1",
        }
    )
    made.run()
    assert cached(made.run(), "n")
    made.write({"steps/_words.py": "WORD = 'other'"})
    again = made.run()
    assert log_of(made, again, "n") == "other"
    assert why(made, "n") == ["plugin's code changed"]
