"""`buildtools plugins`: what can stand behind `uses`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from buildtools.cli.options import color_option

if TYPE_CHECKING:
    from buildtools.pipeline.describe import Option
    from buildtools.pipeline.registry import Registry


def _complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    try:
        infos = registry_here(ctx.params.get("file")).listing()
    except Exception:  # a broken plugin must not break the user's shell
        return []
    return [info.name for info in infos if info.name.startswith(incomplete) and not info.problem]


@click.command("plugins")
@click.argument("name", required=False, shell_complete=_complete)
@click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The pipeline file beside whose steps/ folder to look. Default: as for run.",
)
@color_option
def command(name: str | None, file: Path | None, color: str) -> None:
    """List the step plugins; with NAME, one plugin's options with types, defaults and meaning."""
    registry = registry_here(file)
    if name is None:
        _print_all(registry, color)
    else:
        _print_one(registry, name, color)


def registry_here(file: Path | None) -> Registry:
    """Return the plugins that `file` can use, or the one found from here upwards, or one that would be here."""
    from buildtools.core.errors import BuildtoolsError
    from buildtools.pipeline.find import find_file
    from buildtools.pipeline.registry import Registry

    if file is None:
        try:
            file = find_file(Path.cwd())
        except BuildtoolsError:
            return Registry(Path.cwd())
    return Registry(file.absolute().parent)


def _print_all(registry: Registry, color: str) -> None:
    from buildtools.cli.listing import print_table

    infos = registry.listing()
    rows = [(info.name or "(broken)", info.origin, info.problem or info.summary) for info in infos]
    print_table(("PLUGIN", "FROM", "WHAT IT DOES"), rows, color=color)


def _print_one(registry: Registry, name: str, color: str) -> None:
    from inspect import cleandoc

    from buildtools.cli.listing import print_table
    from buildtools.pipeline.describe import options_of

    plugin = registry.find(name)
    click.echo(f"{name} ({plugin.cls.kind.value})\n")
    click.echo(cleandoc(plugin.cls.__doc__ or "") + "\n")
    rows = list(_rows(options_of(plugin.cls)))
    print_table(("OPTION", "TYPE", "DEFAULT", "MEANING"), rows, color=color)
    if plugin.cls.provides:
        outputs = ", ".join(f"${{steps.ID.{output}}}" for output in plugin.cls.provides)
        click.echo(f"\nOutputs: {outputs}")


def _rows(options: tuple[Option, ...], outer: str = "") -> list[tuple[str, str, str, str]]:
    rows = []
    for option in options:
        default = "(required)" if option.required else option.default
        rows.append((outer + option.name, option.type, default, option.description))
        rows += _rows(option.fields, f"{outer}{option.name}.")
    return rows
