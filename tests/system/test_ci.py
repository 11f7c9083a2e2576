from __future__ import annotations

import pytest

from buildtools.system.ci import bases, branch, detect, tag


@pytest.mark.parametrize(
    ("env", "system", "on", "tagged"),
    [
        ({}, "", "", ""),
        ({"GIT_BRANCH": "origin/x"}, "", "", ""),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "a/b"}, "github", "a/b", ""),
        ({"GITHUB_ACTIONS": "true", "GITHUB_HEAD_REF": "main", "GITHUB_REF_NAME": "7/merge"}, "github", "7/merge", ""),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"}, "github", "", "v1"),
        ({"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main"}, "gitlab", "main", ""),
        ({"GITLAB_CI": "true", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "main"}, "gitlab", "", ""),
        ({"GITLAB_CI": "true", "CI_COMMIT_TAG": "v1"}, "gitlab", "", "v1"),
        ({"JENKINS_URL": "x", "BRANCH_NAME": "PR-7", "CHANGE_BRANCH": "main"}, "jenkins", "PR-7", ""),
        ({"JENKINS_URL": "x", "GIT_BRANCH": "origin/main"}, "jenkins", "main", ""),
        ({"JENKINS_URL": "x", "BRANCH_NAME": "v1", "TAG_NAME": "v1"}, "jenkins", "", "v1"),
        ({"TEAMCITY_VERSION": "2024", "TEAMCITY_BUILD_BRANCH": "refs/heads/main"}, "teamcity", "main", ""),
        ({"TEAMCITY_VERSION": "2024", "TEAMCITY_BUILD_BRANCH": "<default>"}, "teamcity", "", ""),
    ],
)
def test_what_the_environment_says(env: dict[str, str], system: str, on: str, tagged: str) -> None:
    assert (detect(env), branch(env), tag(env)) == (system, on, tagged)


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, ()),
        ({"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main"}, ("origin/main", "main")),
        ({"GITLAB_CI": "1", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc"}, ("abc",)),
        ({"GITLAB_CI": "1", "CI_COMMIT_BEFORE_SHA": "0" * 40}, ()),
        ({"GITLAB_CI": "1", "CI_COMMIT_BEFORE_SHA": "abc"}, ("abc",)),
        ({"JENKINS_URL": "x", "CHANGE_TARGET": "main"}, ("origin/main", "main")),
        ({"JENKINS_URL": "x", "GIT_PREVIOUS_SUCCESSFUL_COMMIT": "abc"}, ("abc",)),
    ],
)
def test_what_to_compare_with(env: dict[str, str], expected: tuple[str, ...]) -> None:
    assert bases(env) == expected
