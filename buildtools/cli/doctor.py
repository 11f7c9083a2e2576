"""`buildtools doctor`: what is installed, which step needs it, and how to get what is missing."""

from __future__ import annotations

from pathlib import Path

import click

from buildtools.cli.options import color_option, place_options


@click.command("doctor")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@place_options
@color_option
def command(file: Path | None, file_option: Path | None, properties: dict[str, str], color: str) -> int:
    """Check which programs the steps need and say where to get what is missing.

    With a pipeline file (given, or found from here upwards) its steps are checked as they are configured, and a
    missing tool is exit 5; without one, the built-in plugins with their defaults.
    """
    from buildtools.cli.listing import print_table
    from buildtools.core.errors import ExitCode
    from buildtools.doctor import examine

    report = examine(file or file_option, properties)
    rows = [
        (line.tool.name, line.tool.version or ("missing (optional)" if line.tool.optional else "MISSING"), line.users)
        for line in report.lines
    ]
    print_table(("TOOL", "VERSION", "NEEDED BY"), rows, title=report.title, color=color)
    for line in report.lines:
        if not line.tool.version and line.tool.remedy:
            click.echo(f"\n{line.tool.name}: {line.tool.remedy}")
    return int(ExitCode.ERROR if report.broken else ExitCode.OK)
