"""To a release that stands on every host already: the same transaction as a deployment, without an upload."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from buildtools.deploy.fleet import Choice, Outcome, Voice
from buildtools.deploy.host import Host
from buildtools.deploy.plan import Policy, Site


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which release is wanted.

    `name` is a version, `VERSION.REVISION`, or a release's whole folder name (`1.0.r1~2`); empty for the good release
    before the current one, on each host. `rollback` goes back (the release that is left counts as good no more), else
    it is an activation. `each`: hosts may end up with releases of different content.
    """

    name: str = ""
    rollback: bool = False
    each: bool = False


def look(hosts: Sequence[Host], site: Site, wish: Wish, policy: Policy) -> tuple[Choice, ...]:
    """Say for each host what would be switched to what; changes nothing.

    Raises `StepError` where a host has no such release, where a name fits several there, or where hosts disagree.
    """
    raise NotImplementedError


def activate(hosts: Sequence[Host], site: Site, wish: Wish, policy: Policy, voice: Voice) -> Outcome:
    """Switch all hosts to the wanted release, with hooks and health checks; or leave all as they were.

    Raises `StepError` for every refusal and failure; hosts that were switched have gone back by then.
    """
    raise NotImplementedError
