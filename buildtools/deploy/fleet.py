"""One release onto many hosts, all or none of them.

Every host goes through the phases probe, claim (the lock, and a record of what to go back to), prepare (send, check,
put into `releases/`), the barrier, commit (switch), hooks and health checks, finish (log, old releases). What a kill or
a cut connection leaves on one host, and what the next run, of whatever release, does there:

- probe: nothing was changed.
- claim: lock and record. The lock is taken over when it has expired, at once where its owner is known to be dead; the
  record goes.
- prepare, while sending: lock, record, stage; where the host noticed, the stage alone. A stage of the same content
  serves the next upload, any other goes.
- prepare, after its rename: also a complete release that nothing points to. It is reused, nothing is sent; or it stays
  until `keep` counts it out.
- hooks before the switch: the same, and the program runs on to its end. Programs run again.
- commit: `current` is the old or the new release. The old one: the same as before.
- after the switch: the new release is *unproven*, and the record has the one before it. To the same release: nothing is
  switched again, hooks and checks run, finish. To another one: it is switched to that. Whatever fails then goes back to
  the release before the unproven one. With `on-interrupt: back`, it goes back to it first.
- finish, once the release counts as good: lock, record, old releases. They go. On the other hosts it counts as good
  too, since it came through all checks, and what fails goes back to it.
- going back: as after the switch, or only lock and record.

Over many hosts: when one was switched, all had passed the barrier. If none was, the next run begins from the beginning.
If some were, it takes all hosts to its release; and if it fails before its own barrier, those that stand on an unproven
release go back, so that all serve what they served before the interrupted deployment. Only what is not among the hosts
of the next run stays as it was, with a warning that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from buildtools.core.errors import StepError
from buildtools.deploy import owner
from buildtools.deploy import transaction as phase
from buildtools.deploy.course import Course, Ended, NotDone, carry_out
from buildtools.deploy.host import Host
from buildtools.deploy.plan import Plan, Policy, Seen
from buildtools.deploy.refusal import Refusal, together, unshared
from buildtools.deploy.shipment import Dispatch
from buildtools.deploy.survey import Choice, choices, proofs, refuse, survey, tell_left
from buildtools.deploy.transaction import Stream, Transaction
from buildtools.deploy.voice import Voice
from buildtools.deploy.way import Prepared

_TRIES = 3
"""with the scripts of a killed deployment at work, which last for a moment only"""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment did, host by host in their order."""

    hosts: tuple[Ended, ...]

    @property
    def idle(self) -> bool:
        """Whether nothing was sent and nothing switched anywhere."""
        return not any(ended.sent or ended.switched for ended in self.hosts)


def look(hosts: Sequence[Host], plan: Plan, policy: Policy) -> tuple[Choice, ...]:
    """Say for each host what a deployment would do; changes nothing. Raises `StepError` where it would be refused."""
    transactions = _begin(hosts, plan, survey(hosts, plan.site, policy.pool, shared=plan.shared), now=0)
    for transaction in transactions:
        _check_room(transaction, plan)
    _check_shared(transactions)
    return choices(transactions)


def deploy(hosts: Sequence[Host], plan: Plan, policy: Policy, voice: Voice, temp: Path) -> Outcome:
    """Deploy to all hosts, or leave all as they were. Raises `StepError` for every refusal and failure."""
    return again(lambda: _deploy(hosts, plan, policy, voice, temp), voice)


def again(work: Callable[[], Outcome], voice: Voice) -> Outcome:
    """Do the work, once more if the scripts of a killed deployment turn out to be still at work."""
    for _ in range(_TRIES - 1):
        try:
            return work()
        except NotDone as error:
            if not error.overtaken:
                raise
            voice.say("the scripts of a killed deployment were still at work: looking again")
    return work()


def _deploy(hosts: Sequence[Host], plan: Plan, policy: Policy, voice: Voice, temp: Path) -> Outcome:
    seen = survey(hosts, plan.site, policy.pool, voice, wanted=plan.release.name, shared=plan.shared)
    transactions = _begin(hosts, plan, seen, voice.now())
    tell_left(transactions, voice)
    try:
        for transaction in transactions:
            _check_room(transaction, plan)
        # What an interrupted deployment has switched to goes back when this one fails under way; it will say the same.
        if not any(one.unproven for one in seen):
            _check_shared(transactions)
    except StepError as error:
        refuse(list(zip(hosts, seen, strict=True)), plan.site, voice, error, plan.release.name)
        raise
    proven = proofs(seen)
    dispatch = Dispatch(plan, temp)
    course = Course(
        policy=policy,
        voice=voice,
        event="deployed",
        proven=proven,
        prepare=partial(_prepare, dispatch, voice, proven),
    )
    return Outcome(hosts=carry_out(transactions, course))


def _begin(hosts: Sequence[Host], plan: Plan, seen: Sequence[Seen], now: float) -> list[Transaction]:
    """Choose the release's folder on each host: the one with this content, else a new name (`~2` for other content)."""
    identity = owner.transaction_id(now, (one.latest for one in seen))
    peers = tuple(host.name for host in hosts)
    begun = []
    for host, one in zip(hosts, seen, strict=True):
        name, count = plan.release.name, 1
        while name in one.releases and one.releases[name].digest != plan.digest:
            count += 1
            name = f"{plan.release.name}~{count}"
        begun.append(
            Transaction(
                id=identity,
                host=host,
                peers=peers,
                site=plan.site,
                seen=one,
                name=name,
                digest=plan.digest,
                version=plan.release.version,
                revision=plan.release.revision,
                reuse=name in one.releases,
                expect=one.current,
            )
        )
    return begun


def _check_room(transaction: Transaction, plan: Plan) -> None:
    """Refuse a host whose disk cannot hold the release."""
    if transaction.reuse or any(name.startswith("stage/") for name in transaction.seen.residue):
        return  # what an interrupted upload left goes first; whether there is room then will be seen
    seen, name = transaction.seen, transaction.host.name
    free, needed = seen.space, plan.size // 1024
    if 0 <= free < needed:
        raise StepError(
            f"{name}: the release needs {needed / 1024:,.1f} MiB, and {free / 1024:,.1f} MiB are free there",
            remedy="Make room there, or keep fewer releases (`keep`).",
        )
    entries = len(plan.manifest.entries)
    if 0 <= seen.inodes < entries:
        raise StepError(
            f"{name}: the release has {entries} files and folders, and {seen.inodes} more are possible there (inodes)",
            remedy="Remove files there, or keep fewer releases (`keep`).",
        )


def _check_shared(transactions: Sequence[Transaction]) -> None:
    """Refuse hosts that lack what a release which comes there is to link to."""
    lacking = [
        unshared(one.host.name, phase.folder(one.host, one.site), path)
        for one in transactions
        if not one.reuse
        for path in one.seen.unshared
    ]
    if lacking:
        raise together(lacking)


def _prepare(dispatch: Dispatch, voice: Voice, proven: Sequence[str], transaction: Transaction) -> Prepared:
    if transaction.reuse:
        return Prepared(reply=phase.reuse(transaction, proven))
    host, shared = transaction.host, dispatch.plan.shared
    shipment = dispatch.ship(host, transaction.seen)
    stream = Stream(feed=shipment.feed, arguments=shared)
    try:
        reply = phase.receive(transaction, proven, shipment.variables, stream)
        return Prepared(reply=reply, sent=shipment.size, way=shipment.way)
    except Refusal as error:
        if error.reason != "base":
            raise
        for line in error.reply.all("log"):
            voice.log(host.name, line)
        voice.say(f"{host.name}: {shipment.origin} is not what it was: sending everything")
    shipment = dispatch.ship(host, transaction.seen, whole=True)
    stream = Stream(feed=shipment.feed, arguments=shared)
    return Prepared(
        reply=phase.receive(transaction, proven, shipment.variables, stream), sent=shipment.size, way=shipment.way
    )
