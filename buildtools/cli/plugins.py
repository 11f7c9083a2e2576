"""`buildtools plugins`: what can stand behind `uses`."""

from __future__ import annotations

import click

from buildtools.cli.options import color_option


@click.command("plugins")
@click.argument("name", required=False)
@color_option
def command(name: str | None, color: str) -> None:
    """List the step plugins; with NAME, one plugin's options with types, defaults and meaning."""
