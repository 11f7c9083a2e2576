"""How a release on a host differs from what came: from the lines of two listings to files, by what happened to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

_MOST = 200
"""lines of each side that `verify.sh` tells"""

Verdict = Literal["same", "differs", "forged", "unknown"]


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one release.

    `differs`: then `changed` (in content, or in kind), `missing`, `added` and `modes` (only the mode is another one)
    name its paths; `cut` says that there are more of them than the host tells. `forged`: the listing on the host is not
    the one that the release was checked with. `unknown`: there is none, since the release came by other hands.
    """

    verdict: Verdict
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    cut: bool = False

    @property
    def told(self) -> str:
        """One phrase for people; empty for `same`."""
        if self.verdict == "same":
            return ""
        if self.verdict == "forged":
            return "cannot be verified: its listing on the host was changed"
        if self.verdict == "unknown":
            return "cannot be verified: it came without a manifest"
        kinds = (("changed", self.changed), ("missing", self.missing), ("added", self.added), ("mode", self.modes))
        told = "; ".join(f"{kind}: {_some(paths)}" for kind, paths in kinds if paths) or "differs from its manifest"
        return told + ("; and many more" if self.cut else "")


def drift(verdict: str, lines: Iterable[str]) -> Drift:
    """Return what these lines say: those of the manifest only, and behind a tab those of the host only."""
    if verdict not in ("differs", "forged", "unknown"):
        return Drift(verdict="same" if verdict == "same" else "unknown")
    lacks: dict[str, set[str]] = {}
    holds: dict[str, set[str]] = {}
    told = list(lines)
    for line in told:
        side = holds if line.startswith("\t") else lacks
        kind, path = _parted(line.removeprefix("\t"))
        side.setdefault(path, set()).add(kind)
    found: dict[str, list[str]] = {"changed": [], "missing": [], "added": [], "modes": []}
    for path in sorted({*lacks, *holds}):
        found[_what(lacks.get(path, set()), holds.get(path, set()))].append(path)
    extra = sum(line.startswith("\t") for line in told)
    cut = max(extra, len(told) - extra) >= _MOST
    return Drift(verdict=verdict, cut=cut, **{name: tuple(paths) for name, paths in found.items()})  # type: ignore[arg-type]


def _what(lacks: set[str], holds: set[str]) -> str:
    if not lacks:
        return "added"
    if lacks <= {"f"} and holds <= {"f"}:
        return "modes"
    # Without its hash alone, the file is there, but cannot be read.
    return "changed" if holds or lacks == {"h"} else "missing"


def _parted(line: str) -> tuple[str, str]:
    """Return the kind of a line and its path: `h` and `a/b` for `h 0123… ./a/b`."""
    kind, _, rest = line.partition(" ")
    if kind in ("f", "h"):
        rest = rest.partition(" ")[2]
    elif kind == "l":
        rest = rest.partition("\t")[0]
    return kind, rest.removeprefix("./")


def _some(paths: tuple[str, ...], most: int = 3) -> str:
    more = f" and {len(paths) - most:,} more" if len(paths) > most else ""
    return ", ".join(paths[:most]) + more
