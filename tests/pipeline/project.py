"""A project in a temporary folder that reads like prose: `project.load("steps: ...")`."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.pipeline.load import InvalidFile, load
from buildtools.pipeline.model import Pipeline
from buildtools.pipeline.problems import Problem

PROBE = '''
from __future__ import annotations
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, ClassVar, Literal
import msgspec
from buildtools.plugin import Duration, Kind, Step, StepContext, StepResult


class Colour(Enum):
    RED = "red"
    NAVY = "navy-blue"


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    source: list[str] = []
    branch: bool = False
    fail_under: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True):
    shorthand: ClassVar[str] = "run"
    run: str
    wait: Duration = 0.0

    def __post_init__(self) -> None:
        if not self.run:
            raise ValueError("an empty command")


class Probe(Step, frozen=True, kw_only=True):
    """Hold one option of every type."""

    kind: ClassVar = Kind.CHECK
    provides: ClassVar = ("made", "size")
    text: Annotated[str, msgspec.Meta(description="any text")] = "t"
    count: Annotated[int, msgspec.Meta(ge=1, le=99)] = 1
    ratio: float = 0.5
    flag: bool = False
    path: Path = Path(".")
    paths: list[Path] = []
    wait: Duration = 1.0
    limit: Duration | None = None
    mode: Literal["fast", "slow"] = "fast"
    colour: Colour = Colour.RED
    words: tuple[str, ...] = ()
    pair: tuple[int, int] = (1, 2)
    modes: dict[str, str] = {}
    numbers: dict[str, int] = {}
    coverage: Coverage | None = None
    run_: str | list[str] | None = None
    either: bool | Coverage = False
    named: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")] = "a"
    some: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("x",)
    parts: list[Coverage] = []
    command: Command | None = None
    commands: tuple[Command, ...] = ()
    act: bool = False

    def effective_kind(self) -> Kind:
        return Kind.ACTION if self.act else self.kind

    def check_options(self) -> Iterator[tuple[str, str]]:
        if self.text == "odd":
            yield "text", "odd is not even"
        if self.text == "raise":
            raise RuntimeError("boom")

    def run(self, ctx: StepContext) -> StepResult:
        return StepResult()


class Act(Step, frozen=True, kw_only=True):
    """Change something."""

    needed: str

    def run(self, ctx: StepContext) -> StepResult:
        return StepResult()
'''


class Project:
    """A folder with a pipeline file and the plugins `probe` (a check) and `act` (an action, `needed` is required)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "pipeline.yaml"
        self.env: dict[str, str] = {}
        self.properties: dict[str, str] = {}
        self.write("steps/probe.py", PROBE)

    def write(self, name: str, content: str | bytes, mode: int = 0o644) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def load(self, text: str | bytes | None = None) -> Pipeline:
        if text is not None:
            self.write(self.file.relative_to(self.root).as_posix(), text)
        return load(self.file, properties=self.properties, env=self.env)

    def problems(self, text: str | bytes | None = None) -> tuple[Problem, ...]:
        with pytest.raises(InvalidFile) as caught:
            self.load(text)
        assert caught.value.exit_code == 3
        assert caught.value.problems
        return caught.value.problems

    def problem(self, text: str | bytes | None = None) -> Problem:
        """Return the only problem."""
        found = self.problems(text)
        assert len(found) == 1, "\n".join(problem.render() for problem in found)
        return found[0]

    def step(self, options: str, uses: str = "probe") -> object:
        """Return the configured step of a pipeline with one step."""
        pipeline = self.load(f"steps:\n  one:\n    uses: {uses}\n    with: {options}\n")
        return pipeline.steps[0].configure({}).step
