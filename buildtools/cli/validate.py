"""`buildtools validate`: check pipeline files and say every problem."""

from __future__ import annotations

from pathlib import Path

import click

from buildtools.cli.options import place_options


@click.command("validate")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@place_options
def command(files: tuple[Path, ...], file_option: Path | None, properties: dict[str, str]) -> int:
    """Check pipeline files and say every problem, each with its place."""
    from buildtools.cli.boundary import explain
    from buildtools.core.errors import BuildtoolsError
    from buildtools.core.wording import count
    from buildtools.session import open_pipeline

    worst = 0
    wanted: tuple[Path | None, ...] = (*files, file_option) if file_option else files or (None,)
    for file in wanted:
        try:
            pipeline = open_pipeline(file, properties)
        except BuildtoolsError as error:
            worst = max(worst, explain(error))
        else:
            click.echo(f"{file or pipeline.file.name}: valid, {count(len(pipeline.steps), 'step')}")
    return worst
