"""Which tools the steps of a pipeline, or the built-in plugins, need, and whether they are here."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from buildtools import __version__
from buildtools.core.errors import BuildtoolsError, StepError
from buildtools.core.step import Step, Tool
from buildtools.pipeline.model import Pipeline, StepSpec


class Line(msgspec.Struct, frozen=True):
    """A tool and the steps or plugins that need it, comma separated."""

    tool: Tool
    users: str

    @property
    def missing(self) -> bool:
        """It is not here, and some step cannot work without it."""
        return not self.tool.version and not self.tool.optional


class Diagnosis(msgspec.Struct, frozen=True):
    """All lines, and whether they are those of a pipeline file: only then is a missing tool an error."""

    title: str
    lines: tuple[Line, ...]
    of_pipeline: bool

    @property
    def broken(self) -> bool:
        """A tool is missing that a step of the pipeline cannot do without."""
        return self.of_pipeline and any(line.missing for line in self.lines)


class _Placed(msgspec.Struct, frozen=True):
    """A step or plugin by its name, and where and with which environment it works."""

    name: str
    step: Step
    workdir: Path
    env: Mapping[str, str]


def examine(file: Path | None, properties: Mapping[str, str]) -> Diagnosis:
    """Look for every tool that the pipeline's steps need; for all built-in plugins where there is no pipeline file.

    Raises `InvalidPipeline` for a file that was found or given and is wrong.
    """
    from buildtools.pipeline.find import find_file
    from buildtools.session import open_pipeline

    try:
        found = file or find_file(Path.cwd())
    except BuildtoolsError as error:
        title = f"buildtools and its built-in plugins ({error.message})"
        return Diagnosis(title, _lines(_built_in(), Path.cwd()), False)
    pipeline = open_pipeline(found, properties)
    placed = (_placed(spec, pipeline) for spec in pipeline.steps)
    return Diagnosis(f"The steps of {os.path.relpath(found)}", _lines(filter(None, placed), pipeline.root), True)


def _lines(steps: Iterable[_Placed], root: Path) -> tuple[Line, ...]:
    found: dict[tuple[str, str, bool], tuple[Tool, list[str]]] = {}
    for tool in _own(root):
        found[tool.name, tool.version, tool.optional] = (tool, ["buildtools"])
    for placed in steps:
        for tool in _needed(placed):
            found.setdefault((tool.name, tool.version, tool.optional), (tool, []))[1].append(placed.name)
    return tuple(Line(tool, ", ".join(dict.fromkeys(users))) for tool, users in found.values())


def _needed(placed: _Placed) -> tuple[Tool, ...]:
    """Return what a step says it needs. Raises `StepError` if that goes wrong: a plugin is foreign code."""
    try:
        return tuple(_checked(tool) for tool in placed.step.tools(placed.workdir, placed.env))
    except BuildtoolsError:
        raise
    except Exception as error:
        plugin = type(placed.step).__name__
        raise StepError(
            f"{placed.name}: the plugin {plugin} cannot say which tools it needs: {type(error).__name__}: {error}",
            remedy="This is a mistake in the plugin: tell its author.",
        ) from error


def _checked(tool: object) -> Tool:
    if not isinstance(tool, Tool):
        raise TypeError(f"it yields a {type(tool).__name__} instead of a Tool")
    return tool


def _own(root: Path) -> Iterator[Tool]:
    from buildtools.system.tools import program_version

    yield Tool(name="buildtools", version=__version__)
    yield Tool(name="python", version=platform.python_version())
    git = program_version(("git", "--version"), cwd=root, env=os.environ)
    remedy = "needed for ${git.…} values, `when` conditions and the revision of a release: install git"
    yield Tool(name="git", version=git, remedy=remedy, optional=True)


def _built_in() -> Iterator[_Placed]:
    from buildtools.pipeline.registry import BUILTIN, Registry

    registry = Registry()
    for name, _, _ in BUILTIN:
        step = _default(registry.find(name).cls)
        if step is not None:
            yield _Placed(name, step, Path.cwd(), os.environ)


def _placed(spec: StepSpec, pipeline: Pipeline) -> _Placed | None:
    """Return the step as configured; with its defaults, as far as it has them, if it needs outputs of other steps."""
    try:
        configured = spec.configure({})
    except BuildtoolsError:
        step = _default(spec.plugin)
        return None if step is None else _Placed(spec.id, step, pipeline.root, {**os.environ, **pipeline.env})
    env = {**os.environ, **pipeline.env, **configured.env}
    return _Placed(spec.id, configured.step, pipeline.root / configured.cwd, env)


def _default(plugin: type[Step]) -> Step | None:
    try:
        return plugin()
    except (TypeError, ValueError):  # it has options that must be given
        return None
