from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from buildtools.pipeline.conditions import Facts, why_not
from buildtools.pipeline.globs import matches, matches_path
from tests.pipeline.project import Project

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, project: Project) -> Git:
    def run(*words: str) -> str:
        given = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
        return subprocess.run(given, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    run("init", "-q", "-b", "main")
    run("add", ".")
    run("commit", "-q", "-m", "first")
    return run


def why(project: Project, when: str, **env: str) -> str | None:
    project.env = env
    pipeline = project.load(f"properties: {{target: test}}\nsteps:\n  one: {{uses: probe, when: {when}}}\n")
    condition = pipeline.steps[0].when
    assert condition is not None
    return why_not(condition, Facts(pipeline.root, env=env, properties=pipeline.properties))


@pytest.mark.parametrize(
    ("text", "pattern", "free", "expected"),
    [
        ("main", "main", False, True),
        ("main", "mai", False, False),
        ("release/1.0", "release/*", False, True),
        ("release/1/0", "release/*", False, False),
        ("release/1/0", "release/**", False, True),
        ("a/b", "*", True, True),
        ("v1", "v[0-9]", False, True),
        ("v-", "v[!0-9]", False, True),
        ("v1", "v[!0-9]", False, False),
        ("a[b", "a[b", False, True),
        ("a.b", "a?b", False, True),
        ("axb", "a.b", False, False),
        ("[deploy] x", "[[]deploy] *", True, True),
        ("line\nend", "line*", True, True),
    ],
)
def test_globs(text: str, pattern: str, free: bool, expected: bool) -> None:
    assert matches(text, pattern, free=free) is expected


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.js", "**/*.js", True),
        ("x/y/a.js", "**/*.js", True),
        ("x/a.js", "*.js", False),
        ("vendor/a.js", "vendor/**/*.js", True),
        ("x/vendor/a.js", "vendor/**", False),
        ("docs/a/b", "docs/", True),
        ("docs/a/b", "./docs/**", True),
        ("docs2/a", "docs/", False),
    ],
)
def test_path_globs(path: str, pattern: str, expected: bool) -> None:
    assert matches_path(path, pattern) is expected


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("{branch: main}", None),
        ("{branch: [topic, ma*]}", None),
        ("{branch: [topic, 'release/*']}", "branch is 'main', not topic or release/*"),
        ("{not: {branch: main}}", "not: branch holds"),
        ("{not: {branch: topic}}", None),
        ("{not: {not: {branch: main}}}", None),
        ("{tag: '*'}", "the commit has no tag, not *"),
        ("{message: 'fir*'}", None),
        ("{message: '*[deploy]*'}", "the commit's message is 'first', not *[deploy]*"),
        ("{env: {CI: true, STAGE: pr*}}", None),
        ("{env: {CI: false}}", "env: CI is something else, not false"),
        ("{env: {OFF: true}}", "env: OFF is something else, not true"),
        ("{env: {NONE: false}}", None),
        ("{env: {NONE: x}}", "env: NONE is not set, not x"),
        ("{property: {target: [prod, test]}}", None),
        ("{property: {target: prod}}", "property: target is 'test', not prod"),
        ("{property: {none: x}}", "property: none is not defined"),
        ("{branch: main, env: {NONE: x}}", "env: NONE is not set, not x"),
        ("{branch: '${target}'}", "branch is 'main', not test"),
        ("{os: [linux, macos, windows]}", None),
    ],
)
def test_conditions(project: Project, git: Git, when: str, reason: str | None) -> None:
    assert why(project, when, CI="true", STAGE="prod", OFF="0") == reason


def test_a_tag(project: Project, git: Git) -> None:
    git("tag", "v1.0")
    git("tag", "other")
    assert why(project, "{tag: v*}") is None
    assert why(project, "{tag: x*}") == "tag is v1.0 or other, not x*"


def test_a_detached_head(project: Project, git: Git) -> None:
    git("checkout", "-q", "--detach")
    assert why(project, "{branch: '*'}") == "no branch is checked out, not *"
    assert why(project, "{branch: topic}", GITLAB_CI="true", CI_COMMIT_BRANCH="topic") is None
    assert why(project, "{tag: v1}", GITLAB_CI="true", CI_COMMIT_TAG="v1") is None


def test_changed_files(project: Project, git: Git) -> None:
    git("checkout", "-q", "-b", "topic")
    project.write("src/a.py", "1")
    git("add", ".")
    git("commit", "-q", "-m", "second")
    project.write("docs/new.md", "1")
    assert why(project, "{changed: 'src/**'}") is None
    assert why(project, "{changed: docs/}") is None
    assert why(project, "{changed: 'lib/**'}") == "no changed file matches lib/**"
    assert why(project, "{not: {changed: 'lib/**'}}") is None
    git("checkout", "-q", "main")
    git("merge", "-q", "topic")
    # On the base itself: against the commit before.
    assert why(project, "{changed: 'src/**'}") is None
    assert why(project, "{changed: 'steps/**'}") is not None


def test_without_a_repository(project: Project) -> None:
    assert "it cannot be told" in (why(project, "{branch: main}") or "")
    assert why(project, "{not: {branch: main}}") is not None
    assert why(project, "{changed: 'src/**'}") is None
    assert why(project, "{not: {changed: 'docs/**'}}") is None
