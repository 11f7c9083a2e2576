"""`buildtools report merge`: several runs, of several machines or a matrix, as one."""

from __future__ import annotations

from pathlib import Path

import click

from buildtools.cli.options import project_options
from buildtools.cli.running import report_option


@click.command("merge")
@click.argument("runs", nargs=-1, required=True, metavar="[NAME=]RUN.json...")
@project_options
@report_option(required=True)
def command(runs: tuple[str, ...], file_option: Path | None, wanted: tuple[tuple[str, str], ...]) -> int:
    """Join the run.json files of several runs, and write reports of them all; exits as the worst of them did.

    Steps that several runs have are told apart by the runs' names, which NAME= gives; else it is the folder's.
    """
    from buildtools.retrospect import merged_runs, rewrite

    result = merged_runs(runs)
    rewrite(result, wanted, file_option, None)
    return int(result.exit_code)
