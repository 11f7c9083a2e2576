"""`buildtools cache` and `buildtools why`, as people read them."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest

from tests.support.project import Project


@pytest.fixture
def made(project: Any) -> Project:
    value: Project = project(
        {
            "pipeline.yaml": """
            steps:
              lint:
                uses: shell
                with: {run: "true", check: true, inputs: ["src/**"]}
              unit:
                uses: shell
                matrix: {version: ["1", "2"]}
                with: {run: "true", check: true, inputs: ["src/**"]}
            """,
            "src/a": "a",
        }
    )
    return value


def test_stats_gc_and_clear(made: Project) -> None:
    folder = str(made.root / ".buildtools/cache")
    empty = json.loads(made.call("cache", "stats", "--json").stdout)
    assert (empty["folder"], empty["blobs"], empty["bytes"], empty["oldest"]) == (folder, 0, 0, None)
    made.run()
    full = json.loads(made.call("cache", "stats", "--json").stdout)
    assert full["blobs"] >= 6
    assert full["bytes"] > 1_000
    text = made.call("cache", "stats").stdout
    assert text.startswith(f"{folder}\n")
    assert f"{full['blobs']} entries" in text
    assert "of at most 1.1 GB" in text

    assert json.loads(made.call("cache", "gc", "--json").stdout)["removed"] == 0
    swept = json.loads(made.call("cache", "gc", "--max-size", "1kB", "--json").stdout)
    assert swept["removed"] > 0
    assert swept["bytes"] <= 1_000
    assert ", 0 B left" in made.call("cache", "gc", "--max-size", "0").stdout

    made.run()
    assert " removed" in made.call("cache", "clear").stdout
    assert not (made.root / ".buildtools/cache").exists()
    assert "nothing was there" in made.call("cache", "clear").stdout
    assert made.run().code == 0


@pytest.mark.parametrize("size", ["x", "-1", "1T", "1e9", "", "1.2.3M"])
def test_a_size_that_is_none_is_a_usage_error(made: Project, size: str) -> None:
    outcome = made.call("cache", "gc", "--max-size", size)
    assert outcome.code == 2
    assert "is no size such as 500M, 1.5G or 2GiB" in outcome.stderr


def test_the_cache_is_found_from_below_and_by_the_file(made: Project) -> None:
    made.run()
    stats = made.call("cache", "stats").stdout
    assert made.call("-C", "src", "cache", "stats").stdout == stats
    assert made.call("cache", "stats", "-C", "src", "-f", "../pipeline.yaml").stdout == stats


def test_a_file_that_is_named_must_be_there(made: Project) -> None:
    made.run()
    for words in (("cache", "stats"), ("cache", "clear"), ("cache", "gc"), ("why", "lint")):
        outcome = made.call(*words, "-f", "nope.yaml")
        assert (outcome.code, outcome.stdout) == (3, ""), outcome
        assert "nope.yaml: no such file" in outcome.stderr
    outcome = made.call("-C", "/", "cache", "stats")
    assert outcome.code == 3
    assert "no pipeline file in /" in outcome.stderr


def test_what_gc_cannot_remove_is_an_error(made: Project) -> None:
    made.run()
    folders = [path for path in (made.root / ".buildtools/cache").iterdir() if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        if os.access(folders[0], os.W_OK):
            pytest.skip("root may write anywhere")
        outcome = made.call("cache", "gc", "--max-size", "0")
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert outcome.code == 5
    assert ": 0 entries removed (0 B), " in outcome.stdout
    assert re.search(r"\d+ entries could not be removed, such as .*: Permission denied", outcome.stderr)


def test_why_tells_the_files_and_fits_eighty_columns(made: Project) -> None:
    made.run()
    made.write({"src/a": "b", "src/" + "long" * 12: "x", **{f"src/{number:03}": "x" for number in range(60)}})
    made.run()
    outcome = made.call("why", "lint", env={"COLUMNS": "80"})
    assert outcome.code == 0
    lines = outcome.stdout.splitlines()
    assert lines[0].startswith("lint ran and passed in run 2")
    assert "new" in lines[1]
    assert lines[-1] == "  and 22 more; --json has all"
    assert max(map(len, lines)) <= 80
    (answer,) = json.loads(made.call("why", "lint", "--json").stdout)
    assert len(answer["reasons"]) == 62
    assert {"subject": "src/a", "why": "changed"} in answer["reasons"]


def test_why_answers_for_every_member_and_for_the_last_run_that_had_it(made: Project) -> None:
    made.run()
    made.run("unit[version=1]")
    made.run("lint")
    shown = made.call("why", "unit").stdout
    assert "unit[version=1] came from the cache in run" in shown
    assert "version=2" not in shown, "the last run that had the step had that member alone"
    assert "unit[version=2] ran and passed" in made.call("why", "unit[version=2]").stdout


def test_why_of_an_unknown_step_is_a_usage_error(made: Project) -> None:
    made.run()
    outcome = made.call("why", "lnt")
    assert outcome.code == 2
    assert "no run that is on record ran a step called 'lnt'. Did you mean 'lint'?" in outcome.stderr


def test_why_hides_secrets(project: Any) -> None:
    made = project(
        {
            "pipeline.yaml": """
            secrets-file: secrets.yaml
            steps: {a: {uses: shell, with: {run: "true", inputs: ["src/**"]}}}
            """,
            "secrets.yaml": "TOKEN: hunter2-and-more\n",
            "src/hunter2-and-more.txt": "x",
        }
    )
    (made.root / "secrets.yaml").chmod(0o600)
    made.run()
    made.write({"src/hunter2-and-more.txt": "y"})
    made.run()
    assert "src/***.txt  changed" in made.call("why", "a").stdout


BREAKS = """
import time
from buildtools.plugin import Status, Step, StepError, StepResult

class Breaks(Step, frozen=True):
    '''Look into the cache, and end as it is told.'''

    how: str

    def run(self, ctx):
        ctx.cache.get("key")
        if self.how == "error":
            raise StepError("it broke down")
        if self.how == "slow":
            ctx.run(["sleep", "60"])
        return StepResult(status=Status(self.how), reason="as told")
"""


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("error", "it ended before it said what had to be done: it broke down"),
        ("slow", "it ended before it said what had to be done: took longer than 1 s"),
        ("skipped", "there was nothing to do: as told"),
        ("failed", "what it looks at was in the cache"),
        ("passed", "what it looks at was in the cache"),
    ],
)
def test_why_claims_no_more_than_is_known(project: Any, how: str, said: str) -> None:
    pipeline = f"steps: {{a: {{uses: breaks, timeout: {1 if how == 'slow' else 60}, with: {{how: {how}}}}}}}"
    made = project({"pipeline.yaml": pipeline, "steps/breaks.py": BREAKS})
    made.run()
    (answer,) = json.loads(made.call("why", "a", "--json").stdout)
    assert [reason["why"] for reason in answer["reasons"]] == [said]


def test_why_of_a_step_that_was_passed_over(project: Any) -> None:
    made = project(
        {
            "pipeline.yaml": """
            steps:
              a: {uses: shell, when: {branch: nowhere}, with: {run: "true"}}
              b: {uses: shell, matrix: {n: ["1", "2"]}, when: {branch: nowhere}, with: {run: "true"}}
            """
        }
    )
    made.run()
    outcome = made.call("why", "a")
    assert outcome.code == 2
    assert "no run that is on record ran 'a'; the last one left it skipped: " in outcome.stderr
    assert "Did you mean" not in outcome.stderr
    assert "ran 'b[n=1]'; the last one left it skipped: " in made.call("why", "b").stderr
