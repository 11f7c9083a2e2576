"""`buildtools schema`: the JSON Schema of the pipeline file, for editors and checkers."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    r"""Print the JSON Schema of the pipeline file, with the installed plugins' options.

    \b
    Editors with the YAML language server read it from a first line such as
        # yaml-language-server: $schema=pipeline.schema.json
    """
    from buildtools.pipeline.schema import build_schema

    click.echo(json.dumps(build_schema(), indent=2, ensure_ascii=False))
