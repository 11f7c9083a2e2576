"""`buildtools schema`: the JSON Schema of the pipeline file, for editors and checkers."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("schema")
@click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The pipeline file whose steps/ plugins to include. Default: as for run.",
)
def command(file: Path | None) -> None:
    """Print the JSON Schema of the pipeline file, with the installed plugins' options.

    \b
    Editors with the YAML language server read it from a first line such as
        # yaml-language-server: $schema=pipeline.schema.json
    """  # noqa: D301 - click looks for the character itself
    from buildtools.cli.plugins import registry_here
    from buildtools.pipeline.schema import build_schema

    click.echo(json.dumps(build_schema(registry_here(file)), indent=2, ensure_ascii=False))
