"""`buildtools activate`: `current` moves to a release that stands on the hosts."""

from __future__ import annotations

from typing import Any

import click

from buildtools.cli.hosts import Word, complete_release, complete_target
from buildtools.cli.switching import EXITS, switch, switching_options


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    if ctx.params.get("names"):
        return complete_release(ctx, param, incomplete)
    return [*complete_target(ctx, param, incomplete), *complete_release(ctx, param, incomplete)]


@click.command("activate", epilog=EXITS)
@click.argument("names", type=Word(), metavar="[TARGET] RELEASE", nargs=-1, required=True, shell_complete=_complete)
@switching_options
def command(names: tuple[str, ...], **flags: Any) -> int:
    """Switch all hosts to RELEASE, which they must have: in one transaction, with hooks and health checks.

    RELEASE is a version, of which the release that was current last is meant, or VERSION.REVISION as `buildtools
    releases` lists it. Nothing is sent. Hosts come from the step `upload` of the pipeline file, or from --host;
    TARGET from its step `pack`.
    """
    if len(names) > 2:
        raise click.UsageError(f"expected [TARGET] RELEASE, found {len(names)} words")
    return switch(names[0] if len(names) == 2 else None, names[-1], flags, rollback=False)
