"""The flags by which `releases`, `activate` and `rollback` know their target and hosts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from buildtools.cli.options import place_options

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


target_argument = click.argument("target", required=False, shell_complete=complete_target)

_FLAGS = (
    click.option("--step", metavar="NAME", shell_complete=_complete_step, help="The step `upload` that has the hosts."),
    click.option(
        "--host",
        "hosts",
        multiple=True,
        metavar="[USER@]HOST[:PORT]",
        help="A host, or local: for this machine; may be repeated. Without --step, no pipeline file is read.",
    ),
    click.option("--root", metavar="DIR", help="The folder of all targets on the hosts.  [default: public_html]"),
    click.option("--identity", multiple=True, metavar="FILE", help="A private key to log in with; may be repeated."),
    click.option("--known-hosts", multiple=True, metavar="FILE", help="More known host keys; may be repeated."),
    click.option("--host-key", metavar="POLICY", help="strict, or accept-new: what is done with an unknown host key."),
    click.option("--connect-timeout", metavar="TIME", help="For connecting and for logging in, each."),
    click.option("--host-timeout", "timeout", metavar="TIME", help="For each command on a host."),
    click.option("--pool", metavar="NUMBER", help="How many hosts are worked on at once."),
    click.option("--password-env", metavar="VARIABLE", help="The variable that holds the login's password."),
    click.option("--passphrase-env", metavar="VARIABLE", help="The variable that holds the passphrase of the key."),
)


def host_options(command: F) -> F:
    """Add `-C`, `-f`, `-P`, `--step`, and the flags that replace or make up the options of the step `upload`."""
    for option in reversed(_FLAGS):
        command = option(command)
    return place_options(command)


def aim_of(target: str | None, flags: dict[str, Any]) -> Aim:
    """Return what the flags of `host_options` aim at; they are taken out of `flags`."""
    from buildtools.aim import aim_by_file, aim_by_flags
    from buildtools.session import open_pipeline

    file, properties, step = flags.pop("file_option"), flags.pop("properties"), flags.pop("step")
    given: dict[str, Any] = {}
    for name in ("hosts", "root", "identity", "known_hosts", "host_key", "connect_timeout", "timeout", "pool"):
        value = flags.pop(name)
        if value:
            given[name.replace("_", "-")] = list(value) if isinstance(value, tuple) else value
    for name in ("identity", "known-hosts"):
        if name in given:
            given[name] = [str(Path.cwd() / Path(path).expanduser()) for path in given[name]]
    secrets = {name: _secret(flags.pop(f"{name}_env"), name) for name in ("password", "passphrase")}
    given |= {name: value for name, value in secrets.items() if value}
    hidden = [value for value in secrets.values() if value]
    if "hosts" in given and not step and not file:
        return aim_by_flags(Path.cwd(), target or "", given, hidden)
    return aim_by_file(open_pipeline(file, properties), step or "", target or "", given, hidden)


def _secret(variable: str | None, what: str) -> str:
    if not variable:
        return ""
    value = os.environ.get(variable, "")
    if not value:
        raise click.UsageError(f"--{what}-env: the variable {variable} is not set")
    return value
