"""The log on a host, `.buildtools/log.jsonl`: who switched what and when, and who was refused."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from buildtools.core.decoding import json_decoder
from buildtools.deploy import owner


class Logged(msgspec.Struct, frozen=True, kw_only=True, rename={"machine": "where", "previous": "from"}):
    """One line of the log. `time` is in seconds since the epoch, `previous` what `current` was before, as a link."""

    time: float = 0.0
    event: str = ""
    txn: str = ""
    release: str = ""
    previous: str = ""
    digest: str = ""
    who: str = ""
    machine: str = ""
    reason: str = ""

    @property
    def told(self) -> str:
        """The reason for people: of a lock in it, who had it."""
        return " ".join(map(_unlocked, self.reason.split(" ")))


def _unlocked(word: str) -> str:
    held = owner.parse(word)
    return f"{held.who} on {held.machine} (transaction {held.transaction})" if held else word


def parse(lines: Iterable[str]) -> tuple[Logged, ...]:
    """Read lines of a log; one that cannot be read, as a full disk may leave it, is passed over."""
    decoder = json_decoder(Logged)
    found = []
    for line in lines:
        try:
            found.append(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return tuple(found)
