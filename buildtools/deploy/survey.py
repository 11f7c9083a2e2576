"""All hosts before anything is changed: what stands there, what was interrupted there, and refusing on all alike."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from buildtools.core.errors import BuildtoolsError, Cancelled
from buildtools.deploy import owner
from buildtools.deploy import transaction as phase
from buildtools.deploy.host import Host
from buildtools.deploy.plan import Seen, Site
from buildtools.deploy.probe import probe
from buildtools.deploy.refusal import brief, locked, together
from buildtools.deploy.side import tried
from buildtools.deploy.transaction import Transaction
from buildtools.deploy.voice import Voice


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What is to happen on one host: which release `current` moves to (`name`), and from which (`previous`).

    `reuse` says that it stands there already, `done` that nothing at all is left to do.
    """

    host: str
    name: str
    previous: str
    reuse: bool
    done: bool


def survey(
    hosts: Sequence[Host],
    site: Site,
    pool: int,
    voice: Voice | None = None,
    *,
    wanted: str = "",
    shared: Sequence[str] = (),
) -> list[Seen]:
    """Look at all hosts. With a `voice`, if one refuses, the others write into their logs what was `wanted`."""
    done, failures = tried(pool, hosts, lambda host: probe(host, site, shared))
    if not failures:
        return [done[at] for at in range(len(hosts))]
    error = together(failures)
    if voice is not None and not isinstance(error, Cancelled):
        refuse([(hosts[at], seen) for at, seen in done.items()], site, voice, error, wanted)
    raise error


def refuse(hosts: Sequence[tuple[Host, Seen]], site: Site, voice: Voice, error: BuildtoolsError, wanted: str) -> None:
    """Write a refusal into the logs of those hosts that have one: what was `wanted`, and what is about that host."""
    identity = owner.transaction_id(voice.now())

    def write(pair: tuple[Host, Seen]) -> None:
        host, seen = pair
        transaction = Transaction(
            id=identity,
            host=host,
            peers=(),
            site=site,
            seen=seen,
            name=owner.word(wanted)[:200],
            digest="",
            expect=seen.current,
            reuse=False,
        )
        for line in phase.abort(transaction, "refused", brief(error, host.name)).all("log"):
            voice.log(host.name, line)

    tried(len(hosts), [pair for pair in hosts if not pair[1].fresh], write)


def proofs(seen: Sequence[Seen]) -> tuple[str, ...]:
    """Return the interrupted transactions that came to their end on one of the hosts: their release works."""
    ended = {one.good[-1][1] for one in seen if one.good}
    return tuple(sorted({left.id for one in seen for left in one.interrupted if left.id in ended}))


def tell_left(transactions: Sequence[Transaction], voice: Voice) -> None:
    """Warn of hosts that an interrupted deployment was for, and this one is not."""
    here = {owner.word(one.host.name) for one in transactions}
    left = {(left.id, peer) for one in transactions for left in one.seen.interrupted for peer in left.peers}
    for identity, peer in sorted(left):
        if peer not in here:
            voice.warn(f"{peer}: the interrupted deployment {identity} was for this host too, but this one is not")


def check_locks(hosts: Sequence[Host], seen: Sequence[Seen], site: Site) -> None:
    """Raise `StepError` where somebody else's lock is in the way."""
    pairs = zip(hosts, seen, strict=True)
    if barred := [locked(host.name, one.lock) for host, one in pairs if phase.locked_out(one, site)]:
        raise together(barred)


def choices(transactions: Sequence[Transaction]) -> tuple[Choice, ...]:
    """Return what is to happen, for people. Raises `StepError` where somebody else's lock is in the way."""
    check_locks([one.host for one in transactions], [one.seen for one in transactions], transactions[0].site)
    return tuple(
        Choice(host=one.host.name, name=one.name, previous=one.previous, reuse=one.reuse, done=one.is_done)
        for one in transactions
    )
