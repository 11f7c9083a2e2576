"""`buildtools releases`: what stands on the hosts, since when and by whom, and whether it is still what came."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from buildtools.cli.hosts import Word, aim_of, complete_release, host_options, target_argument
from buildtools.cli.options import color_option

if TYPE_CHECKING:
    from buildtools.aim import Aim
    from buildtools.deploy.history import Logged
    from buildtools.deploy.inventory import Held, Inventory


@click.command(
    "releases",
    epilog="Exit codes: 1 a release is not what came (--verify), 4 there was nothing to verify, 5 a host could not be "
    "looked at, or refused.",
)
@target_argument
@click.option("--verify", is_flag=True, help="Compare every file of every release with its manifest, by hash.")
@click.option("--log", "tail", type=click.IntRange(1, 1000), metavar="LINES", help="Show the end of the hosts' logs.")
@click.option("--pin", type=Word(), metavar="RELEASE", shell_complete=complete_release, help="Keep RELEASE for good.")
@click.option(
    "--unpin", type=Word(), metavar="RELEASE", shell_complete=complete_release, help="Let RELEASE go when it is old."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@host_options
@color_option
def command(target: str | None, as_json: bool, color: str, **flags: Any) -> int:
    """List the releases of TARGET on its hosts.

    Hosts come from the step `upload` of the pipeline file, or from --host; TARGET from its step `pack`. A release is
    named by its version, of which the one that was current last is meant, or as VERSION.REVISION.
    """
    verify, tail = flags.pop("verify"), flags.pop("tail") or 0
    pinned, unpinned = flags.pop("pin"), flags.pop("unpin")
    if pinned and unpinned:
        raise click.UsageError("--pin and --unpin cannot stand together")
    aim = aim_of(target, flags)
    if pinned or unpinned:
        told = _pin(aim, pinned or unpinned, pinned=bool(pinned))
        click.echo(told, err=as_json)
    inventory = _looked_at(aim, verify=verify, tail=tail)
    if as_json:
        _print_json(inventory)
    else:
        _print(inventory, color)
    return int(inventory.exit_code)


def _looked_at(aim: Aim, *, verify: bool, tail: int) -> Inventory:
    from buildtools.cli.asking import asked
    from buildtools.core.decoding import from_json
    from buildtools.deploy.inventory import Inventory
    from buildtools.steps.releases import Releases

    step = Releases(upload=aim.upload, target=aim.target, verify=verify, tail=tail)
    return from_json(asked(aim, "releases", step).outputs["inventory"], Inventory)


def _pin(aim: Aim, release: str, *, pinned: bool) -> str:
    from buildtools.cli.asking import asked
    from buildtools.steps.releases import Pin

    step = Pin(upload=aim.upload, target=aim.target, release=release, pinned=pinned)
    return asked(aim, "pin", step).outputs["told"]


def _print_json(inventory: Inventory) -> None:
    import json

    import msgspec

    head = {"schema_version": 1, "disagreement": inventory.disagreement, "remedy": inventory.remedy}
    click.echo(json.dumps({**head, **msgspec.to_builtins(inventory)}))


def _print(inventory: Inventory, color: str) -> None:
    from buildtools.cli.listing import print_table
    from buildtools.reports.ansi import one_line, tame

    # What stands on a host may hold anything, also what a terminal would obey.
    rows = [tuple(map(one_line, (stock.host, *_cells(held)))) for stock in inventory.hosts for held in stock.releases]
    if rows:
        print_table(("HOST", "VERSION", "REVISION", "STATE", "DEPLOYED", "BY", "NOTE"), rows, color=color)
    for line in _below(inventory):
        click.echo(one_line(line))
    for stock in inventory.hosts:
        if stock.error:
            click.echo(f"error: {tame(stock.error, color=False)}", err=True)
            if stock.remedy:
                click.echo(tame(stock.remedy, color=False), err=True)


def _below(inventory: Inventory) -> Iterator[str]:
    for stock in inventory.hosts:
        if not stock.error and not stock.releases:
            yield f"{stock.host}: no release of {inventory.target}"
        yield from (f"{stock.host}: {note}" for note in stock.notes)
    if inventory.disagreement:
        yield f"the hosts disagree: {inventory.disagreement}"
    if inventory.remedy:
        yield inventory.remedy
    if any(stock.log for stock in inventory.hosts):
        yield ""
    for stock in inventory.hosts:
        for line in stock.log:
            what = f"{line.event} {line.release}".strip()
            machine = line.machine.partition(":")[0]
            left = line.previous.removeprefix("releases/")
            more = "".join(f", {text}" for text in (left and f"from {left}", _reason(line)) if text)
            yield f"{stock.host}: {_when(line.time)} {what} by {line.who} on {machine}{more}"


def _reason(line: Logged) -> str:
    return f"the lock of {line.told}" if line.event == "took-over" else line.told


def _cells(held: Held) -> tuple[str, ...]:
    again = held.name.partition("~")
    names = (held.version, held.revision + again[1] + again[2]) if held.version else (held.name, "")
    return (*names, _state(held), _when(held.deployed), held.who, _note(held))


def _state(held: Held) -> str:
    states = (
        ("current", held.current),
        ("previous", held.previous),
        ("pinned", held.pinned),
        ("rolled back", held.retired),
        ("not proven", held.unproven),
    )
    return ", ".join(name for name, holds in states if holds) or "-"


def _note(held: Held) -> str:
    dirty = "packed from changed files" if held.dirty else ""
    checked = held.drift and (held.drift.told or "verified")
    return "; ".join(text for text in (checked, dirty) if text)


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if seconds else "-"
