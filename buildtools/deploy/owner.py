"""Who deploys, and whether the one who did is still alive: the text of a lock."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

_SECOND = "%Y%m%dT%H%M%S"
_ODD = re.compile(r"[^A-Za-z0-9._+@-]+")
_UNCLEAN = re.compile(r"[^A-Za-z0-9._+~/@:=,|-]")


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The one who holds a lock. `where` is the machine's name and the process, `expires` seconds since the epoch."""

    transaction: str
    who: str
    where: str
    expires: int

    @property
    def machine(self) -> str:
        """The machine's name alone."""
        return self.where.split(":")[0]


def parse(text: str) -> Owner | None:
    """Read a lock's text; `None` if it is not one of ours."""
    fields = text.split("|")
    if len(fields) != 4 or not fields[3].isdecimal():
        return None
    return Owner(transaction=fields[0], who=fields[1], where=fields[2], expires=int(fields[3]))


def transaction_id(now: float, latest: Iterable[str] = ()) -> str:
    """Return a name for a transaction that sorts by time and is nobody else's.

    Its second is later than the `latest` (`20261121T164305`): files get their times from it, and servers take those to
    tell them apart. A time more than a day ahead is some clock's mistake, and passed over.
    """
    import time
    from calendar import timegm

    second = int(now)
    for text in latest:
        with suppress(ValueError):
            other = timegm(time.strptime(text, _SECOND))
            second = max(second, other + 1) if other - now < 86_400 else second
    return time.strftime(f"{_SECOND}Z", time.gmtime(second)) + "-" + os.urandom(4).hex()


def who() -> str:
    """Return the name of whoever runs this."""
    import getpass

    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such user, which KeyError said before Python 3.13
        name = str(os.getuid())
    return _ODD.sub("_", name)[:64] or "unknown"


def where() -> str:
    """Return `MACHINE:PROCESS:IDENTITY`: where a lock's owner runs, so that a dead one's lock need not expire."""
    import platform

    machine = _ODD.sub("_", platform.node())[:64] or "unknown"
    return f"{machine}:{os.getpid()}.{_started(os.getpid())}:{_system()}"


def word(text: str) -> str:
    """Return a host's name as one word that its scripts can write down and read again."""
    return _UNCLEAN.sub("?", text)


def is_dead(owner: Owner) -> bool:
    """Say whether the owner surely lives no more: it ran on this very system (no other container), and is gone."""
    process, _, system = owner.where.partition(":")[2].partition(":")
    pid, _, started = process.partition(".")
    if not system or system != _system() or not pid.isdecimal():
        return False
    return _started(int(pid)) != started


def _system() -> str:
    """Name this boot of this machine and its space of process ids; empty where that cannot be told (not Linux)."""
    from hashlib import sha256

    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return ""
    return sha256(f"{boot} {space}".encode()).hexdigest()[:12]


def _started(pid: int) -> str:
    """Return when a process was started, in ticks since boot: a later one of the same id differs. Empty if gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")
