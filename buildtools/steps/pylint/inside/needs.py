"""What has to be parsed, and what else has to be linted, so that a few files come out as if all had been linted.

What one file assigns into another's classes and modules counts for whoever reads these: to lint a file is to parse what
it reads, and whatever assigns into that.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable  # noqa: UP035 - for Python 3.8

from .files import digest_of
from .keeper import BUILTINS, Keeper
from .replay import Pending

Parsed = Dict[int, Any]  # noqa: UP006
"""By number: what parsing a file adds, what it assigns into others, what it has read, the trees that came with it"""


class Needs:
    """Answers for one keeper."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def to_parse(self, more: Iterable[int] = ()) -> set[int]:
        """Return what to parse to lint the stale files: these, `more`, and namesakes of what they read.

        What else is read is parsed when it is looked up; but of several files with one name, the first one counts.
        """
        numbers = {*self._keeper.stale, *more}
        for number in self._keeper.stale:
            entry = self._keeper.entry(number)
            for dotted, folders in entry.names if entry is not None else ():
                found = self._keeper.by_name.get(dotted, ()) if folders is None else ()
                numbers.update(item.number for item in found if len(found) > 1)
        return numbers

    def made_early(self, wanted: Iterable[int]) -> list[str]:
        """Return the names of those files' modules whose trees are made before their turn, by looking them up.

        Then that is the tree that others find: of a package, whose own `__init__` is parsed a second time, or of
        several files with one name.
        """
        out: dict[str, None] = {}
        for item in (self._keeper.items[number] for number in sorted(wanted)):
            group = self._keeper.by_name[item.module]
            if item.item.name.endswith(".__init__") or len(group) > 1:
                shorts = {one.short for one in group}
                earlier = (other.number for other in self._keeper.items[: group[0].number])
                entries = (self._keeper.entry(number) for number in earlier if number not in self._keeper.stale)
                if any(entry is not None and shorts.intersection(entry.early) for entry in entries):
                    out[item.module] = None
        return list(out)

    def pending(self) -> tuple[Pending, set[str]]:
        """Return what files that are not stale assign into others, by the target's path, and these files' paths."""
        long = self._keeper.places.long
        out: Pending = {}
        known: set[str] = set()
        for item in self._keeper.items:
            entry = self._keeper.entry(item.number)
            if entry is None or item.number in self._keeper.stale:
                continue
            path = long(item.short)
            known.add(path)
            targets: dict[tuple[str, str], list[Any]] = {}
            for assigned in entry.injects:
                targets.setdefault(assigned[:2], []).append(assigned)
            for (target, module), found in targets.items():
                # What is built in has no path.
                where = "" if target == f"{{{module}}}" else long(target)
                out.setdefault((where, module), []).append((path, item.item.name, found))
        return out, known

    def more_stale(self, parsed: Parsed) -> dict[int, str]:
        """Return what else is stale, given how the parsed files assign into others now."""
        now = self.injected(parsed)
        before = self._keeper.before.injected
        changed = {target for target in {*now, *before} if now.get(target) != before.get(target)}
        if not changed:
            return {}
        if BUILTINS in changed:
            return {item.number: "something is assigned into builtins" for item in self._keeper.items}
        out = {}
        for item in self._keeper.items:
            entry = self._keeper.entry(item.number)
            hit = entry.files & changed if entry is not None else ()
            if hit and item.number not in self._keeper.stale:
                out[item.number] = f"something else is assigned into {self._keeper.shown(min(hit))}"
        return out

    def injected(self, fresh: Parsed) -> dict[str, bytes]:
        """Return, by target, a digest of who assigns what into it, in the files' order."""
        found: dict[str, list[Any]] = {}
        for item in self._keeper.items:
            entry = self._keeper.entry(item.number)
            injects = entry.injects if entry is not None else ()
            if item.number in fresh:
                injects = tuple(fresh[item.number][1])
            for assigned in injects:
                # What is assigned is read through the target, from the text of who assigns.
                found.setdefault(assigned[0], []).append((item.key, self._keeper.files.digest(item.short), assigned))
        return {target: digest_of(repr(parts).encode("utf-8", "surrogatepass")) for target, parts in found.items()}

    def lacking(self, parsed: Parsed, results: Dict[int, Any]) -> set[int]:  # noqa: UP006
        """Return what should have been parsed as well: what was wanted by a file's name, and was found elsewhere."""
        out: set[int] = set()
        for _done, (files, names), _asked in results.values():
            for dotted, folders in names:
                found = self._keeper.by_name.get(dotted, ()) if folders is None else ()
                out.update(item.number for item in found if len(found) > 1 or item.short not in files)
        return out - parsed.keys()
