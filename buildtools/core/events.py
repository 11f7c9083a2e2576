"""What happens while a run goes on, as small frozen values: pushed through one queue, read by every live output.

Each event has `time`, seconds since the epoch. In JSON its kind stands in the field `event`.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from buildtools.core.model import Kind
from buildtools.core.results import SCHEMA_VERSION, RunResult, StepRun


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step as it stands in the plan, before it has run."""

    id: str
    plugin: str
    kind: Kind = Kind.ACTION
    description: str = ""
    needs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    skip: str = ""
    """why its `when` keeps it from running, as far as that is known beforehand"""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event"):
    """Base of all events."""

    time: float


class RunStarted(Event, frozen=True, omit_defaults=False, tag="run-started"):
    """The first event of a run; `folder` is the run's record, `root` the project."""

    id: str
    pipeline: str
    root: str
    folder: str
    steps: tuple[PlannedStep, ...]
    jobs: int = 1
    schema_version: int = SCHEMA_VERSION
    started: float = 0.0


class StepStarted(Event, frozen=True, tag="step-started"):
    """A step begins its `attempt`-th try (the first is 1)."""

    step: str
    attempt: int = 1


class Output(Event, frozen=True, tag="output"):
    """A piece of a step's output: masked, decoded as UTF-8 with replacement, not cut at line ends."""

    step: str
    text: str
    stream: Literal["stdout", "stderr"] = "stdout"


class Progress(Event, frozen=True, tag="progress"):
    """How far a step is. `total` 0 means that nobody knows."""

    step: str
    done: int
    total: int = 0
    note: str = ""


class StepFinished(Event, frozen=True, tag="step-finished"):
    """A step has ended, or will never start."""

    run: StepRun


class RunFinished(Event, frozen=True, tag="run-finished"):
    """The last event of a run; `exit_code` is what the process will end with."""

    exit_code: int
    result: RunResult


AnyEvent = RunStarted | StepStarted | Output | Progress | StepFinished | RunFinished


class Sink(Protocol):
    """A consumer of events. Every call comes from one thread, in order; one that raises is switched off and said.

    An attribute `name` is what it is called then; default: the name of its class.
    """

    def handle(self, event: AnyEvent) -> None:
        """Take one event."""

    def close(self) -> None:
        """Release what the sink holds; called once, also after it raised."""
