"""`when`: reading it, and saying whether it holds.

`branch`, `tag`, `message`, `changed` and `property` take globs; `env` too, where `true` also means "set to something
but 0, false, no or off" and `false` the opposite; `os` is linux, macos or windows. What git cannot tell (no
repository, no such program) does not hold; only for `changed` it counts as changed, with or without `not`, so that an
unknown merge base never keeps a check from running.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from buildtools.pipeline.globs import matches, matches_path
from buildtools.pipeline.model import Condition
from buildtools.pipeline.problems import Problems, suggest
from buildtools.pipeline.source import Entries, Items, Node, Text, shape, shown
from buildtools.system import ci
from buildtools.system.git import GitError, Repository

KEYS = ("branch", "tag", "message", "changed", "env", "property", "os", "not")
SYSTEMS = {"linux": "linux", "darwin": "macos", "macos": "macos", "win32": "windows", "windows": "windows"}
_NO = ("", "0", "false", "no", "off")


class Facts:
    """What conditions ask about, found out when it is asked: the branch, the changed files, the environment."""

    def __init__(self, root: Path, *, env: Mapping[str, str], properties: Mapping[str, str]) -> None:
        self.env = env
        self.properties = properties
        self._git = Repository(root)

    @cached_property
    def branch(self) -> str:
        """The branch, from the CI system where HEAD is detached; `""` if there is none. May raise `GitError`."""
        return self._git.branch or ci.branch(self.env)

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The tags of the commit, or the one that the CI system builds. May raise `GitError`."""
        built = ci.tag(self.env)
        return (built,) if built else self._git.tags

    @cached_property
    def subject(self) -> str:
        """The first line of the commit's message. May raise `GitError`."""
        return self._git.subject

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """The changed files against the merge base, relative to the root. May raise `GitError`."""
        base = self._git.default_base(ci.bases(self.env))
        if not base:
            raise GitError("no branch to compare with is known")
        return self._git.changed(base)

    @cached_property
    def os(self) -> str:
        """`linux`, `macos`, `windows`, or Python's name of another system."""
        import sys

        return SYSTEMS.get(sys.platform, sys.platform)


def read_condition(node: Node, problems: Problems, read: Callable[[Text], str | None]) -> Condition | None:
    """Return what a `when` says; its problems, if any, are noted, and what is right of it is returned."""
    if not isinstance(node, Entries):
        problems.add(node, f"when is a mapping such as {{branch: main}}, found {shape(node)}")
        return None
    groups: dict[str, Any] = {}
    for key, entry in node.entries.items():
        if key not in KEYS:
            problems.add(entry.key, f"when has no condition {shown(key)}", suggest(key, KEYS))
        elif node.get(key) is None:
            problems.add(entry.key, f"when: {key} says nothing", "Leave it out, or give it a value.")
        elif key == "not":
            groups["negated"] = read_condition(entry.value, problems, read)
        elif key in ("env", "property"):
            groups[key] = _named(key, entry.value, problems, read)
        else:
            groups[key] = _patterns(key, entry.value, problems, read)
    for pattern in groups.get("os", ()):
        if pattern not in SYSTEMS:
            problems.add(
                node.entries["os"].value, f"os: no system is called {shown(pattern)}", suggest(pattern, SYSTEMS)
            )
    if not node.entries:
        problems.add(node, "when says nothing", "Leave it out, or give it a condition.")
    return Condition(**groups)


def why_not(condition: Condition, facts: Facts) -> str | None:
    """Return why a condition does not hold ("branch is 'topic', not main or release/*"), `None` if it does."""
    return _why_not(condition, facts, positive=True)


def _why_not(condition: Condition, facts: Facts, *, positive: bool) -> str | None:
    for check in (_system, _env, _property, _branch, _tag, _message):
        try:
            reason = check(condition, facts)
        except GitError as error:
            # Unknown is "does not hold" on both sides of a `not`: within one it must hold so far.
            reason = f"it cannot be told: {error.message}" if positive else None
        if reason is not None:
            return reason
    if condition.changed:
        reason = _changed(condition, facts, positive=positive)
        if reason is not None:
            return reason
    if condition.negated is not None and _why_not(condition.negated, facts, positive=not positive) is None:
        return f"not: {_said(condition.negated)} holds"
    return None


def _system(condition: Condition, facts: Facts) -> str | None:
    if not condition.os or facts.os in [SYSTEMS.get(name, name) for name in condition.os]:
        return None
    return f"os is {facts.os}, not {_or(condition.os)}"


def _env(condition: Condition, facts: Facts) -> str | None:
    for name, patterns in condition.env.items():
        value = facts.env.get(name)
        if not any(_env_matches(value, pattern) for pattern in patterns):
            found = "not set" if value is None else "something else"
            return f"env: {name} is {found}, not {_or(patterns)}"
    return None


def _env_matches(value: str | None, pattern: str) -> bool:
    if pattern.lower() == "true":
        return (value or "").lower() not in _NO
    if pattern.lower() == "false":
        return (value or "").lower() in _NO
    return value is not None and matches(value, pattern, free=True)


def _property(condition: Condition, facts: Facts) -> str | None:
    for name, patterns in condition.property.items():
        value = facts.properties.get(name)
        if value is None:
            return f"property: {name} is not defined"
        if not any(matches(value, pattern, free=True) for pattern in patterns):
            return f"property: {name} is {shown(value)}, not {_or(patterns)}"
    return None


def _branch(condition: Condition, facts: Facts) -> str | None:
    if not condition.branch or any(matches(facts.branch, pattern) for pattern in condition.branch if facts.branch):
        return None
    found = f"branch is {shown(facts.branch)}" if facts.branch else "no branch is checked out"
    return f"{found}, not {_or(condition.branch)}"


def _tag(condition: Condition, facts: Facts) -> str | None:
    if not condition.tag or any(matches(tag, pattern) for pattern in condition.tag for tag in facts.tags):
        return None
    found = f"tag is {_or(facts.tags)}" if facts.tags else "the commit has no tag"
    return f"{found}, not {_or(condition.tag)}"


def _message(condition: Condition, facts: Facts) -> str | None:
    # People write `*[deploy]*` and mean these very brackets; as a class they would match nearly every message.
    literal = [pattern.replace("[", "[[]") for pattern in condition.message]
    if not literal or any(matches(facts.subject, pattern, free=True) for pattern in literal):
        return None
    return f"the commit's message is {shown(facts.subject)}, not {_or(condition.message)}"


def _changed(condition: Condition, facts: Facts, *, positive: bool) -> str | None:
    try:
        files = facts.changed
    except GitError:
        return None if positive else "what has changed cannot be told"
    if any(matches_path(file, pattern) for pattern in condition.changed for file in files):
        return None
    return f"no changed file matches {_or(condition.changed)}"


def _or(texts: tuple[str, ...]) -> str:
    return " or ".join(texts)


def _said(condition: Condition) -> str:
    """Return the keys of a condition, for messages."""
    return ", ".join(key for key in condition.__struct_fields__ if getattr(condition, key)).replace("negated", "not")


def _patterns(key: str, node: Node, problems: Problems, read: Callable[[Text], str | None]) -> tuple[str, ...]:
    found = []
    for item in node.items if isinstance(node, Items) else (node,):
        if not isinstance(item, Text):
            problems.add(item, f"{key} takes a text or a list of texts, found {shape(item)}")
            continue
        text = read(item)
        if text == "":
            problems.add(item, f"{key}: an empty pattern matches nothing")
        elif text is not None:
            found.append(text)
    if isinstance(node, Items) and not node.items:
        problems.add(node, f"{key}: an empty list matches nothing", "Leave it out, or give it a value.")
    return tuple(found)


def _named(key: str, node: Node, problems: Problems, read: Callable[[Text], str | None]) -> dict[str, tuple[str, ...]]:
    if not isinstance(node, Entries):
        problems.add(node, f"when: {key} is a mapping of names to values, found {shape(node)}")
        return {}
    return {name: _patterns(f"{key}: {name}", entry.value, problems, read) for name, entry in node.entries.items()}
