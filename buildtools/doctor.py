"""Which tools the steps of a pipeline, or the built-in plugins, need, and whether they are here."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from buildtools import __version__
from buildtools.core.errors import BuildtoolsError
from buildtools.core.step import Step, Tool


class Line(msgspec.Struct, frozen=True):
    """A tool and the steps or plugins that need it, comma separated."""

    tool: Tool
    users: str


class Diagnosis(msgspec.Struct, frozen=True):
    """All lines; `broken` if a tool that a step of an actual pipeline cannot do without is missing."""

    title: str
    lines: tuple[Line, ...]
    broken: bool


def examine(file: Path | None, properties: Mapping[str, str]) -> Diagnosis:
    """Look for every tool that the pipeline's steps need; for all built-in plugins where there is no pipeline file.

    Raises `InvalidPipeline` for a file that was found or given and is wrong.
    """
    from buildtools.pipeline.load import find_file
    from buildtools.session import open_pipeline

    try:
        found = file or find_file(Path.cwd())
    except BuildtoolsError:
        steps = [(name, step, Path.cwd()) for name, step in _default_steps()]
        title = "The built-in plugins (no pipeline file here)"
    else:
        pipeline = open_pipeline(found, properties)
        configured = [(spec.id, _configured(spec.configure({}).step), pipeline.root) for spec in pipeline.steps if 1]
        steps = [(name, step, root) for name, step, root in configured if step is not None]
        title = f"The steps of {found}"
    tools: dict[tuple[str, str], tuple[Tool, list[str]]] = {}
    for tool in _own():
        tools[tool.name, tool.version] = (tool, ["buildtools"])
    for name, step, root in steps:
        for tool in step.tools(root):
            tools.setdefault((tool.name, tool.version), (tool, []))[1].append(name)
    lines = tuple(Line(tool, ", ".join(dict.fromkeys(users))) for tool, users in tools.values())
    return Diagnosis(
        title=title,
        lines=lines,
        broken=file is not None and any(not line.tool.version and not line.tool.optional for line in lines),
    )
