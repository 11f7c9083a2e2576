"""One host on its way through a change: what is asked of it, what it answers, and how it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from buildtools.core.errors import BuildtoolsError
from buildtools.deploy import owner
from buildtools.deploy import transaction as phase
from buildtools.deploy.health import Check, failing
from buildtools.deploy.hooks import Hook, Hooks
from buildtools.deploy.place import Place
from buildtools.deploy.refusal import Refusal, Unfit
from buildtools.deploy.script import Reply
from buildtools.deploy.transaction import Transaction
from buildtools.deploy.voice import Voice


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """What preparing a host answered, how many bytes were sent for it, and how much of the release that is."""

    reply: Reply
    sent: int = 0
    way: str = ""


class Way:
    """One host on its way.

    `back` is the release that a failure goes back to; `unproven`: an interrupted deployment has switched to another
    one. `claimed`, `tried`, `switched` and `finished` say how far it is; `left` is how it was left by a failure, empty
    for: as it was. `heard_at` is when it last answered.
    """

    def __init__(self, transaction: Transaction, voice: Voice, hooks: Hooks) -> None:
        self.transaction = transaction
        self.host = transaction.host
        self.voice = voice
        self.hooks = hooks
        self.back = transaction.previous
        self.unproven = False
        self.claimed = False
        self.tried = False
        self.switched = False
        self.finished = False
        self.took = False
        self.sent = 0
        self.left = ""
        self.heard_at = 0.0

    @property
    def place(self) -> Place:
        """The release on this host, as hooks and health checks know it."""
        return msgspec.structs.replace(self.transaction.place, previous=self.back)

    def claim(self, proven: Sequence[str]) -> None:
        """Take the lock, and clear up what was left."""
        self.claimed = True
        self.take(lambda transaction: phase.claim(transaction, proven))

    def bring(self, prepare: Callable[[Transaction], Prepared]) -> None:
        """Have the release stand in `releases/`, complete and checked."""
        self.claimed = True
        found: list[Prepared] = []

        def work(transaction: Transaction) -> Reply:
            found.append(prepare(transaction))
            return found[0].reply

        self.take(work)
        self.sent = found[0].sent
        told = {
            "": "was there already: nothing sent",
            "full": "sent and checked",
            "rest": "the rest of an interrupted upload sent, and all of it checked",
            "delta": "what differs sent, and all of it checked",
        }[found[0].way]
        self.say(f"{self.transaction.name}: {told}")

    def commit(self) -> None:
        """Switch."""
        self.tried = True
        was = self.transaction.expect.removeprefix("releases/") or "nothing"
        name = self.transaction.name
        if self.take(phase.commit).all("switched"):
            self.switched = True
            self.say(f"current -> {name} (was {was})")
        else:
            self.say(f"{name} is current already: nothing switched")

    def ask(self, check: Check) -> None:
        """Ask whether the release answers. Raises `Unfit` with what answers instead."""
        why = failing(check, self.place, dial=self.host.dial, cancelled=self.voice.check_cancelled)
        if why:
            said = f"{self.host.name}: {self.transaction.name} is not healthy"
            raise Unfit(f"{said}: {why}", said)

    def finish(self, event: str) -> None:
        """Write the log, remove old releases, unlock."""
        good = self.transaction.seen.good
        known = good[-1][0] if good else ""
        cleared = not self.switched and known == self.transaction.name and not self.unproven
        reply = self.take(lambda transaction: phase.finish(transaction, "recovered" if cleared else event))
        self.finished = True
        for old in reply.all("removed"):
            self.say(f"removed the old release {old}")

    def program(self, hook: Hook, at: str, gone_back: str | None = None) -> None:
        """Run a user's program: in the new release, or in what `current` has gone back to.

        Raises `Unfit` with the end of its output.
        """
        place, where = self.place, f"releases/{self.transaction.name}"
        if gone_back is not None:
            release = gone_back.removeprefix("releases/")
            known = self.transaction.seen.releases.get(release)
            place = msgspec.structs.replace(
                place,
                release=release,
                previous=self.transaction.name,
                version=known.version if known else "",
                revision=known.revision if known else "",
            )
            where = gone_back or "."
        first = hook.run.strip().splitlines()[0]
        self.say(f"{at}: {first}")
        reply = self.take(lambda transaction: phase.program(transaction, hook, place, where))
        if waited := reply.first("waited"):
            self.say(f"waited {waited} s for the end of another program, of an interrupted deployment")
        said = reply.all("out")
        for line in said:
            self.say(f"| {line}")
        if (code := reply.first("code")) != "0":
            late = reply.first("late")
            why = f"took longer than {late} s" if late else f"ended with status {code}"
            shown = "".join(f"\n  {line}" for line in said[-5:])
            name = self.host.name
            raise Unfit(f"{name}: the {at} program `{first}` {why}{shown}", f"{name}: a {at} program {why}")

    def attempt(self, hook: Hook, at: str, gone_back: str | None = None) -> None:
        """Run a user's program as `program` does; that it failed, or could not be begun, is a warning."""
        try:
            self.program(hook, at, gone_back)
        except (Unfit, Refusal) as error:
            if isinstance(error, Refusal) and error.reason != "running":
                raise
            self.voice.warn(error.message)

    def return_first(self, first: bool) -> None:
        """Go back from what an interrupted deployment has switched to, before anything else is done."""
        serving = self._go_back(first)
        self.unproven = False
        self.left = ""
        self.transaction = msgspec.structs.replace(self.transaction, expect=serving)

    def restore(self, why: str, first: bool) -> None:
        """Bring the host back to the release that it had; what keeps it from that is told."""
        try:
            self._go_back(first)
            self.take(lambda transaction: phase.abort(transaction, "went-back" if self.left else "failed", why))
        except BuildtoolsError as error:
            said = error.message.removeprefix(f"{self.host.name}: ")
            self.left = f"could not go back: {said}"
            self.voice.warn(f"{self.host.name}: {self.left}")
            with suppress(BuildtoolsError):
                self.drop(why)

    def drop(self, why: str) -> None:
        """End the transaction on a host that was not switched."""
        self.take(lambda transaction: phase.abort(transaction, "failed", why))

    def part(self) -> None:
        """End the transaction on a host that was not switched, as the step is to stop; what has arrived stays."""
        with self.host.parting() as host:
            last = msgspec.structs.replace(self.transaction, host=host)
            self._hear(phase.abort(last, "failed", "stopped", keep=True))
        self.claimed = False

    def _go_back(self, first: bool) -> str:
        """Go back, run the hooks that belong to it, and return what `current` is then."""
        reply = self.take(phase.back)
        current = reply.first("back")
        if not reply.all("switched"):
            return current
        serving = current.removeprefix("releases/")
        self.left = f"is back at {serving}" if serving else "has no `current` again, as before"
        self.say(f"current -> {serving or 'nothing'}, as before")
        for at, hooks in (("reload", self.hooks.reload), ("after-rollback", self.hooks.after_rollback)):
            for hook in hooks if serving or at == "reload" else ():
                if first or not hook.once:
                    self.attempt(hook, at, current)
        return current

    def take(self, work: Callable[[Transaction], Reply]) -> Reply:
        """Do a phase, and tell what its answer has for people and for the audit, also when it is a no."""
        try:
            reply = work(self.transaction)
        except Refusal as error:
            self._hear(error.reply)
            raise
        self._hear(reply)
        return reply

    def say(self, text: str) -> None:
        """Tell people something of this host."""
        self.voice.say(f"{self.host.name}: {text}")

    def _hear(self, reply: Reply) -> None:
        self.heard_at = self.voice.now()
        for key, rest in reply.lines:
            match key:
                case "log":
                    self.voice.log(self.host.name, rest)
                case "warn":
                    self.voice.warn(f"{self.host.name}: {rest}")
                case "took":
                    self.took = True
                    held = owner.parse(rest)
                    whose = f"of {held.who} on {held.machine} (transaction {held.transaction})" if held else rest
                    self.say(f"took over the lock {whose}")
                case "recovered":
                    self.say(f"cleared up after the interrupted deployment {rest}")
                case "previous":
                    self.back = rest.removeprefix("releases/")
                case "unproven":
                    self.unproven = True
