"""What has to be parsed, and what else has to be linted, so that a few files come out as if all had been linted.

What one file assigns into another's classes and modules counts for whoever reads these: to lint a file is to parse what
it reads, and whatever assigns into that.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable  # noqa: UP035 - for Python 3.8

from .files import digest_of
from .keeper import BUILTINS, Item, Keeper

Parsed = Dict[int, Any]  # noqa: UP006
"""By number: what parsing a file adds, what it assigns into others, what it has read, the trees that came with it"""


class Needs:
    """Answers for one keeper."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def to_parse(self, more: Iterable[int] = ()) -> set[int]:
        """Return the files that have to be parsed to lint the stale ones, and `more`.

        These are the stale ones, what they read the last time, and whatever assigns into one of these.
        """
        numbers = {*self._keeper.stale, *more}
        injectors = self._injectors()
        todo = list(numbers)
        reached = {BUILTINS}
        for number in injectors.get(BUILTINS, ()):
            if number not in numbers:
                numbers.add(number)
                todo.append(number)
        while todo:
            item = self._keeper.items[todo.pop()]
            entry = self._keeper.entry(item.number)
            stale = item.number in self._keeper.stale
            read = {item.short}
            if entry is not None:
                read |= entry.files if stale else entry.build
                for dotted, folders in entry.names if stale else ():
                    if folders is None:
                        read.update(other.short for other in self._keeper.by_name.get(dotted, ()))
            found: set[int] = set()
            for short in read - reached:
                reached.add(short)
                found.update(other.number for other in self._keeper.by_file.get(short, ()))
                found.update(injectors.get(short, ()))
            if stale and item.item.name.endswith("__init__"):
                found.update(self._early(item))
            todo += found - numbers
            numbers |= found
        return numbers

    def _early(self, item: Item) -> Iterable[int]:
        """Yield the earlier files that make this one's tree when they are parsed."""
        for other in self._keeper.items[: item.number]:
            entry = self._keeper.entry(other.number)
            if entry is not None and item.short in entry.early:
                yield other.number

    def _injectors(self) -> dict[str, list[int]]:
        out: dict[str, list[int]] = {}
        for item in self._keeper.items:
            entry = self._keeper.entry(item.number)
            for target, _name, _attribute in entry.injects if entry is not None else ():
                out.setdefault(target, []).append(item.number)
        return out

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
                out[item.number] = f"something else is assigned into {min(hit)}"
        return out

    def injected(self, fresh: Parsed) -> dict[str, bytes]:
        """Return, by target, a digest of who assigns what into it, in the files' order."""
        found: dict[str, list[Any]] = {}
        for item in self._keeper.items:
            entry = self._keeper.entry(item.number)
            injects = entry.injects if entry is not None else ()
            if item.number in fresh:
                injects = injected_by(fresh[item.number][1])
            for target, name, attribute in injects:
                # What is assigned is read through the target, from the text of who assigns.
                found.setdefault(target, []).append((item.key, self._keeper.files.digest(item.short), name, attribute))
        return {target: digest_of(repr(parts).encode("utf-8", "surrogatepass")) for target, parts in found.items()}

    def lacking(self, parsed: Parsed, results: Dict[int, Any]) -> set[int]:  # noqa: UP006
        """Return what should have been parsed as well, as the linted files have turned out to read it."""
        injectors = self._injectors()
        for number, part in parsed.items():
            for target, _name, _attribute in injected_by(part[1]):
                injectors.setdefault(target, []).append(number)
        out: set[int] = set()
        for _done, (files, names), _asked in results.values():
            for short in files:
                out.update(injectors.get(short, ()))
            for dotted, folders in names:
                if folders is None:
                    found = self._keeper.by_name.get(dotted, ())
                    out.update(item.number for item in found if len(found) > 1 or item.short not in files)
        return out - parsed.keys()


def injected_by(assigned: Iterable[tuple[str, str, str, str]]) -> tuple[tuple[str, str, str], ...]:
    """Return what a file assigns into modules of other files (target, name, attribute), of all that it assigns."""
    out: dict[tuple[str, str, str], None] = {}
    for own, target, name, attribute in assigned:
        if own != target:
            out[target, name, attribute] = None
    return tuple(out)
