"""In which order hosts are switched: some first, as canaries, then the others in batches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

import msgspec

_SHARE = re.compile(r"([0-9]{1,5})(%?)")


class Strategy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many hosts are switched together: a number of them (`2`), or a share of all (`25%`).

    Hosts on which nothing is left to do are passed over, and do not count. A share is rounded down, but a batch is one
    host at least. The first hosts of the list are the canaries.
    Raises `ValueError` for what is neither.
    """

    canary: Annotated[
        str,
        msgspec.Meta(
            description="How many of the hosts with something left to do are switched and checked first: `1` or `10%`"
        ),
    ] = "0"
    batch: Annotated[
        str, msgspec.Meta(description="How many of the others are switched and checked together: `2` or `25%`")
    ] = "100%"

    def __post_init__(self) -> None:
        if problem := "; ".join(self._problems()):
            raise ValueError(problem)

    def batches(self, count: int) -> list[range]:
        """Return the places of `count` hosts in their list, batch by batch."""
        first = min(_hosts(self.canary, count), count)
        size = _hosts(self.batch, count)
        rest = [range(start, min(start + size, count)) for start in range(first, count, size)]
        return [range(first), *rest] if first else rest

    def _problems(self) -> Iterator[str]:
        for name, text in (("canary", self.canary), ("batch", self.batch)):
            match = _SHARE.fullmatch(text)
            if match is None or (match[2] and int(match[1]) > 100):
                yield f"{name}: {text[:40]!r} is neither a number of hosts, like 2, nor a share of all, like 25%"
            elif name == "batch" and not int(match[1]):
                yield "batch: must be one host at least, or no host would ever be switched"


def _hosts(text: str, count: int) -> int:
    number = int(text.removesuffix("%"))
    if not text.endswith("%") or not number:
        return number
    return max(1, count * number // 100)
