"""`${git.*}`: what git, or the CI system where HEAD is detached, knows of the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from buildtools.pipeline.problems import suggest
from buildtools.pipeline.values import Unresolved
from buildtools.system import ci
from buildtools.system.git import GitError, Repository


def git_values(root: Path, env: Mapping[str, str]) -> Callable[[str], str]:
    """Return a function from `revision`, `short`, `branch`, `tag`, `dirty` to its value; it raises `Unresolved`.

    Nothing is asked before it is called, and nothing twice. Without a tag, or a branch, the value is empty.
    """
    git = Repository(root)
    known: dict[str, Callable[[], str]] = {
        "revision": lambda: git.revision,
        "short": lambda: git.short,
        "branch": lambda: git.branch or ci.branch(env),
        "tag": lambda: ci.tag(env) or next(iter(git.tags), ""),
        "dirty": lambda: "true" if git.dirty else "false",
    }

    def look_up(name: str) -> str:
        if name not in known:
            raise Unresolved(f"git has no value {name}", suggest(name, known))
        try:
            return known[name]()
        except GitError as error:
            hint = error.remedy or f"Write ${{git.{name}:-default}} where there may be no repository."
            raise Unresolved(error.message, hint) from None

    return look_up
