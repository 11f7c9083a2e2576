"""A step's `matrix`: its members, one for each combination of the axes' values.

`exclude` takes out the combinations that match all of an item's values. An `include` item adds its further values to
every combination whose axes it does not contradict; where there is none, it is a member of its own. A member's id
names the axes in written order: `unit[django=5.2,python=3.12]`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping

import msgspec

from buildtools.pipeline.problems import Problems, suggest
from buildtools.pipeline.source import Entries, Items, Node, Text, shape, shown

_MOST = 256
"""members of one matrix"""
_VALUE = re.compile(r"[^\[\],=\s/\\](?:[^\[\],=\x00-\x1f\x7f/\\]*[^\[\],=\s/\\])?")


class Member(msgspec.Struct, frozen=True):
    """One member: what stands in brackets in its id, and the value of each name."""

    label: str
    values: Mapping[str, str]


Read = Callable[[Text], str | None]
"""replaces a text's references; `None` if it has noted why it cannot"""


def members(node: Node, problems: Problems, read: Read) -> tuple[Member, ...]:
    """Return the members of a matrix in written order, the last axis turning fastest; empty if it has problems."""
    if not isinstance(node, Entries):
        problems.add(node, f"matrix is a mapping of names to lists, found {shape(node)}")
        return ()
    before = len(problems)
    axes = {
        name: _axis(name, entry.value, problems, read)
        for name, entry in node.entries.items()
        if name not in ("include", "exclude")
    }
    for name in axes:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
            problems.add(node.entries[name].key, f"{shown(name)} cannot name an axis of a matrix")
    excluded = _combinations(node, "exclude", problems, read)
    included = _combinations(node, "include", problems, read)
    for item, values in excluded:
        for name in values.keys() - axes.keys():
            problems.add(item, f"exclude: the matrix has no axis {shown(name)}", suggest(name, axes))
    size = 1
    for values_of in axes.values():
        size *= len(values_of)
    if size > _MOST:
        problems.add(node, f"the matrix has {size} members, more than {_MOST}")
    if len(problems) > before:
        return ()
    found = _made(axes, [values for _, values in excluded], [values for _, values in included])
    if not found:
        problems.add(node, "the matrix has no member", "Give an axis a value, or an `include` item.")
    if len(found) > _MOST:
        problems.add(node, f"the matrix has {len(found)} members, more than {_MOST}")
    labels = [member.label for member in found]
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        problems.add(node, f"the matrix has the member [{label}] twice")
    return tuple(found) if len(problems) == before else ()


def _made(axes: dict[str, list[str]], excluded: list[dict[str, str]], included: list[dict[str, str]]) -> list[Member]:
    combined = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())] if axes else []
    left = [each for each in combined if not any(item and item.items() <= each.items() for item in excluded)]
    labels = [_label(each) for each in left]
    for item in included:
        own = {name: value for name, value in item.items() if name in axes}
        fitting = [each for each in left if own.items() <= {name: each.get(name) for name in axes}.items()]
        more = {name: value for name, value in item.items() if name not in axes}
        if fitting and more:
            for each in fitting:
                each.update(more)
        elif not fitting:
            left.append(dict(item))
            labels.append(_label(item))
    return [Member(label, values) for label, values in zip(labels, left, strict=True)]


def _label(values: dict[str, str]) -> str:
    return ",".join(f"{name}={value}" for name, value in values.items())


def _axis(name: str, node: Node, problems: Problems, read: Read) -> list[str]:
    values = []
    for item in node.items if isinstance(node, Items) else (node,):
        value = _value(name, item, problems, read)
        if value is not None:
            values.append(value)
    return values


def _value(name: str, node: Node, problems: Problems, read: Read) -> str | None:
    if not isinstance(node, Text):
        problems.add(node, f"matrix: {name} takes texts, found {shape(node)}")
        return None
    text = read(node)
    if text is not None and not _VALUE.fullmatch(text):
        hint = "It becomes part of the step's id: no brackets, commas, `=`, slashes, or spaces around it."
        problems.add(node, f"matrix: {name} cannot have the value {shown(text)}", hint)
        return None
    return text


def _combinations(node: Entries, key: str, problems: Problems, read: Read) -> list[tuple[Node, dict[str, str]]]:
    """Return the items of `include` or `exclude`, each with its node."""
    written = node.get(key)
    found: list[tuple[Node, dict[str, str]]] = []
    for item in () if written is None else written.items if isinstance(written, Items) else (written,):
        if not isinstance(item, Entries) or not item.entries:
            problems.add(item, f"matrix: {key} is a list of mappings of names to values, found {shape(item)}")
            continue
        values = {name: _value(name, entry.value, problems, read) for name, entry in item.entries.items()}
        found.append((item, {name: value for name, value in values.items() if value is not None}))
    return found
