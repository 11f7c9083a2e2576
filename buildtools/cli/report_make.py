"""`buildtools report make`: further reports of a run that is over."""

from __future__ import annotations

from pathlib import Path

import click

from buildtools.cli.options import project_options
from buildtools.cli.running import report_option


@click.command("make")
@click.argument("run", required=False, metavar="[RUN]")
@project_options
@report_option(required=True)
def command(run: str | None, file_option: Path | None, wanted: tuple[tuple[str, str], ...]) -> None:
    """Write reports of a run again, or in other forms.

    RUN is a run's id in .buildtools/runs, or a run.json; default: the last run.
    """
    from buildtools.retrospect import one_run, rewrite

    result, record = one_run(run, file_option)
    rewrite(result, wanted, file_option, record)
