"""`buildtools graph`: the order of the steps, for eyes and for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from buildtools.cli.options import color_option, place_options


@click.command("graph")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@place_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["tree", "mermaid", "dot", "json"]),
    default="tree",
    show_default=True,
    help="The form of the output.",
)
@color_option
def command(file: Path | None, file_option: Path | None, properties: dict[str, str], form: str, color: str) -> None:
    """Show the order of the steps: what runs side by side, and what waits for what."""
    from buildtools.reports import graph
    from buildtools.session import open_pipeline, planned_steps, shown

    pipeline = open_pipeline(file or file_option, properties)
    name, steps = shown(pipeline, (pipeline.name, planned_steps(pipeline)))
    match form:
        case "mermaid":
            click.echo(graph.as_mermaid(steps))
        case "dot":
            click.echo(graph.as_dot(name, steps))
        case "json":
            click.echo(graph.as_json(name, steps))
        case _:
            from buildtools.cli.listing import console

            console(color).print(graph.as_tree(name, steps))
