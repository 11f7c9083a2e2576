"""`buildtools rollback`: `current` moves back to the release before, or to one that is named."""

from __future__ import annotations

from typing import Any

import click

from buildtools.cli.hosts import Word, complete_release, target_argument
from buildtools.cli.switching import EXITS, switch, switching_options


@click.command("rollback", epilog=EXITS)
@target_argument
@click.option(
    "--to", type=Word(), metavar="RELEASE", shell_complete=complete_release, help="The release to go back to."
)
@switching_options
def command(target: str | None, to: str | None, **flags: Any) -> int:
    """Go back on all hosts to the good release before the current one.

    That is one transaction, with hooks and health checks; nothing is sent. What is left counts as good no more:
    another rollback goes further back. Hosts that would go to different releases are refused; then say --to RELEASE,
    or --each. Hosts come from the step `upload` of the pipeline file, or from --host; TARGET from its step `pack`.
    """
    return switch(target, to, flags, rollback=True)
