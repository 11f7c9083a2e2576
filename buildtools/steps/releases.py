"""Looking at what `upload` has brought to its hosts, and pinning some of it: the steps behind `buildtools releases`.

No pipeline file names them: they have a configured `upload` among their options.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from buildtools.deploy.inventory import Inventory, Stock, take_stock, unreachable
from buildtools.deploy.layout import Address
from buildtools.deploy.pins import all_named, pin
from buildtools.deploy.sessions import open_hosts
from buildtools.deploy.side import side_by_side
from buildtools.plugin import Cancelled, Kind, Step, StepContext, StepError, StepResult
from buildtools.steps.upload import Upload


class Releases(Step, frozen=True):
    """Look at a target's releases on all hosts; the output `inventory` is what was found, as JSON."""

    kind: ClassVar[Kind] = Kind.CHECK

    upload: Upload
    target: str
    verify: bool = False
    tail: int = 0

    def run(self, ctx: StepContext) -> StepResult:
        """Look at the hosts side by side. One that cannot be looked at hides none of the others."""
        site = self.upload.site(self.target)

        def look(place: Address) -> Stock:
            try:
                with open_hosts(ctx, (place,), self.upload.ssh(ctx)) as (host,):
                    return take_stock(host, site, verify=self.verify, tail=self.tail)
            except Cancelled:
                raise
            except StepError as error:
                return unreachable(place.text.removesuffix(":"), error)

        stocks = side_by_side(self.upload.pool, self.upload.places(), look)
        inventory = Inventory(target=self.target, verified=self.verify, hosts=tuple(stocks))
        return StepResult(outputs={"inventory": msgspec.json.encode(inventory).decode()})


class Pin(Step, frozen=True):
    """Pin a release on all hosts, lest `upload` removes it as an old one, or take the pin away; `told` says so."""

    upload: Upload
    target: str
    release: str
    pinned: bool = True

    def run(self, ctx: StepContext) -> StepResult:
        """Pin it on every host, or on none: a host that has no such release is a `StepError` beforehand."""
        site = self.upload.site(self.target)
        with open_hosts(ctx, self.upload.places(), self.upload.ssh(ctx), self.upload.pool) as hosts:
            stocks = side_by_side(self.upload.pool, hosts, lambda host: take_stock(host, site))
            held = all_named(stocks, self.release)
            told = []
            for host, one in zip(hosts, held, strict=True):
                changed = pin(host, site, one, pinned=self.pinned)
                state = "pinned" if self.pinned else "not pinned"
                told.append(f"{host.name}: {one.name} is {state} {'now' if changed else 'already'}")
        return StepResult(outputs={"told": "\n".join(told)})
