"""Pipelines made of Python functions, for testing the engine without files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from buildtools.core.events import AnyEvent, Event
from buildtools.core.model import Kind
from buildtools.core.results import RunResult, StepResult
from buildtools.core.step import Step, StepContext
from buildtools.engine.executor import execute
from buildtools.engine.plan import Plan, Selection, make_plan
from buildtools.engine.settings import RunSettings
from buildtools.pipeline.model import Configured, Pipeline, StepSpec
from buildtools.system.process import Grace

QUICK = Grace(interrupt=0.3, terminate=0.3, linger=0.2)


class Call(Step, frozen=True):
    """Calls a function."""

    function: Callable[[StepContext], Any]

    def run(self, ctx: StepContext) -> StepResult:
        return self.function(ctx)  # type: ignore[no-any-return]


class Argv(Step, frozen=True):
    """Runs a program; a non-zero exit fails."""

    argv: tuple[str, ...]

    def run(self, ctx: StepContext) -> StepResult:
        from buildtools.core.model import Status

        code = ctx.run(self.argv).returncode
        return StepResult() if code == 0 else StepResult(status=Status.FAILED, reason=f"exit status {code}")


def passing(_ctx: StepContext) -> StepResult:
    return StepResult()


def spec(name: str, does: Callable[[StepContext], Any] | str | Sequence[str] = passing, **keys: Any) -> StepSpec:
    """A step that calls a function, runs a script, or an argv; `keys` are StepSpec's, `env` and `cwd` too."""
    step: Step
    if isinstance(does, str):
        step = Argv(argv=("sh", "-c", does))
    elif callable(does):
        step = Call(function=does)
    else:
        step = Argv(argv=tuple(does))
    env, cwd = keys.pop("env", {}), keys.pop("cwd", "")
    defaults: dict[str, Any] = {
        "id": name,
        "base": name.partition("[")[0],
        "uses": type(step).__name__.lower(),
        "plugin": type(step),
        "kind": Kind.ACTION,
        "configure": lambda _outputs: Configured(step=step, env=env, cwd=cwd),
    }
    return StepSpec(**{**defaults, **keys})


def check(name: str, does: Callable[[StepContext], Any] | str | Sequence[str] = passing, **keys: Any) -> StepSpec:
    """A step of kind check."""
    return spec(name, does, kind=Kind.CHECK, **keys)


class Recorder:
    """A sink that keeps all events."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.closed = 0

    def handle(self, event: AnyEvent) -> None:
        self.events.append(event)

    def close(self) -> None:
        self.closed += 1

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def output(self, step: str) -> str:
        from buildtools.core.events import Output

        return "".join(event.text for event in self.of(Output) if event.step == step)


class Bench:
    """Makes plans and executes them in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen = Recorder()

    def plan(self, *specs: StepSpec, skips: dict[str, str] | None = None, **selection: Any) -> Plan:
        pipeline = Pipeline(name="bench", file=self.root / "pipeline.yaml", root=self.root, steps=specs)
        return make_plan(pipeline, Selection(**selection), skips or {})

    def run(self, *specs: StepSpec, **settings: Any) -> RunResult:
        return self.execute(self.plan(*specs), **settings)

    def execute(self, plan: Plan, sinks: Sequence[Any] = (), **settings: Any) -> RunResult:
        self.seen = Recorder()
        return execute(plan, self.settings(**settings), [self.seen, *sinks])

    def settings(self, **settings: Any) -> RunSettings:
        defaults: dict[str, Any] = {
            "env": dict(os.environ),
            "reports": self.root / "build/reports",
            "jobs": 4,
            "grace": QUICK,
        }
        return RunSettings(**{**defaults, **settings})

    def log(self, result: RunResult, step: str) -> bytes:
        found = next(run for run in result.steps if run.id == step)
        return (self.root / ".buildtools/runs" / result.id / found.log).read_bytes() if found.log else b""


def by_id(result: RunResult) -> dict[str, Any]:
    return {run.id: run for run in result.steps}
