"""Options that several commands share, each declared once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from buildtools.core.errors import InvalidPipeline

F = TypeVar("F", bound=Callable[..., Any])


def change_directory(directory: str) -> None:
    """Make `directory` the current one, as `make -C` does."""
    try:
        os.chdir(directory)
    except OSError as error:
        raise click.UsageError(f"-C {directory}: {error.strerror}") from None


def _enter(_ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        change_directory(value)


def _parse_properties(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    properties = {}
    for value in values:
        name, separator, text = value.partition("=")
        if not separator or not name:
            raise click.BadParameter(f"{value!r} is not of the form NAME=VALUE")
        properties[name] = text
    return properties


def place_options(command: F) -> F:
    """Add `-C DIR`, `-f FILE` and `-P NAME=VALUE`: where to look, and which values to lay over the file's."""
    command = click.option(
        "-P",
        "--property",
        "properties",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_parse_properties,
        shell_complete=_complete_property,
        help="Set a property; wins over every file.",
    )(command)
    command = click.option(
        "-f",
        "--file",
        "file_option",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="The pipeline file. Default: pipeline.yaml and its like, from here upwards.",
    )(command)
    return click.option(
        "-C",
        "--directory",
        metavar="DIR",
        is_eager=True,
        expose_value=False,
        callback=_enter,
        help="Work as if started in DIR.",
    )(command)


def color_option(command: F) -> F:
    """Add `--color auto|always|never`."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colours; NO_COLOR and FORCE_COLOR are honoured.",
    )(command)


def wants_color(choice: str, *, terminal: bool) -> bool:
    """Decide about colour: the flag first, then NO_COLOR, FORCE_COLOR, then whether a terminal listens."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


def split_file(arguments: tuple[str, ...], file_option: Path | None) -> tuple[Path | None, tuple[str, ...]]:
    """Tell the pipeline file from step names: a first argument that is an existing file is the file.

    Raises `InvalidPipeline` for a first argument that can only have meant a file which is not there.
    """
    if file_option is not None or not arguments:
        return file_option, arguments
    first = Path(arguments[0])
    if first.is_file():
        return first, arguments[1:]
    if "/" in arguments[0] or first.suffix in (".yaml", ".yml"):
        what = "is a directory" if first.is_dir() else "no such file"
        raise InvalidPipeline(
            f"{arguments[0]}: {what}", remedy="The first argument of run is a pipeline file or the name of a step."
        )
    return None, arguments


def _steps_of_file(ctx: click.Context) -> tuple[list[str], list[str]]:
    """Return the names of the steps and of the properties for completion; empty lists for any trouble."""
    from buildtools.session import open_pipeline

    try:
        arguments = tuple(ctx.params.get("arguments") or ())
        file, _ = split_file(arguments, ctx.params.get("file_option"))
        pipeline = open_pipeline(file, {})
    except Exception:  # a broken file must not break the user's shell
        return [], []
    names = dict.fromkeys(name for step in pipeline.steps for name in (step.base, step.id))
    return list(names), list(pipeline.properties)


def complete_step(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[Any]:
    """Complete the name of a step, or a pipeline file where it may stand."""
    from click.shell_completion import CompletionItem

    names = [CompletionItem(name) for name in _steps_of_file(ctx)[0] if name.startswith(incomplete)]
    if not names or "/" in incomplete:
        return [*names, CompletionItem(incomplete, type="file")]
    return names


def _complete_property(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(f"{name}=") for name in _steps_of_file(ctx)[1] if name.startswith(incomplete)]
