"""Which steps made the run as long as it was."""

from __future__ import annotations

from collections.abc import Sequence

from buildtools.core.results import StepRun

_AT_ONCE = 0.25
"""Seconds within which a step counts as started by the end of another"""


def critical_path(steps: Sequence[StepRun]) -> tuple[str, ...]:
    """Return the ids of the chain of steps, first to last, each of which waited for the one before it.

    It leads back from the step that ended last: to what that needed, if this ended last before it began, else to
    whatever ended right before it and gave it its place or its turn.
    """
    ran = [run for run in steps if run.started is not None]
    if not ran:
        return ()
    current = max(ran, key=_end)
    path = [current]
    while (before := _before(current, ran)) is not None and before not in path:
        path.append(before)
        current = before
    return tuple(run.id for run in reversed(path))


def _before(run: StepRun, ran: Sequence[StepRun]) -> StepRun | None:
    began = run.started or 0.0
    over = [other for other in ran if other is not run and _end(other) <= began + 0.01 and _began(other) < began]
    needed = [other for other in over if other.id in run.needs]
    near = [other for other in over if _end(other) >= began - _AT_ONCE]
    return max(near or needed, key=lambda other: (other in needed, _end(other)), default=None)


def _began(run: StepRun) -> float:
    return run.started or 0.0


def _end(run: StepRun) -> float:
    return _began(run) + run.seconds
