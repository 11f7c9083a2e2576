"""`buildtools cache`: what is kept between runs, and getting rid of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from buildtools.cli.options import project_options

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}


class SizeType(click.ParamType[int]):
    """`500M`, `1.5G`, `2GiB`, `4096`; bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kmg]?i?)b?", str(value).strip(), re.IGNORECASE)
        if match is None or match[2].lower() not in _UNITS:
            self.fail(f"{value!r} is no size such as 500M, 1.5G or 2GiB", param, ctx)
        return int(float(match[1]) * _UNITS[match[2].lower()])


@click.group("cache")
def command() -> None:
    """Show or empty what is kept between runs, in .buildtools/cache of the project."""


_as_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@command.command("stats")
@project_options
@_as_json
def stats(file_option: Path | None, as_json: bool) -> None:
    """Say how much is kept, and where."""
    import time

    from buildtools.core.wording import count, size
    from buildtools.system.sweep import BOUND, contents

    folder = _folder(file_option)
    found = contents(folder)
    if as_json:
        _echo_json({"folder": str(folder), "bound": BOUND, **_builtins(found)})
        return
    click.echo(f"{folder}")
    click.echo(f"  {count(found.blobs, 'entry', 'entries')}, {size(found.bytes)} of at most {size(BOUND)}")
    if found.tools:
        click.echo(f"  of which {size(found.tool_bytes)} are caches of {', '.join(found.tools)}")
    if found.oldest is not None:
        click.echo(f"  the oldest was last used {time.strftime('%Y-%m-%d %H:%M', time.localtime(found.oldest))}")


@command.command("clear")
@project_options
@_as_json
def clear_command(file_option: Path | None, as_json: bool) -> None:
    """Remove everything that is kept; the next run does all work anew."""
    from buildtools.core.errors import ReportError
    from buildtools.core.wording import size
    from buildtools.system.sweep import clear

    folder = _folder(file_option)
    try:
        found = clear(folder)
    except OSError as error:
        raise ReportError(f"{folder}: cannot be removed: {error.strerror or error}") from None
    if as_json:
        _echo_json({"folder": str(folder), "removed_bytes": found.bytes})
    else:
        click.echo(f"{folder}: {size(found.bytes)} removed" if found.bytes else f"{folder}: nothing was there")


@command.command("gc")
@project_options
@click.option(
    "--max-size",
    type=SizeType(),
    metavar="SIZE",
    help="How much to leave, such as 500M or 2GiB.  [default: 1GiB]",
)
@_as_json
def gc(file_option: Path | None, max_size: int | None, as_json: bool) -> None:
    """Remove what was used longest ago, down to a size.

    That also happens by itself at the end of a run: once a day, and when the run has written more than 128 MiB.
    """
    from buildtools.core.errors import ReportError
    from buildtools.core.wording import count, size
    from buildtools.system.sweep import BOUND, sweep

    folder = _folder(file_option)
    swept = sweep(folder, BOUND if max_size is None else max_size)
    if as_json:
        _echo_json({"folder": str(folder), **_builtins(swept)})
    else:
        entries = count(swept.removed, "entry", "entries")
        click.echo(f"{folder}: {entries} removed ({size(swept.removed_bytes)}), {size(swept.bytes)} left")
    if swept.stuck:
        entries = count(swept.stuck, "entry", "entries")
        raise ReportError(f"{entries} could not be removed, such as {swept.problem}")


def _folder(file: Path | None) -> Path:
    """Return the project's cache, which need not exist. Raises `InvalidPipeline` where there is no project."""
    from buildtools.session import state_folder

    folder = state_folder(file)
    if file is None and not folder.is_dir():
        from buildtools.pipeline.find import find_file

        find_file(Path.cwd())
    return folder / "cache"


def _builtins(value: object) -> dict[str, Any]:
    import msgspec

    builtins: dict[str, Any] = msgspec.structs.asdict(value)  # type: ignore[arg-type]
    return builtins


def _echo_json(value: object) -> None:
    import json

    click.echo(json.dumps(value))
