"""What all steps of a run share."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from buildtools.engine.cache import RunCache, run_cache
from buildtools.engine.dispatch import Dispatcher
from buildtools.engine.plan import Plan
from buildtools.engine.printing import Printing
from buildtools.engine.record import Record
from buildtools.engine.settings import RunSettings
from buildtools.pipeline.model import Outputs, Pipeline


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What they share; `env` is the caller's with the file's laid over it, `temp` the run's folder."""

    pipeline: Pipeline
    settings: RunSettings
    dispatcher: Dispatcher
    printing: Printing
    env: dict[str, str]
    temp: Path
    outputs: Outputs
    users: Mapping[str, int]
    """how many steps of the pipeline use each plugin"""
    needs: Mapping[str, tuple[str, ...]]
    """the steps that each step needs, by the file or by the order"""
    record: Path | None
    """the run's folder"""
    cache: RunCache | None = None
    started: float = msgspec.field(default_factory=time.time)
    """when they were made, before the first step; seconds since the epoch"""


def surroundings(
    plan: Plan, settings: RunSettings, dispatcher: Dispatcher, record: Record | None, outputs: Outputs
) -> Surroundings:
    """Return what the steps of `plan` share; `outputs` is filled while they run."""
    private = Path(settings.env.get("TMPDIR") or "/tmp", f"buildtools-{os.getpid()}-{os.urandom(8).hex()}")
    return Surroundings(
        pipeline=plan.pipeline,
        settings=settings,
        dispatcher=dispatcher,
        printing=Printing(),
        env={**settings.env, **plan.pipeline.env},
        temp=record.temp if record else private,
        outputs=outputs,
        users=Counter(spec.uses for spec in plan.pipeline.steps),
        needs=plan.needs,
        record=record.folder if record else None,
        cache=run_cache(settings, plan.pipeline.root),
    )
