"""Options that several commands share, each declared once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from buildtools.core.errors import InvalidPipeline

if TYPE_CHECKING:
    from buildtools.pipeline.model import Pipeline

F = TypeVar("F", bound=Callable[..., Any])


_ENTERED = "buildtools.entered"


def change_directory(ctx: click.Context, directory: str) -> None:
    """Make `directory` the current one, as `make -C` does, and remember that for `entered`."""
    try:
        os.chdir(directory)
    except OSError as error:
        raise click.UsageError(f"-C {directory}: {error.strerror}") from None
    ctx.meta[_ENTERED] = os.path.join(ctx.meta.get(_ENTERED, ""), directory)  # noqa: PTH118 - `./x` stays as it is


def entered(ctx: click.Context) -> list[str]:
    """Return the words that lead from where the user stands to the current folder: `-C DIR`, or nothing."""
    return ["-C", ctx.meta[_ENTERED]] if _ENTERED in ctx.meta else []


def _enter(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        change_directory(ctx, value)


def _parse_properties(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    properties = {}
    for value in values:
        name, separator, text = value.partition("=")
        if not separator or not name:
            raise click.BadParameter(f"{value!r} is not of the form NAME=VALUE")
        properties[name] = text
    return properties


class Flag(click.Option):
    """An option whose environment variable is named like its long flag, whatever the function calls its parameter."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return the variable's value, `None` for an empty one as well."""
        if ctx.auto_envvar_prefix is None:
            return None
        name = max(self.opts, key=len).lstrip("-").replace("-", "_").upper()
        return os.environ.get(f"{ctx.auto_envvar_prefix}_{name}") or None


def place_options(command: F) -> F:
    """Add `-C DIR`, `-f FILE` and `-P NAME=VALUE`: where to look, and which values to lay over the file's."""
    command = click.option(
        "-P",
        "--property",
        "properties",
        cls=Flag,
        multiple=True,
        metavar="NAME=VALUE",
        callback=_parse_properties,
        shell_complete=_complete_property,
        help="Set a property; wins over every file.",
    )(command)
    return project_options(command)


def project_options(command: F) -> F:
    """Add `-C DIR` and `-f FILE`: which project."""
    command = click.option(
        "-f",
        "--file",
        "file_option",
        cls=Flag,
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
        what = "is a directory" if first.is_dir() else "is no regular file" if first.exists() else "no such file"
        raise InvalidPipeline(
            f"{arguments[0]}: {what}", remedy="The first argument of run is a pipeline file or the name of a step."
        )
    return None, arguments


def _pipeline(ctx: click.Context) -> Pipeline | None:
    """Return the pipeline of the words typed so far, for completion; `None` for any trouble."""
    from buildtools.session import open_pipeline

    try:
        arguments = tuple(ctx.params.get("arguments") or ())
        file, _ = split_file(arguments, ctx.params.get("file_option") or ctx.params.get("file"))
        return open_pipeline(file, {})
    except Exception:  # a broken file must not break the user's shell
        return None


def complete_step(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[Any]:
    """Complete the name of a step, or a pipeline file where it may stand."""
    from click.shell_completion import CompletionItem

    pipeline = _pipeline(ctx)
    steps = pipeline.steps if pipeline else ()
    known = dict.fromkeys(name for step in steps for name in (step.base, step.id))
    names = [CompletionItem(name) for name in known if name.startswith(incomplete)]
    if not names or "/" in incomplete:
        return [*names, CompletionItem(incomplete, type="file")]
    return names


def _complete_property(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    pipeline = _pipeline(ctx)
    names = pipeline.properties if pipeline else ()
    return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete)]


def complete_tag(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[Any]:
    """Complete a tag of the pipeline's steps."""
    from click.shell_completion import CompletionItem

    pipeline = _pipeline(ctx)
    tags = dict.fromkeys(tag for step in pipeline.steps for tag in step.tags) if pipeline else ()
    return [CompletionItem(tag) for tag in tags if tag.startswith(incomplete)]
