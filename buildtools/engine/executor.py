"""Executes a plan: hands ready steps to threads, watches the clock and the signals, tells the sinks."""

from __future__ import annotations

from collections.abc import Sequence

from buildtools.core.events import Sink
from buildtools.core.results import RunResult
from buildtools.engine.plan import Plan
from buildtools.engine.settings import RunSettings


def execute(plan: Plan, settings: RunSettings, sinks: Sequence[Sink]) -> RunResult:
    """Run every step of `plan` and return the finished run, in which all secrets are masked.

    Whatever a step does becomes a result; what goes wrong around the steps stands in `problems`. Sinks are called
    from one thread and closed at the end.
    """
    raise NotImplementedError
