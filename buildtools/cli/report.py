"""`buildtools report`: reports of runs that are over, and of several runs together."""

from __future__ import annotations

import click

_COMMANDS = {
    "convert": "report_convert",
    "make": "report_make",
    "merge": "report_merge",
    "trends": "report_trends",
}
"""name → module below `buildtools.cli`, imported to be called"""


class _Reports(click.Group):
    """A group that imports a command only to call it or to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from importlib import import_module

        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = import_module(f"buildtools.cli.{module}").command
        return command


@click.group("report", cls=_Reports)
def command() -> None:
    """Make, merge and convert reports, and show how numbers went from run to run."""
