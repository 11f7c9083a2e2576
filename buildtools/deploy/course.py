"""The course that a change takes over many hosts: all prepare, then batch by batch they switch; or all go back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from buildtools.core.errors import BuildtoolsError, Cancelled, StepError
from buildtools.deploy import transaction as phase
from buildtools.deploy.plan import Event, Policy
from buildtools.deploy.refusal import OVERTAKEN, Refusal, Unfit, brief, together
from buildtools.deploy.side import side_by_side, tried
from buildtools.deploy.transaction import Transaction
from buildtools.deploy.voice import Voice
from buildtools.deploy.way import Prepared, Way


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What was done on one host: `sent` is in bytes."""

    host: str
    name: str
    previous: str
    sent: int = 0
    switched: bool = False


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with all hosts alike.

    `prepare` brings a host to where the release stands in `releases/`, the lock taken; `proven` are interrupted
    transactions that came to their end on another host. `event` is what the log says at the end.
    """

    policy: Policy
    voice: Voice
    event: Event
    proven: tuple[str, ...]
    prepare: Callable[[Transaction], Prepared]


class NotDone(StepError):
    """A change that failed; `overtaken`: because what the probes saw is true no more, and looking again will do.

    `hosts` says of each host how it was left, `unfit` that it was the release that failed.
    """

    def __init__(self, error: BuildtoolsError, hosts: tuple[tuple[str, str], ...], *, overtaken: bool) -> None:
        lines = [f"{host}: {left}" for host, left in hosts if left]
        super().__init__("\n".join([error.message, *lines]), remedy=error.remedy)
        self.hosts = hosts
        self.unfit = isinstance(error, Unfit)
        self.overtaken = overtaken


def carry_out(transactions: Sequence[Transaction], course: Course) -> tuple[Ended, ...]:
    """Take all hosts through the change, or leave each of them with the release that it had.

    Raises `NotDone` for what failed, `Cancelled` when the step is to stop: then the next run puts things right.
    """
    ways = [Way(one, course.voice, course.policy.hooks) for one in transactions]
    todo = [way for way in ways if not way.transaction.is_done]
    for way in ways:
        if way not in todo:
            way.say(f"{way.transaction.name} is current already: nothing sent, nothing switched")
    if todo:
        _Run(todo, course).go()
    return tuple(
        Ended(
            host=way.host.name,
            name=way.transaction.name,
            previous=way.back,
            sent=way.sent,
            switched=way.switched,
        )
        for way in ways
    )


class _Run:
    """The hosts of one change, in their order."""

    def __init__(self, ways: list[Way], course: Course) -> None:
        self.ways = ways
        self.course = course
        self.policy = course.policy
        self.batches: list[list[Way]] = []
        """those in which a host may be switched by now"""

    def go(self) -> None:
        try:
            self._prepare()
            for batch in self.policy.strategy.batches(len(self.ways)):
                self._switch([self.ways[at] for at in batch])
        except Cancelled:
            self._part()
            raise
        except BuildtoolsError as error:
            raise self._undone(error) from None
        except Exception as error:
            # A fault of ours, or of this machine: the hosts are to be none the worse for it.
            self._undone(StepError(f"{type(error).__name__}: {error}"))
            raise
        _, failures = tried(self.policy.pool, self.ways, lambda way: way.finish(self.course.event))
        if failures:
            missing = together(failures)
            if isinstance(missing, Cancelled):
                self._tell_stopped([way for way in self.ways if not way.finished])
                raise missing
            # It is current everywhere, and works: only the end is missing, and the next run makes it.
            hosts = tuple((way.host.name, f"serves {way.transaction.name}") for way in self.ways)
            raise NotDone(missing, hosts, overtaken=False)

    def _prepare(self) -> None:
        """Until the barrier nothing is visible on any host."""
        proven = self.course.proven
        if len(self.ways) > 1:
            # Of two deployments at once, both begin with the same host: so one of them goes on, and not none.
            min(self.ways, key=lambda way: way.host.name).claim(proven)
        if self.policy.on_interrupt == "back" and any(way.transaction.seen.interrupted for way in self.ways):
            self._each([way for way in self.ways if not way.claimed], lambda way: way.claim(proven))
            self._each([way for way in self.ways if way.unproven], lambda way: way.return_first(self._hooked(way)))
        self._each(self.ways, lambda way: way.bring(self.course.prepare))
        if self.course.event == "deployed":
            self._programs(self.ways, "prepare")

    def _switch(self, batch: list[Way]) -> None:
        self._renew()
        self._programs(batch, "before-switch")
        self.course.voice.check_cancelled()
        self.batches.append(batch)
        self._each(batch, Way.commit)
        self._programs(batch, "reload")
        if self.course.event == "rolled-back":
            self._programs(batch, "after-rollback", Way.attempt)
        else:
            self._programs(batch, "after-switch")
        for check in self.policy.health:
            self._each(batch[:1] if check.once else batch, partial(Way.ask, check=check))
        if self.policy.health:
            self.course.voice.say(f"healthy: {', '.join(way.host.name for way in batch)}")

    def _part(self) -> None:
        """Let go of the hosts, while whoever cancelled waits for that, unless one of them may be switched by now."""
        held = [way for way in self.ways if way.claimed]
        if not self.batches:
            tried(self.policy.pool, held, Way.part)
        freed = [way.host.name for way in held if not way.claimed]
        if freed:
            self.course.voice.say(f"stopped before anything was switched; unlocked: {', '.join(freed)}")
        self._tell_stopped([way for way in held if way.claimed])

    def _tell_stopped(self, held: Sequence[Way]) -> None:
        """Warn of what a run that was stopped leaves: switched hosts, and those whose lock it still has."""
        if switched := [way.host.name for way in self.ways if way.switched]:
            names = ", ".join(switched)
            self.course.voice.warn(f"stopped when {names} had been switched: the next run puts all hosts right")
        if held:
            ends = time.gmtime(self.course.voice.now() + held[0].transaction.site.lease)
            self.course.voice.warn(
                f"stopped with the lock taken on {', '.join(way.host.name for way in held)}: until "
                f"{time.strftime('%Y-%m-%d %H:%M:%S UTC', ends)} others are refused there, unless they take it over"
            )

    def _undone(self, error: BuildtoolsError) -> NotDone:
        """Bring all hosts back to the releases that they had: the last switched first."""
        took = any(way.took for way in self.ways)
        stale = isinstance(error, Refusal) and (error.overtaken or (took and error.reason in OVERTAKEN))
        overtaken = stale and not self.batches
        why = brief(error)
        for batch in reversed(self.batches):
            self._restore(batch, why)
        rest = [way for way in self.ways if way.claimed and not way.tried]
        if not overtaken:
            # What an interrupted deployment has left half done is nobody's wish now.
            self._restore([way for way in rest if way.unproven], why)
            rest = [way for way in rest if not way.unproven]
        tried(self.policy.pool, rest, lambda way: way.drop(why))
        hosts = tuple((way.host.name, way.left) for way in self.ways)
        return NotDone(error, hosts, overtaken=overtaken)

    def _restore(self, ways: Sequence[Way], why: str) -> None:
        tried(self.policy.pool, ways[::-1], lambda way: way.restore(why, self._hooked(way)))

    def _renew(self) -> None:
        """Show that this deployment lives, where nothing has happened for long."""
        old = self.course.voice.now() - self.ways[0].transaction.site.lease / 4
        self._each([way for way in self.ways if way.heard_at < old], lambda way: way.take(phase.renew))

    def _programs(self, ways: Sequence[Way], at: str, run: Callable[..., None] = Way.program) -> None:
        for hook in getattr(self.policy.hooks, at.replace("-", "_")):
            asked = [way for way in ways if not hook.once or self._hooked(way)]
            self._each(asked, partial(run, hook=hook, at=at))

    def _hooked(self, way: Way) -> bool:
        """Whether this is the host that runs what runs once: one that has nothing left to do is not touched."""
        return way is self.ways[0]

    def _each(self, ways: Sequence[Way], work: Callable[[Way], object]) -> None:
        side_by_side(self.policy.pool, ways, work)
