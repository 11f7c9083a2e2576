"""The door: the table of commands, and the one place where errors become an exit code.

Only click is imported here. A command's module, and with it everything that the command needs, is imported when the
command is called; its one-line summary stands in the table so that `--help` needs no module at all.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

COMMANDS = (
    ("run", "run", "Run a pipeline file: the gate."),
    ("step", "step", "Run one step plugin without any file."),
    ("list", "list_steps", "List the steps, their order and what they need."),
    ("validate", "validate", "Check pipeline files and say every problem."),
    ("graph", "graph", "Show the order of the steps as a tree or a diagram."),
    ("releases", "releases", "List the releases on the hosts, and verify or pin them."),
    ("activate", "activate", "Switch all hosts to a release that they have."),
    ("rollback", "rollback", "Go back on all hosts to the release before, or to a named one."),
    ("report", "report", "Make, merge and convert reports, and show trends."),
    ("plugins", "plugins", "List the step plugins, or one plugin's options."),
    ("schema", "schema", "Print the JSON Schema of the pipeline file."),
    ("why", "why", "Say what made a step run again, instead of being taken from the cache."),
    ("cache", "cache", "Show or empty what is kept between runs."),
    ("doctor", "doctor", "Check which programs the steps need and where to get them."),
    ("completion", "completion", "Print the completion script for bash, zsh or fish."),
)
"""(name, module below `buildtools.cli`, summary); the module's `command` is the click command."""

COMPLETE = "_BUILDTOOLS_COMPLETE"
"""the variable by which a shell asks click for completions"""


class CommandTable(click.Group):
    """A group that knows its commands' names and summaries, and imports a command only to call it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from importlib import import_module

        for name, module, _ in COMMANDS:
            if name == cmd_name:
                command: click.Command = import_module(f"buildtools.cli.{module}").command
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.list_commands(ctx) and not name.startswith("-"):
            from buildtools.core.wording import did_you_mean

            ctx.fail(f"No such command {name!r}.{did_you_mean(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, _, summary in COMMANDS])


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from buildtools import __version__

        click.echo(f"buildtools {__version__}")
        ctx.exit()


def _enter(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    """Go there while the words are read, so that what stands behind is completed there too."""
    if value is not None:
        from buildtools.cli.options import change_directory

        change_directory(ctx, value)


@click.command(
    cls=CommandTable,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "BUILDTOOLS"},
    epilog="Exit codes: 0 gate open, 1 gate closed, 2 usage, 3 invalid file, 4 nothing checked, "
    "5 a step could not do its work.",
)
@click.option(
    "-C",
    "--directory",
    metavar="DIR",
    is_eager=True,
    expose_value=False,
    callback=_enter,
    help="Work as if started in DIR.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
def cli() -> None:
    """Run a project's gate: lint, tests, JSLint, pack, upload, stated in one pipeline.yaml."""


def main() -> NoReturn:
    """Run the command line and exit: the only place that does, and the only one that meets unknown exceptions."""
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _open_what_is_closed()
    if hasattr(sys.stdout, "reconfigure"):  # what its encoding does not have is shown as an escape, as on stderr
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(prog_name="buildtools", standalone_mode=False)
    except click.ClickException as error:
        _show_usage_error(error)
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except BrokenPipeError:
        _silence_stdout()
        code = 1
    except Exception as error:  # the one boundary
        if COMPLETE in os.environ:
            sys.exit(1)  # somebody pressed Tab: no word may get between the words that are being typed
        from buildtools.cli.boundary import explain

        code = explain(error)
    sys.exit(_flushed(code if isinstance(code, int) else 0))


def _show_usage_error(error: click.ClickException) -> None:
    try:
        error.show()
    except OSError:
        _silence_stdout()


def _flushed(code: int) -> int:
    """Flush stdout now, where a closed pipe can still be handled, rather than at the interpreter's end."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        _silence_stdout()
    return code


def _open_what_is_closed() -> None:
    """Put the null device where a standard stream is closed (`>&-`), lest the next file opened takes its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open till the end
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _silence_stdout() -> None:
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError, AttributeError):
        pass
