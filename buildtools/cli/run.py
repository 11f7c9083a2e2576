"""`buildtools run`: the gate."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from buildtools.cli.options import Flag, color_option, complete_step, complete_tag, entered, place_options, split_file
from buildtools.cli.running import execution_options, make_request, print_previews, run_and_exit


@click.command(
    "run",
    epilog="Every flag has an environment variable: BUILDTOOLS_RUN_JOBS=4 is -j 4. A property has "
    "BUILDTOOLS_PROP_NAME.",
)
@click.argument("arguments", metavar="[FILE] [STEP]...", nargs=-1, shell_complete=complete_step)
@place_options
@click.option("--no-needs", is_flag=True, help="Run only the named steps, without what they need.")
@click.option("--skip", multiple=True, metavar="STEP", shell_complete=complete_step, help="Leave a step out.")
@click.option(
    "--tag",
    "tags",
    cls=Flag,
    multiple=True,
    metavar="TAG",
    shell_complete=complete_tag,
    help="Only steps with this tag, and what they need.",
)
@click.option("--from", "from_step", cls=Flag, metavar="STEP", shell_complete=complete_step, help="Begin with STEP.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would run and what would be packed, and run nothing.")
@execution_options
@color_option
def command(
    arguments: tuple[str, ...],
    file_option: Path | None,
    properties: dict[str, str],
    dry_run: bool,
    **flags: Any,
) -> int:
    """Run a pipeline, or only the named steps with what they need.

    A first argument that is an existing file is the pipeline file; everything else names a step. Without a file,
    pipeline.yaml, pipeline.yml, .config/pipeline.yaml or the only file in pipelines/ is taken, from the current
    folder upwards.
    """
    from buildtools.engine.plan import Selection
    from buildtools.session import forget_earlier, open_pipeline, plan_of, project_of, shown

    given, steps = split_file(arguments, file_option)
    file, root = project_of(given)
    request = make_request(root, flags)
    if not dry_run:
        forget_earlier(request, root, file)
    pipeline = open_pipeline(file, properties)
    selection = Selection(
        steps=steps,
        no_needs=flags.pop("no_needs"),
        skip=flags.pop("skip"),
        tags=flags.pop("tags"),
        from_step=flags.pop("from_step"),
    )
    plan = plan_of(pipeline, selection)
    if dry_run:
        from buildtools.cli.listing import print_steps

        name, planned = shown(pipeline, (pipeline.name, plan.steps))
        print_steps(planned, title=f"{name}: would run", color=flags["color"])
        return print_previews(plan)
    place, named = entered(click.get_current_context()), [str(given)] if given else []
    values = [word for name, value in properties.items() for word in ("-P", f"{name}={value}")]
    return run_and_exit(
        plan,
        request,
        flags,
        rerun=lambda step: shlex.join(["buildtools", *place, "run", *named, *values, step]),
    )
