"""To a release that stands on every host already: the same transaction as a deployment, without an upload.

The programs of `prepare` do not run: the release was prepared when it came.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from buildtools.core.errors import StepError
from buildtools.deploy import owner
from buildtools.deploy import transaction as phase
from buildtools.deploy.course import Course, carry_out
from buildtools.deploy.fleet import Outcome, again
from buildtools.deploy.host import Host
from buildtools.deploy.plan import Policy, Seen, Site
from buildtools.deploy.survey import Choice, check_locks, choices, proofs, refuse, survey, tell_left
from buildtools.deploy.transaction import Transaction
from buildtools.deploy.voice import Voice
from buildtools.deploy.way import Prepared


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which release is wanted.

    `name` is a version (its release that was current last), `VERSION.REVISION`, or a release's whole folder name
    (`1.0.r1~2`); `None` for the good release before the current one, on each host. `rollback` goes back (the release
    that is left counts as good no more), else it is an activation. `each`: hosts may end up with releases of different
    content.
    """

    name: str | None = None
    rollback: bool = False
    each: bool = False


def look(hosts: Sequence[Host], site: Site, wish: Wish, policy: Policy) -> tuple[Choice, ...]:
    """Say for each host what would be switched to what; changes nothing.

    Raises `StepError` where a host has no such release or is locked, where a name fits several there, or where hosts
    disagree.
    """
    return choices(_begin(hosts, site, wish, survey(hosts, site, policy.pool), now=0))


def activate(hosts: Sequence[Host], site: Site, wish: Wish, policy: Policy, voice: Voice) -> Outcome:
    """Switch all hosts to the wanted release, with hooks and health checks; or leave all as they were.

    Raises `StepError` for every refusal and failure; hosts that were switched have gone back by then.
    """
    return again(lambda: _activate(hosts, site, wish, policy, voice), voice)


def _activate(hosts: Sequence[Host], site: Site, wish: Wish, policy: Policy, voice: Voice) -> Outcome:
    seen = survey(hosts, site, policy.pool, voice, wanted=wish.name or "")
    try:
        transactions = _begin(hosts, site, wish, seen, voice.now())
    except StepError as error:
        refuse(list(zip(hosts, seen, strict=True)), site, voice, error, wish.name or "")
        raise
    tell_left(transactions, voice)
    proven = proofs(seen)
    course = Course(
        policy=policy,
        voice=voice,
        event="rolled-back" if wish.rollback else "activated",
        proven=proven,
        prepare=lambda transaction: Prepared(reply=phase.reuse(transaction, proven)),
    )
    return Outcome(hosts=carry_out(transactions, course))


def _begin(hosts: Sequence[Host], site: Site, wish: Wish, seen: Sequence[Seen], now: float) -> list[Transaction]:
    try:
        names = _chosen(hosts, wish, seen)
    except StepError:
        # While somebody is at work between two hosts, these do not agree; then that is what to say.
        check_locks(hosts, seen, site)
        raise
    identity = owner.transaction_id(now)
    begun = []
    for host, one, name in zip(hosts, seen, names, strict=True):
        standing = one.releases[name]
        begun.append(
            Transaction(
                id=identity,
                host=host,
                peers=tuple(other.name for other in hosts),
                site=site,
                seen=one,
                name=name,
                digest=standing.digest,
                version=standing.version or _linked(one, name),
                revision=standing.revision,
                reuse=True,
                expect=one.current,
            )
        )
    return begun


def _chosen(hosts: Sequence[Host], wish: Wish, seen: Sequence[Seen]) -> list[str]:
    """Choose each host's release; refuse if one has none, or if they are not all the same."""
    if wish.name == "":
        raise StepError("the name of the wanted release is empty", remedy="Name a release, or none at all.")
    found = [_candidates(one, wish) for one in seen]
    lacking = [host.name for host, names in zip(hosts, found, strict=True) if not names]
    if lacking:
        what = f"no release {wish.name}" if wish.name is not None else "no good release before the current one"
        raise StepError(
            "\n".join(f"{host}: {what} there" for host in lacking),
            remedy=_standing(hosts, seen),
        )
    for host, names in zip(hosts, found, strict=True):
        if len(names) > 1:
            raise StepError(
                f"{host.name}: {wish.name} may be any of {', '.join(names)}", remedy="Name one of them in full."
            )
    names = [candidates[0] for candidates in found]
    contents = {_content(one, name) for one, name in zip(seen, names, strict=True)}
    if len(contents) > 1 and not wish.each:
        rows = [
            f"  {host.name}: {name} ({one.releases[name].digest[:8]}; current is {one.serving or 'nothing'})"
            for host, one, name in zip(hosts, seen, names, strict=True)
        ]
        raise StepError(
            "\n".join(["the hosts do not agree which release that is:", *rows]),
            remedy="Name a release that is the same on all, or let each host go to its own: --each.",
        )
    return names


def _standing(hosts: Sequence[Host], seen: Sequence[Seen]) -> str:
    """Say which releases there are: on all of the hosts, and on some of them only."""
    where: dict[str, list[str]] = {}
    for host, one in zip(hosts, seen, strict=True):
        for name in one.releases:
            where.setdefault(name, []).append(host.name)
    if not where:
        return "Nothing was ever deployed there."
    everywhere = [name for name in sorted(where) if len(where[name]) == len(hosts)]
    some = [f"{name} (on {', '.join(at)})" for name, at in sorted(where.items()) if name not in everywhere]
    told = f"There {'stand' if len(hosts) == 1 else 'stand on all of them'}: {', '.join(everywhere) or 'none'}."
    return f"{told} Not on all of them: {', '.join(some)}." if some else told


def _candidates(seen: Seen, wish: Wish) -> list[str]:
    """Return the releases on a host that a wish may mean: the exact name, else that of the version."""
    if wish.name is None:
        return [seen.before] if seen.before else []
    if wish.name in seen.releases:
        return [wish.name]
    of_version = [name for name, standing in seen.releases.items() if standing.version == wish.name]
    linked = seen.links.get(wish.name, "").removeprefix("releases/")
    if linked in seen.releases:
        return [linked]
    return of_version


def _content(seen: Seen, name: str) -> str:
    digest = seen.releases[name].digest
    return name if digest == "-" else digest


def _linked(seen: Seen, name: str) -> str:
    """Return the version of a release that nothing was written down of: the link that points to it, if one does."""
    versions = [link for link, text in seen.links.items() if text == f"releases/{name}" and name.startswith(f"{link}.")]
    return versions[0] if versions else ""
