"""One release onto many hosts, all or none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from buildtools.deploy.host import Host
from buildtools.deploy.plan import Plan, Policy


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a deployment tells what: people (`say`, a line; `warn`), the audit (`log`: host and a line of JSON).

    `check_cancelled` raises when it is to stop; `now` is the time (s since the epoch).
    """

    say: Callable[[str], None]
    warn: Callable[[str], None]
    log: Callable[[str, str], None]
    check_cancelled: Callable[[], None]
    now: Callable[[], float]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What is to happen on one host: which release `current` moves to (`name`), and from which (`previous`).

    `reuse` says that it stands there already, `done` that nothing at all is left to do.
    """

    host: str
    name: str
    previous: str
    reuse: bool
    done: bool


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What was done on one host: `sent` is in bytes."""

    host: str
    name: str
    previous: str
    sent: int = 0
    switched: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment did, host by host in their order."""

    hosts: tuple[Ended, ...]

    @property
    def idle(self) -> bool:
        """Whether nothing was sent and nothing switched anywhere."""
        return not any(ended.sent or ended.switched for ended in self.hosts)


def look(hosts: Sequence[Host], plan: Plan, policy: Policy) -> tuple[Choice, ...]:
    """Say for each host what a deployment would do; changes nothing. Raises `StepError` where it would be refused."""
    raise NotImplementedError


def deploy(hosts: Sequence[Host], plan: Plan, policy: Policy, voice: Voice, temp: Path) -> Outcome:
    """Deploy to all hosts, or leave all as they were. Raises `StepError` for every refusal and failure."""
    raise NotImplementedError
