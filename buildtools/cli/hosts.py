"""The flags by which `releases`, `activate` and `rollback` know their target and hosts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from buildtools.cli.options import Flag, place_options
from buildtools.cli.running import DurationType

if TYPE_CHECKING:
    from buildtools.aim import Aim
    from buildtools.pipeline.model import Pipeline

F = TypeVar("F", bound=Callable[..., Any])


def complete_target(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete a target of the pipeline file."""
    from buildtools.aim import targets

    pipeline = _opened(ctx)
    return [name for name in targets(pipeline) if name.startswith(incomplete)] if pipeline else []


def _complete_step(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from buildtools.aim import upload_steps

    pipeline = _opened(ctx)
    return [spec.id for spec in upload_steps(pipeline) if spec.id.startswith(incomplete)] if pipeline else []


def complete_release(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a release, of those that were packed here: no host is asked while somebody types."""
    from buildtools.aim import packed, targets

    pipeline = _opened(ctx)
    if pipeline is None:
        return []
    named = ctx.params.get("target") or next(iter(ctx.params.get("names") or ()), None)
    found = [name for target in ([named] if named else targets(pipeline)) for name in packed(pipeline, target)]
    return [name for name in found if name.startswith(incomplete)]


def _opened(ctx: click.Context) -> Pipeline | None:
    from buildtools.session import open_pipeline

    try:
        return open_pipeline(ctx.params.get("file_option"), ctx.params.get("properties") or {})
    except Exception:  # a broken file must not break the user's shell
        return None


class Word(click.ParamType[str]):
    """A text that is not empty: an unset variable of a script (`--to "$V"`) must not mean that nothing was said."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value) or self.fail("is empty", param, ctx)


target_argument = click.argument("target", type=Word(), required=False, shell_complete=complete_target)


def _host(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        from buildtools.deploy.layout import address

        if address(value) is None:
            raise click.BadParameter(f"{value!r} is no host: write [user@]host[:port], or local: or local:FOLDER")
    return values


_FLAGS = (
    click.option(
        "--step",
        type=Word(),
        metavar="NAME",
        shell_complete=_complete_step,
        help="The step `upload` that has the hosts.",
    ),
    click.option(
        "--host",
        "hosts",
        cls=Flag,
        multiple=True,
        metavar="[USER@]HOST[:PORT]",
        callback=_host,
        help="A host, or local: for this machine; may be repeated. Without -f or --step, no pipeline file is read.",
    ),
    click.option(
        "--root", type=Word(), metavar="DIR", help="The folder of all targets on the hosts.  [default: public_html]"
    ),
    click.option(
        "--identity", type=Word(), multiple=True, metavar="FILE", help="A private key to log in with; may be repeated."
    ),
    click.option(
        "--known-hosts", type=Word(), multiple=True, metavar="FILE", help="More known host keys; may be repeated."
    ),
    click.option(
        "--host-key",
        type=click.Choice(["strict", "accept-new"]),
        help="Whether an unknown host key is refused, or trusted from then on.",
    ),
    click.option("--connect-timeout", type=DurationType(), metavar="TIME", help="For connecting, and for logging in."),
    click.option(
        "--host-timeout", "timeout", cls=Flag, type=DurationType(), metavar="TIME", help="For each command on a host."
    ),
    click.option("--pool", type=click.IntRange(1, 256), metavar="NUMBER", help="How many hosts at once.  [default: 8]"),
    click.option(
        "--password-env", type=Word(), metavar="VARIABLE", help="The variable that holds the login's password."
    ),
    click.option(
        "--passphrase-env", type=Word(), metavar="VARIABLE", help="The variable that holds the passphrase of the key."
    ),
)


def host_options(command: F) -> F:
    """Add `-C`, `-f`, `-P`, `--step`, and the flags that replace or make up the options of the step `upload`."""
    for option in reversed(_FLAGS):
        command = option(command)
    return place_options(command)


def aim_of(target: str | None, flags: dict[str, Any]) -> Aim:
    """Return what the flags of `host_options` aim at; they are taken out of `flags`."""
    from buildtools.aim import aim_by_file, aim_by_flags
    from buildtools.core.errors import InvalidPipeline
    from buildtools.session import open_pipeline, project_of

    file, properties, step = flags.pop("file_option"), flags.pop("properties"), flags.pop("step")
    given: dict[str, Any] = {}
    for name in ("hosts", "root", "identity", "known_hosts", "host_key", "connect_timeout", "timeout", "pool"):
        value = flags.pop(name)
        if value:
            given[name.replace("_", "-")] = list(value) if isinstance(value, tuple) else str(value)
    if "timeout" in given:  # a lock holds longer than any command
        given["lock-expiry"] = str(max(1800.0, 2 * float(given["timeout"])))
    for name in ("identity", "known-hosts"):
        if name in given:
            given[name] = [str(Path.cwd() / Path(path).expanduser()) for path in given[name]]
    secrets = {name: _secret(flags.pop(f"{name}_env"), name) for name in ("password", "passphrase")}
    given |= {name: value for name, value in secrets.items() if value}
    hidden = [value for value in secrets.values() if value]
    if "hosts" in given and not step and not file:
        return aim_by_flags(Path.cwd(), target, given, hidden)
    try:
        pipeline = open_pipeline(file, properties)
    except InvalidPipeline as error:
        if file is None and project_of(None)[0] is None:
            error.remedy += " Or name the hosts: --host, --root."
        raise
    return aim_by_file(pipeline, step, target, given, hidden)


def _secret(variable: str | None, what: str) -> str:
    if not variable:
        return ""
    value = os.environ.get(variable, "")
    if not value:
        raise click.UsageError(f"--{what}-env: the variable {variable} is not set")
    return value
