"""`buildtools step`: one plugin without any file. Its flags are made from the plugin's options."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from buildtools.cli.options import change_directory, color_option
from buildtools.cli.running import execution_options, make_request, print_previews, run_and_exit

if TYPE_CHECKING:
    from buildtools.pipeline.describe import Option
    from buildtools.pipeline.registry import Registry


class PluginTable(click.Group):
    """A group whose commands are the plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [info.name for info in _registry().listing() if info.name and not info.problem]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _command_of(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        infos = [(info.name, info.summary) for info in _registry().listing() if info.name and not info.problem]
        with formatter.section("Plugins"):
            formatter.write_dl(infos)


class PluginCommand(click.Command):
    """A plugin as a command: it knows the flags that stand before it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            outer = ctx.parent
            if outer and any(error.option_name in option.opts for option in outer.command.get_params(outer)):
                words = f"{outer.command_path} {error.option_name} {self.name}"
                said = f"{error.option_name} says how to run the step, and stands before its plugin: {words} …"
                raise click.UsageError(said, ctx) from None
            raise


@click.command("step", cls=PluginTable, subcommand_metavar="PLUGIN [OPTIONS]...")
@click.option("-C", "--directory", metavar="DIR", help="Work as if started in DIR.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what PLUGIN would do, if it can tell, and do nothing.")
@execution_options
@color_option
@click.pass_context
def command(ctx: click.Context, /, directory: str | None, **flags: Any) -> None:
    """Run one step plugin without any file.

    The flags before PLUGIN say how to run it; those behind it are the plugin's options:
    `buildtools step PLUGIN --help` shows them.
    """
    if directory is not None:
        change_directory(ctx, directory)
    ctx.obj = flags


def _registry() -> Registry:
    """Return the plugins that a pipeline file in the current folder could use."""
    from buildtools.pipeline.registry import Registry

    return Registry(Path.cwd())


def _command_of(name: str) -> click.Command:
    from inspect import cleandoc

    from buildtools.pipeline.describe import options_of

    plugin = _registry().find(name).cls
    options = options_of(plugin)

    @click.pass_context
    def call(ctx: click.Context, /, **values: Any) -> int:
        from buildtools.pipeline.options import configured
        from buildtools.session import plan_of_step

        words_given = values.pop(_ARGUMENTS, ())
        given = dict(_given(ctx, options, values))
        if words_given:
            if plugin.positional in given:
                raise click.UsageError(f"--{plugin.positional} says what the arguments say: give one of the two", ctx)
            given[plugin.positional] = _value(words_given)
        step = configured(plugin, given, name=name)
        root = Path.cwd()
        plan = plan_of_step(name, step, root)
        if ctx.obj["dry_run"]:
            return print_previews(plan)
        words = shlex.join(["buildtools", *sys.argv[1:]])
        return run_and_exit(plan, make_request(root, ctx.obj), ctx.obj, rerun=lambda _step: words)

    parameters = [
        parameter
        for option in _flat(options)
        for parameter in (*_positional(option, plugin.positional), _parameter(option))
    ]
    return PluginCommand(name, params=parameters, callback=call, help=cleandoc(plugin.__doc__ or ""))


def _flat(options: tuple[Option, ...], outer: str = "") -> Iterator[Option]:
    """Yield the options that take a value; those of a structure as `coverage.branch`."""
    import msgspec

    for option in options:
        if option.fields:
            yield from _flat(option.fields, f"{outer}{option.name}.")
        else:
            yield msgspec.structs.replace(option, name=outer + option.name)


def _attribute(name: str) -> str:
    """Return the parameter's name; with a prefix, so that no option can be a word of click's or of Python's."""
    return "o_" + name.replace("-", "_").replace(".", "__")


def _positional(option: Option, positional: str) -> Iterator[click.Parameter]:
    if option.name == positional:
        yield click.Argument([_ARGUMENTS], nargs=-1, metavar=f"[{option.name.upper()}]" + "..." * option.many)


def _flag(option: Option) -> str:
    return "--" + option.name.replace(".", "-")


def _parameter(option: Option) -> click.Parameter:
    name = _attribute(option.name)
    flag = _flag(option)
    default = f"  [default: {option.default}]" if option.default else ""
    again = option.many or option.mapping
    text = (option.description.removesuffix(".") + "; may be repeated" if again else option.description) + default
    if option.flag:
        return click.Option([f"{flag}/--no-{flag[2:]}", name], default=None, help=text)
    kind = click.Choice(option.choices) if option.choices and not option.many else click.STRING
    metavar = "KEY=VALUE" if option.mapping else None if option.choices and not option.many else _kind(option)
    return click.Option(
        [flag, name], multiple=option.many or option.mapping, default=None, type=kind, metavar=metavar, help=text
    )


def _kind(option: Option) -> str:
    """Return the placeholder of a value: `NUMBER`, `PATH`, `TIME` or `TEXT`."""
    said = option.type.removeprefix("list of ").removeprefix("whole ")
    kinds = {"number": "NUMBER", "path": "PATH", "duration": "TIME"}
    return next((kind for word, kind in kinds.items() if said.startswith(word)), "TEXT")


_ARGUMENTS = "arguments"
"""the parameter that takes the words without a flag; options' own begin with `o_`"""


def _given(ctx: click.Context, options: tuple[Option, ...], values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the options that the user gave, as the text that was typed."""
    from click.core import ParameterSource

    for option in _flat(options):
        name = _attribute(option.name)
        if ctx.get_parameter_source(name) in (ParameterSource.DEFAULT, None):
            continue
        value = values[name]
        if value != ():
            yield option.name, _value(value) if isinstance(value, tuple) else value


def _value(words: tuple[str, ...]) -> str | list[str]:
    """Return one word as a text: an option that takes a text or a list, as a command does, gets what was typed."""
    return words[0] if len(words) == 1 else list(words)
