"""What stands on the hosts: releases, who brought them when, what is current, and whether they are still what came."""

from __future__ import annotations

import msgspec

from buildtools.core.decoding import json_decoder
from buildtools.core.errors import ExitCode, StepError
from buildtools.deploy import owner
from buildtools.deploy.drift import Drift, drift
from buildtools.deploy.history import Logged, parse
from buildtools.deploy.host import Host
from buildtools.deploy.manifest import Manifest
from buildtools.deploy.plan import Site
from buildtools.deploy.probe import seen
from buildtools.deploy.refusal import refusal
from buildtools.deploy.script import Reply, compose
from buildtools.deploy.transaction import folder


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One release on one host. `name` is its folder, `VERSION.REVISION` or `VERSION.REVISION~2`.

    `deployed` is when it came, in seconds since the epoch (0: not known), by `who`; `digest` identifies its content;
    both are empty, like `version` and `revision`, for one that came by other hands; `archive_size` is in bytes, and
    `dirty` says whether the work tree differed from the commit. `good`: its deployment came to its end, so that a
    rollback may go to it; `retired`: that was so until a rollback left it; `unproven`: it never was so, since its
    deployment failed or was interrupted. `drift` is what verifying found.
    """

    name: str
    version: str = ""
    revision: str = ""
    digest: str = ""
    archive_size: int = 0
    dirty: bool | None = None
    current: bool = False
    previous: bool = False
    good: bool = False
    retired: bool = False
    unproven: bool = False
    pinned: bool = False
    deployed: int = 0
    who: str = ""
    drift: Drift | None = None


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """All of one host, newest release first. `error` is why it could not be looked at; then nothing else is known.

    `current` and `previous` are names of releases, empty where there is none; `current` may be one that is not among
    `releases`, or something that no release is; `kind` says what it is: `link`, `folder`, `other` or `none`. `unproven`
    is an interrupted transaction that has switched to it. `links` are the other links, by name.
    """

    host: str
    error: str = ""
    remedy: str = ""
    current: str = ""
    kind: str = "none"
    previous: str = ""
    unproven: str = ""
    lock: str = ""
    interrupted: tuple[str, ...] = ()
    links: dict[str, str] = {}
    releases: tuple[Held, ...] = ()
    log: tuple[Logged, ...] = ()

    def held(self, name: str) -> Held | None:
        """Return the release of this name."""
        return next((held for held in self.releases if held.name == name), None)

    @property
    def notes(self) -> list[str]:
        """What people should know besides the table."""
        notes = []
        if self.lock:
            held = owner.parse(self.lock)
            notes.append(f"locked by {held.who} on {held.machine}" if held else f"locked by {self.lock}")
        elif self.unproven:
            notes.append("an interrupted deployment has switched current, which nobody knows to work: run it again")
        elif self.interrupted:
            notes.append("an interrupted deployment left something, which the next one clears up")
        if self.kind in ("folder", "other"):
            notes.append("current is not a link, so that no deployment can switch it")
        if self.current and not self.held(self.current):
            notes.append(f"current is {self.current}, which is no release here")
        return notes


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """One target on all of its hosts. `verified` says whether every release was compared with its manifest."""

    target: str
    verified: bool = False
    hosts: tuple[Stock, ...] = ()

    @property
    def disagreement(self) -> str:
        """What the hosts do not agree on, as one phrase; empty if they serve the same."""
        seen = [stock for stock in self.hosts if not stock.error]
        serving: dict[str, list[str]] = {}
        for stock in seen:
            serving.setdefault(stock.current, []).append(stock.host)
        if len(serving) > 1:
            return "; ".join(
                f"{', '.join(names)} {'serves' if len(names) == 1 else 'serve'} {name or 'nothing'}"
                for name, names in serving.items()
            )
        digests = {held.digest for stock in seen if (held := stock.held(stock.current)) and held.digest}
        if len(digests) > 1:
            return f"{seen[0].current} is not the same content on all of them"
        return ""

    @property
    def remedy(self) -> str:
        """What to do about releases that are not what came; empty if there are none."""
        drifts = [held.drift for stock in self.hosts for held in stock.releases]
        if not any(found and found.verdict in ("differs", "forged") for found in drifts):
            return ""
        return (
            "To mend what is not as it came, pack the same files under another revision and deploy that: "
            "a release that stands there already is not sent again."
        )

    @property
    def exit_code(self) -> ExitCode:
        """5 if a host could not be looked at; of a verification 1 if anything drifted, 4 if there was nothing."""
        if any(stock.error for stock in self.hosts):
            return ExitCode.ERROR
        if not self.verified:
            return ExitCode.OK
        checked = [held.drift for stock in self.hosts for held in stock.releases]
        if not checked:
            return ExitCode.EMPTY
        return ExitCode.OK if all(one and one.verdict == "same" for one in checked) else ExitCode.FAILED


def take_stock(host: Host, site: Site, *, verify: bool = False, tail: int = 0) -> Stock:
    """Look at one target on one host, by one command; `tail` is how many lines of the log are wanted as well.

    Raises `StepError` if the host cannot be asked, or refuses.
    """
    base = folder(host, site)
    parts = "probe list listing verify" if verify else "probe list"
    values = {"root": host.root(site.root), "base": base, "tail": str(tail), "txn": ""}
    reply = host.run(compose(parts, values))
    if reply.status != 0:
        raise refusal(host.name, base, "looking at it", reply)
    return _stock(host.name, reply)


def unreachable(host: str, error: StepError) -> Stock:
    """Return the stock of a host that could not be looked at."""
    return Stock(host=host, error=error.message, remedy=error.remedy)


def _stock(host: str, reply: Reply) -> Stock:
    found = seen(reply)
    heads, drifts = _heads(reply), _drifts(reply)
    good = {name for name, _ in found.good}
    retired = set(found.retired) - good
    releases = []
    for name, standing in found.releases.items():
        head = heads.get(name)
        releases.append(
            Held(
                name=name,
                version=standing.version,
                revision=standing.revision,
                digest=standing.digest.removeprefix("-"),
                archive_size=head.archive_size if head else 0,
                dirty=head.dirty if head else None,
                current=name == found.serving,
                previous=name == found.before,
                good=name in good,
                retired=name in retired,
                unproven=found.judged and bool(standing.digest.removeprefix("-")) and name not in good | retired,
                pinned=standing.pinned,
                deployed=standing.time,
                who=standing.who,
                drift=drifts.get(name),
            )
        )
    return Stock(
        host=host,
        current=found.serving,
        kind=reply.first("current").partition(" ")[0] or "none",
        previous=found.before,
        unproven=found.unproven.id if found.unproven else "",
        lock=found.lock,
        interrupted=tuple(one.id for one in found.interrupted),
        links=found.links,
        releases=tuple(sorted(releases, key=lambda held: (held.deployed, held.name), reverse=True)),
        log=parse(reply.all("audit")),
    )


def _heads(reply: Reply) -> dict[str, Manifest]:
    """Return the manifests of the releases, without their files; one that does not fit its folder is passed over."""
    decoder = json_decoder(Manifest)
    heads = {}
    for line in reply.all("manifest"):
        name, _, text = line.partition(" ")
        try:
            head = decoder.decode(f"{text}]}}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if name.partition("~")[0] == head.release.name:
            heads[name] = head
    return heads


def _drifts(reply: Reply) -> dict[str, Drift]:
    lines: dict[str, list[str]] = {}
    for text in reply.all("differs"):
        name, _, line = text.partition(" ")
        lines.setdefault(name, []).append(line)
    checked = [line.partition(" ")[::2] for line in reply.all("checked")]
    return {name: drift(verdict, lines.get(name, [])) for verdict, name in checked}
