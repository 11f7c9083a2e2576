"""The order of a pipeline's steps as a tree of stages, as Mermaid, as Graphviz' dot, as JSON. Pure renders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from buildtools.core.events import PlannedStep
from buildtools.core.model import Kind

if TYPE_CHECKING:
    from rich.tree import Tree


def stages(steps: Sequence[PlannedStep]) -> list[list[PlannedStep]]:
    """Group steps by the longest way to them: all of one stage can run side by side. Linear in steps and edges."""
    from graphlib import TopologicalSorter

    by_id = {step.id: step for step in steps}
    depth: dict[str, int] = {}
    for identity in TopologicalSorter({step.id: step.needs for step in steps}).static_order():
        if identity in by_id:
            depth[identity] = 1 + max((depth.get(need, -1) for need in by_id[identity].needs), default=-1)
    out: list[list[PlannedStep]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for step in steps:
        out[depth[step.id]].append(step)
    return out


def as_tree(name: str, steps: Sequence[PlannedStep]) -> Tree:
    """Return the stages as a rich tree."""
    from rich.text import Text
    from rich.tree import Tree

    width = max((len(step.id) for step in steps), default=0)
    tree = Tree(Text(name, style="bold"))
    for number, stage in enumerate(stages(steps), start=1):
        label = f"stage {number}" + (", side by side" if len(stage) > 1 else "")
        branch = tree.add(Text(label, style="dim"))
        for step in stage:
            line = Text(f"{step.id:{width}}  {step.plugin}")
            if step.needs:
                line.append(f"  after {', '.join(step.needs)}", style="dim")
            if step.skip:
                line.append(f"  skipped: {step.skip}", style="yellow")
            branch.add(line)
    return tree


def as_mermaid(steps: Sequence[PlannedStep]) -> str:
    """Return a Mermaid flowchart: checks are round, actions are boxes."""
    number = {step.id: f"s{index}" for index, step in enumerate(steps)}
    lines = ["flowchart LR"]
    for step in steps:
        label = step.id.replace("&", "&amp;").replace('"', "&quot;")
        left, right = ("([", "])") if step.kind is Kind.CHECK else ("[", "]")
        lines.append(f'    {number[step.id]}{left}"{label}"{right}')
    lines += [f"    {number[need]} --> {number[step.id]}" for step in steps for need in step.needs if need in number]
    return "\n".join(lines)


def as_dot(name: str, steps: Sequence[PlannedStep]) -> str:
    """Return a Graphviz digraph."""

    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    lines = [f"digraph {quoted(name)} {{", "    rankdir=LR;", "    node [shape=box];"]
    for step in steps:
        shape = " [shape=ellipse]" if step.kind is Kind.CHECK else ""
        lines.append(f"    {quoted(step.id)}{shape};")
    lines += [f"    {quoted(need)} -> {quoted(step.id)};" for step in steps for need in step.needs]
    return "\n".join([*lines, "}"])


def as_json(name: str, steps: Sequence[PlannedStep]) -> str:
    """Return `{"pipeline": …, "steps": [{"id", "plugin", "kind", "needs", …}]}`."""
    plain = [{"kind": step.kind.value, "needs": [], **msgspec.to_builtins(step)} for step in steps]
    text = msgspec.json.encode({"pipeline": name, "steps": plain})
    return msgspec.json.format(text, indent=2).decode()
