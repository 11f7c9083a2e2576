"""`buildtools list`: the steps, their order and what they need."""

from __future__ import annotations

from pathlib import Path

import click

from buildtools.cli.options import color_option, place_options


@click.command("list")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@place_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@color_option
def command(file: Path | None, file_option: Path | None, properties: dict[str, str], as_json: bool, color: str) -> None:
    """List the steps, their order and what they need."""
    from buildtools.session import open_pipeline, planned_steps, shown

    pipeline = open_pipeline(file or file_option, properties)
    name, steps = shown(pipeline, (pipeline.name, planned_steps(pipeline)))
    if as_json:
        from buildtools.reports.graph import as_json as render

        click.echo(render(name, steps))
        return
    from buildtools.cli.listing import print_steps

    print_steps(steps, title=name, color=color)
