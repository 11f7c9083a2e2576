"""A pipeline file, read and checked: typed values, behind which nothing is a `dict[str, Any]` any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from buildtools.core.model import Kind
from buildtools.core.step import Step
from buildtools.pipeline.problems import Problem

Outputs = Mapping[str, Mapping[str, str]]
"""What steps have produced so far: step id → output name → value."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """`when`: every group that is given must hold. Patterns are globs; within one group one match is enough."""

    branch: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    env: Mapping[str, tuple[str, ...]] = {}
    property: Mapping[str, tuple[str, ...]] = {}
    os: tuple[str, ...] = ()
    negated: Condition | None = None
    """`not:`; holds when this condition does not."""


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a step only when it starts, since it may use outputs of other steps."""

    step: Step
    env: Mapping[str, str] = {}
    cwd: str = ""


class StepSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a pipeline: one member, where the file has a matrix."""

    id: str
    """`unit`, or `unit[django=5.2,python=3.12]` for a member of a matrix"""
    base: str
    """the name in the file"""
    uses: str
    plugin: type[Step]
    kind: Kind
    configure: Callable[[Outputs], Configured]
    """Return the configured step. Raises `InvalidPipeline`, with place, if an output's value does not fit."""
    needs: tuple[str, ...] | None = None
    """ids of steps (members, where the need has a matrix); `None`: the order rule decides"""
    when: Condition | None = None
    timeout: float | None = None
    retries: int = 0
    allow_failure: bool = False
    cache: bool = True
    description: str = ""
    tags: tuple[str, ...] = ()
    unmet: tuple[Problem, ...] = ()
    """secrets that it uses and that are not set: matters only if the step is to run (see `load.require`)"""


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """One pipeline file. `root` is the project's folder: the file's own, or the parent of `.config/`, `pipelines/`."""

    name: str
    file: Path
    root: Path
    steps: tuple[StepSpec, ...]
    properties: Mapping[str, str] = {}
    env: Mapping[str, str] = {}
    """for every step; a step's own `env` is laid over it"""
    secrets: tuple[str, ...] = ()
    """the values to hide: all of `secrets-file`, and every `${secret.NAME}` that the file uses"""
    private_files: tuple[Path, ...] = ()
    """the `secrets-file`s, absolute, also as they are without links"""
    sources: tuple[Path, ...] = ()
    """what it is read from: `file`, the local one beside it, and the files that these name, there or not"""
