"""Whom a deployment tells what."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """People (`say`, a line; `warn`), and the audit (`log`: a host's name and a line of JSON); from any thread.

    `check_cancelled` raises when the deployment is to stop; `now` is the time (s since the epoch).
    """

    say: Callable[[str], None]
    warn: Callable[[str], None]
    log: Callable[[str, str], None]
    check_cancelled: Callable[[], None]
    now: Callable[[], float]
