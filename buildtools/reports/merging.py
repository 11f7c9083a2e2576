"""Several finished runs as one; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from buildtools.core.errors import worst
from buildtools.core.results import RunResult, StepRun


def merged(runs: Mapping[str, RunResult]) -> RunResult:
    """Return the runs, at least one, as one run that began with the first and ended with the last of them.

    A step that several runs have is called `STEP[RUN]`, and so is it among the needs of others. Findings, tests and
    metrics stay with their steps. The exit code is the worst one's.
    """
    shared = {step for step, number in Counter(s.id for run in runs.values() for s in run.steps).items() if number > 1}
    begin = min(run.started for run in runs.values())
    end = max(run.started + run.seconds for run in runs.values())
    pipelines = tuple(dict.fromkeys(run.pipeline for run in runs.values()))
    revisions = {run.revision for run in runs.values()}
    versions = {run.version for run in runs.values()}
    return RunResult(
        pipeline=" + ".join(pipelines),
        id="+".join(dict.fromkeys(run.id for run in runs.values())),
        file=_only({run.file for run in runs.values()}),
        version=_only(versions),
        started=begin,
        seconds=end - begin,
        revision=_only(revisions),
        steps=tuple(_step(step, name, shared, run.started - begin) for name, run in runs.items() for step in run.steps),
        ended_by=worst(*(run.ended_by for run in runs.values())),
        problems=tuple(f"{name}: {problem}" for name, run in runs.items() for problem in run.problems),
    )


def _step(step: StepRun, run: str, shared: set[str], later: float) -> StepRun:
    def named(identity: str) -> str:
        return f"{identity}[{run}]" if identity in shared else identity

    return msgspec.structs.replace(
        step,
        id=named(step.id),
        needs=tuple(map(named, step.needs)),
        queued=step.queued + later,
        started=None if step.started is None else step.started + later,
        log="",
    )


def _only(values: set[str]) -> str:
    return next(iter(values)) if len(values) == 1 else ""
