"""What `activate` and `rollback` share: flags, and the way from an aim to an exit code."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from buildtools.cli.hosts import aim_of, host_options
from buildtools.cli.options import color_option
from buildtools.cli.showing import OUTPUTS, output_choice

if TYPE_CHECKING:
    from buildtools.aim import Aim
    from buildtools.core.results import RunResult, StepResult
    from buildtools.steps.activate import Activate

F = TypeVar("F", bound=Callable[..., Any])

EXITS = (
    "Exit codes: 0 done, or nothing was to be done, 1 a hook or a health check failed, and all hosts have gone back, "
    "5 a host refused or could not be reached."
)

_FLAGS = (
    click.option("--each", is_flag=True, help="Let hosts differ: each goes to what it has under that name, or before."),
    click.option("-n", "--dry-run", is_flag=True, help="Say what would be switched, and change nothing."),
    click.option("--steal-lock", is_flag=True, help="Take over the lock of a deployment that surely runs no more."),
    click.option("--json", "as_json", is_flag=True, help="As JSON, and nothing else."),
    click.option("--output", type=click.Choice(OUTPUTS), default="auto", show_default=True, help="What to show."),
    click.option("-q", "--quiet", is_flag=True, help="Only failures and the summary."),
    click.option("-v", "--verbose", is_flag=True, help="All that is known."),
)


def switching_options(command: F) -> F:
    """Add the flags of a command that switches `current`."""
    command = host_options(color_option(command))
    for option in reversed(_FLAGS):
        command = option(command)
    return command


def switch(target: str | None, release: str | None, flags: dict[str, Any], *, rollback: bool) -> int:
    """Switch as the flags say, and return the exit code."""
    from msgspec.structs import replace

    from buildtools.steps.activate import Activate

    aim = aim_of(target, flags)
    upload = replace(aim.upload, steal_lock=True) if flags["steal_lock"] else aim.upload
    step = Activate(
        upload=upload,
        target=aim.target,
        release=release,
        rollback=rollback,
        each=flags["each"],
        dry_run=flags["dry_run"],
    )
    name = "rollback" if rollback else "activate"
    if flags["dry_run"]:
        return _look(aim, name, step, as_json=flags["as_json"])
    return _perform(aim, name, step, flags)


def _look(aim: Aim, name: str, step: Activate, *, as_json: bool) -> int:
    from buildtools.cli.asking import asked, looked

    if as_json:
        run = looked(aim, name, step)
        click.echo(_json(aim, step, run.steps[0].result))
        return int(run.exit_code)
    click.echo(asked(aim, name, step).outputs["told"])
    return 0


def _perform(aim: Aim, name: str, step: Activate, flags: dict[str, Any]) -> int:
    from buildtools.session import perform, plan_within

    choice = output_choice(flags, rerun=lambda _step: shlex.join(["buildtools", *sys.argv[1:]]))
    run: RunResult = perform(plan_within(aim.pipeline, name, aim.around(step)), None if flags["as_json"] else choice)
    if flags["as_json"]:
        click.echo(_json(aim, step, run.steps[0].result))
    return int(run.exit_code)


def _json(aim: Aim, step: Activate, result: StepResult) -> str:
    import json

    from buildtools.session import shown

    told = {
        "schema_version": 1,
        "target": aim.target,
        "dry_run": step.dry_run,
        "status": result.status.value,
        "error": result.reason,
        "remedy": result.remedy,
        "hosts": json.loads(result.outputs.get("hosts", "[]")),
    }
    return json.dumps(shown(aim.pipeline, told))
