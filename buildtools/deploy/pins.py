"""Pinning: a release that stays on the hosts however many come after it."""

from __future__ import annotations

from collections.abc import Sequence

from buildtools.core.errors import StepError
from buildtools.core.wording import did_you_mean
from buildtools.deploy import owner
from buildtools.deploy.host import Host
from buildtools.deploy.inventory import Held, Stock
from buildtools.deploy.plan import Site
from buildtools.deploy.refusal import refusal
from buildtools.deploy.script import compose
from buildtools.deploy.transaction import folder


def named(stock: Stock, name: str) -> Held:
    """Return the release that `name` means: a folder's name, or a version: the one of it that was current last.

    Raises `StepError` where there is none, or more than one.
    """
    exact = stock.held(name) or stock.held(stock.links.get(name, "").removeprefix("releases/"))
    if exact is not None:
        return exact
    found = [held for held in stock.releases if name == held.version]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(held.name for held in found)
        raise StepError(f"{stock.host}: there are several releases {name}: {names}", remedy="Name one of them wholly.")
    names_there = [held.name for held in stock.releases]
    raise StepError(
        f"{stock.host}: there is no release {name!r}.{did_you_mean(name, names_there)}",
        remedy=f"There are {', '.join(names_there)}." if names_there else "There is none at all.",
    )


def pin(host: Host, site: Site, held: Held, *, pinned: bool) -> bool:
    """Pin a release on a host, or take its pin away; return whether anything changed. Raises `StepError`."""
    base = folder(host, site)
    values = {
        "base": base,
        "txn": "",
        "name": held.name,
        "digest": held.digest,
        "expect": "",
        "who": owner.who(),
        "where": owner.where(),
        "event": "pinned" if pinned else "unpinned",
    }
    reply = host.run(compose("pin", values))
    if reply.status != 0:
        raise refusal(host.name, base, "pinning", reply)
    return ("unchanged", "") not in reply.lines


def all_named(stocks: Sequence[Stock], name: str) -> list[Held]:
    """Return the release that `name` means on each host. Raises `StepError` unless it is one content on all of them."""
    found = [named(stock, name) for stock in stocks]
    if len({held.digest for held in found}) > 1:
        told = "; ".join(f"{stock.host}: {held.name}" for stock, held in zip(stocks, found, strict=True))
        raise StepError(f"{name} is not the same release on all hosts: {told}", remedy="Name it wholly.")
    return found
