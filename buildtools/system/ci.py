"""Which CI system this is, and what it knows that a detached checkout does not: branch, tag, the branch merged into.

Sources: the systems' own documentation of their predefined variables. All functions take the environment as a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

CI = Literal["teamcity", "github", "gitlab", "jenkins", ""]


def detect(env: Mapping[str, str]) -> CI:
    """Return the CI system whose environment this is, `""` for none that is known."""
    if env.get("TEAMCITY_VERSION"):
        return "teamcity"
    if env.get("GITHUB_ACTIONS") == "true":
        return "github"
    if env.get("GITLAB_CI"):
        return "gitlab"
    if env.get("JENKINS_URL") or env.get("JENKINS_HOME"):
        return "jenkins"
    return ""


def branch(env: Mapping[str, str]) -> str:
    """Return the branch that is being built, without `refs/heads/` or `origin/`; `""` if the environment says none.

    For a pull or merge request it is what the system itself calls that build (`7/merge`, `PR-7`, or nothing), never the
    source branch: whoever proposes a change names that, and `main` must not deploy from somebody else's copy. TeamCity
    gives it to the build as a parameter only: pass it on as the environment parameter `env.TEAMCITY_BUILD_BRANCH` =
    `%teamcity.build.branch%`, or as `env.BRANCH_NAME`.
    """
    system = detect(env)
    if system == "github":
        return "" if env.get("GITHUB_REF_TYPE") == "tag" else _short(env.get("GITHUB_REF_NAME", ""))
    if system == "gitlab":
        return env.get("CI_COMMIT_BRANCH", "")
    if system == "jenkins":
        if env.get("TAG_NAME"):
            return ""
        return env.get("BRANCH_NAME") or _short(env.get("GIT_BRANCH", ""))
    if system == "teamcity":
        name = env.get("TEAMCITY_BUILD_BRANCH") or env.get("BRANCH_NAME") or env.get("BUILD_BRANCH", "")
        # `<default>` is TeamCity's own word for the default branch: it names none.
        return "" if name.startswith("<") else _short(name)
    return ""


def tag(env: Mapping[str, str]) -> str:
    """Return the tag that is being built, `""` for none."""
    system = detect(env)
    if system == "github":
        return env.get("GITHUB_REF_NAME", "") if env.get("GITHUB_REF_TYPE") == "tag" else ""
    if system == "gitlab":
        return env.get("CI_COMMIT_TAG", "")
    if system == "jenkins":
        return env.get("TAG_NAME", "")
    return ""


def bases(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return git revisions to compare this build with, best first: a request's target, else the build before."""
    system = detect(env)
    found: list[str] = []
    if system == "github" and env.get("GITHUB_BASE_REF"):
        found = [f"origin/{env['GITHUB_BASE_REF']}", env["GITHUB_BASE_REF"]]
    if system == "gitlab":
        target = env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
        before = env.get("CI_COMMIT_BEFORE_SHA", "")
        found = [env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")]
        found += [f"origin/{target}"] if target else []
        # GitLab writes zeros where there is no build before.
        found += [before] if before.strip("0") and not target else []
    if system == "jenkins":
        target = env.get("CHANGE_TARGET", "")
        found = [f"origin/{target}", target] if target else [env.get("GIT_PREVIOUS_SUCCESSFUL_COMMIT", "")]
    return tuple(name for name in found if name)


def _short(ref: str) -> str:
    for prefix in ("refs/heads/", "refs/remotes/origin/", "origin/"):
        if ref.startswith(prefix):
            return ref[len(prefix) :]
    return ref
