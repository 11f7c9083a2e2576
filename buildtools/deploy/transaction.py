"""One host's way to another release, phase by phase; each is one script, sent as one command.

Whatever is cut off, whenever: `current` on the host is one complete release, and the next deployment clears up. What
follows what, over many hosts, is `course`'s to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path

import msgspec

from buildtools.deploy import owner
from buildtools.deploy.hooks import Hook, grace, room
from buildtools.deploy.host import Host
from buildtools.deploy.layout import address
from buildtools.deploy.place import Place
from buildtools.deploy.plan import Seen, Site
from buildtools.deploy.refusal import refusal
from buildtools.deploy.script import Reply, compose

_DOING = {
    "claim held": "taking the lock",
    "claim listing stage settle": "sending",
    "renew": "renewing the lock",
    "commit": "switching",
    "back": "going back",
    "finish": "finishing",
    "abort": "unlocking",
    "hook": "running a hook",
}
"""scripts of a phase → what people are told is going on"""


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """What a script gets besides its variables: its input, as `Host.run` takes it, and arguments."""

    feed: tuple[Path, ...] | bytes = ()
    arguments: tuple[str, ...] = ()


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """What is to happen on one host.

    `id` is the same on all of them, `peers` are all their names. `name` is the release's folder, `digest` its
    content's, `version` and `revision` what it is (empty: not known there); `reuse` says that it stands there already,
    `expect` what `current` must be for the next phase to begin.
    """

    id: str
    host: Host
    peers: tuple[str, ...]
    site: Site
    seen: Seen
    name: str
    digest: str
    version: str = ""
    revision: str = ""
    reuse: bool
    expect: str

    @property
    def is_current(self) -> bool:
        """Whether the host serves this very release already."""
        return self.reuse and self.seen.serving == self.name

    @property
    def is_done(self) -> bool:
        """Whether nothing at all is left to do."""
        seen = self.seen
        linked = not self.version or seen.links.get(self.version) == seen.current
        return self.is_current and linked and not seen.residue and not seen.lock

    @property
    def stolen(self) -> bool:
        """Whether a lock that is there is taken over before it has expired."""
        return _stolen(self.seen, self.site)

    @property
    def previous(self) -> str:
        """The release that is left, or what else `current` points to; what a failure goes back to."""
        unproven = self.seen.unproven
        return (unproven.previous if unproven else self.seen.current).removeprefix("releases/")

    @property
    def place(self) -> Place:
        """The release on its host, as hooks and health checks know it."""
        known = address(self.host.name)
        return Place(
            host=known.host if known and known.host and not self.host.name.startswith("local") else "localhost",
            root=folder(self.host, self.site),
            target=self.site.target,
            version=self.version,
            revision=self.revision,
            release=self.name,
            previous=self.previous,
        )


def _stolen(seen: Seen, site: Site) -> bool:
    held = owner.parse(seen.lock)
    return site.steal or (held is not None and owner.is_dead(held))


def locked_out(seen: Seen, site: Site) -> bool:
    """Whether the lock that the probe saw keeps a transaction out; when one expires, the host's clock says."""
    held = owner.parse(seen.lock)
    expired = held is not None and 0 <= held.expires <= seen.clock
    return bool(seen.lock) and not _stolen(seen, site) and not expired


def folder(host: Host, site: Site) -> str:
    """Return ROOT/TARGET on the host."""
    return f"{host.root(site.root).rstrip('/')}/{site.target}"


def claim(transaction: Transaction, proven: Sequence[str]) -> Reply:
    """Take the lock, and clear up; nothing else yet."""
    return _phase(transaction, "claim held", {**_claiming(transaction, proven), "reuse": "no"})


def reuse(transaction: Transaction, proven: Sequence[str]) -> Reply:
    """Prepare with a release that stands there already: take the lock if it is not ours yet, and look again."""
    return _phase(transaction, "claim held", {**_claiming(transaction, proven), "reuse": "yes"})


def receive(transaction: Transaction, proven: Sequence[str], variables: Mapping[str, str], stream: Stream) -> Reply:
    """Prepare by sending: take the lock if it is not ours yet, fill the stage, check every file, and put it up."""
    more = {**_claiming(transaction, proven), "hash": transaction.seen.hash, "revision": transaction.revision}
    return _phase(transaction, "claim listing stage settle", {**more, **variables}, stream)


def renew(transaction: Transaction) -> Reply:
    """Show that the deployment lives."""
    return _phase(transaction, "renew")


def commit(transaction: Transaction) -> Reply:
    """Switch `current`, if the lock is still ours and `current` still what is expected."""
    return _phase(transaction, "commit")


def back(transaction: Transaction) -> Reply:
    """Switch `current` back to what it was before; the transaction goes on."""
    return _phase(transaction, "back")


def finish(transaction: Transaction, event: str) -> Reply:
    """Write the log, remove old releases, end the transaction, unlock."""
    return _phase(transaction, "finish", {"event": event, "keep": str(transaction.site.keep)})


def abort(transaction: Transaction, event: str, why: str, *, keep: bool = False) -> Reply:
    """Take back what the transaction has left but for the switch, and unlock; `keep` what has arrived of an upload."""
    values = {"event": event, "why": why.partition("\n")[0][:300], "kept": "yes" if keep else "no"}
    return _phase(transaction, "abort", values)


def program(transaction: Transaction, hook: Hook, place: Place, where: str) -> Reply:
    """Run a user's program in a folder below ROOT/TARGET; `place` is what it is told of.

    For another one to end it waits as long as its own time allows; without a `timeout`, half of what there is.
    """
    most = max(1, room(transaction.site.phase))
    limit = min(ceil(hook.timeout) or most, most)
    patience = most - (limit if hook.timeout else max(1, most // 2))
    times = {"limit": limit, "grace": grace(transaction.site.phase), "room": most, "patience": patience}
    more = {"place": where, **{name: str(seconds) for name, seconds in times.items()}}
    words = tuple(f"{name}={value}" for name, value in place.environment().items())
    # Whatever the text begins with, it is no option; and its last line says that it is whole.
    feed = f"\n{hook.run}\n# {transaction.id}\n".encode()
    return _phase(transaction, "hook", more, Stream(feed=feed, arguments=words))


def _claiming(transaction: Transaction, proven: Sequence[str]) -> dict[str, str]:
    return {
        "steal": transaction.seen.lock if transaction.stolen else "",
        "proven": " ".join(proven),
        "peers": " ".join(owner.word(peer) for peer in transaction.peers),
    }


def _phase(
    transaction: Transaction, phase: str, more: Mapping[str, str] | None = None, stream: Stream | None = None
) -> Reply:
    host, site = transaction.host, transaction.site
    stream = stream or Stream()
    variables = {
        "root": host.root(site.root),
        "base": folder(host, site),
        "version": transaction.version,
        "txn": transaction.id,
        "name": transaction.name,
        "digest": transaction.digest,
        "expect": transaction.expect,
        "who": owner.who(),
        "where": owner.where(),
        "host": owner.word(host.name),
        "lease": str(int(site.lease)),
    }
    reply = host.run(compose(phase, {**variables, **(more or {})}, stream.arguments), stream.feed)
    if reply.status != 0:
        raise refusal(host.name, variables["base"], _DOING[phase], reply)
    return reply
