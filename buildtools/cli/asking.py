"""Running one step on the hosts that a command aims at, only for what it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from buildtools.aim import Aim
    from buildtools.core.results import RunResult, StepResult
    from buildtools.core.step import Step


def asked(aim: Aim, name: str, step: Step) -> StepResult:
    """Return what the step found out; it is not shown, and not recorded.

    Raises `StepError` if it could not do its work, and click's `Exit` if a signal ended it.
    """
    from buildtools.core.errors import StepError
    from buildtools.core.model import Status

    result = looked(aim, name, step).steps[0].result
    if result.status is not Status.PASSED:
        raise StepError(result.reason, remedy=result.remedy)
    return result


def looked(aim: Aim, name: str, step: Step) -> RunResult:
    """Return the run of a step that only looks, whatever it found; it is not shown, and not recorded.

    Raises click's `Exit` if a signal ended it.
    """
    from buildtools.session import ask, plan_within

    run = ask(plan_within(aim.pipeline, name, aim.around(step)))
    if run.ended_by:
        raise click.exceptions.Exit(int(run.ended_by))
    return run
