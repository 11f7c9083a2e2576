"""What of the last lint still holds, file by file: a proof from what each file's findings hang on, never a guess."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence, Set, Tuple  # noqa: UP035 - for Python 3.8

from .files import NOTHING, Files, Places
from .kinds import lines_of, may_begin
from .known import Known, nothing
from .moved import relocate
from .parts import of_lines
from .replay import assigned_by
from .state import Entry, Names, State
from .tracing import Trace, place
from .unchanged import Watch, environment_of

BUILTINS = "{builtins}"
"""What every file reads, without looking it up"""

Reads = Tuple[Set[str], Set[Tuple[str, Any]]]  # noqa: UP006


class Item:
    """A file to lint: pylint's file item, its kept path, and its name among all of them."""

    def __init__(self, number: int, item: Any, short: str) -> None:
        self.number = number
        self.item = item
        self.short = short
        self.module = item.name[: -len(".__init__")] if item.name.endswith(".__init__") else item.name
        self.key = f"{short}\0{item.name}"
        self.meta = (item.name, item.modpath, item.filepath)


class Keeper:
    """Knows the last lint with these arguments, if there was one, and writes down this one.

    After `look`, `stale` tells, by number, which files are to be linted anew, and why; files there have absolute paths.
    """

    def __init__(self, path: Path, before: State | None, world: Dict[str, Any], watch: Watch) -> None:  # noqa: UP006
        self.path = path
        self.watch = watch
        self.started = time.time_ns()
        self.world = world
        self.places = Places(os.getcwd())
        self.bases = list(sys.path)
        self.before = before or State()
        self.files = Files(self.places, self.before.seen)
        self.stale: dict[int, str] = {}
        self.items: list[Item] = []
        self._signatures: dict[Names, bytes] = {}
        self._anything_holds = True

    def look(self, items: Sequence[Any]) -> None:
        """Find out which of pylint's file items have to be linted anew."""
        self.items = [
            Item(number, item, self.places.short(os.path.abspath(item.filepath))) for number, item in enumerate(items)
        ]
        self.by_name: dict[str, list[Item]] = {}
        self.by_file: dict[str, list[Item]] = {}
        for item in self.items:
            self.by_name.setdefault(item.module, []).append(item)
            self.by_file.setdefault(item.short, []).append(item)
        general = self._general()
        self._anything_holds = not general
        changed = set() if general else self._changed_files()
        moved = set() if general else self._changed_names()
        for item in self.items:
            why = general or self._why(item, changed, moved)
            if why:
                self.stale[item.number] = why
        self._add_namesakes()

    def _general(self) -> str:
        """Return why nothing holds any more, if that is so."""
        before = self.before
        if not before.entries:
            return "nothing is known of it yet"
        for name, value in self.world.items():
            if before.world.get(name) != value:
                return f"{name}: not as the last time"
        if before.bases != [self.places.short(base) for base in self.bases]:
            return "sys.path: not as the last time"
        for name, digest in environment_of(before.environment).items():
            if digest != before.environment[name]:
                return f"{name}: set otherwise in the environment"
        for short, digest in before.modules.items():
            if self.files.digest(short) != digest:
                return f"{self.shown(short)}: changed, and pylint runs on it"
        if before.root != self.places.root:
            relocate(before, before.root, self.places.root)
        return ""

    def _changed_files(self) -> set[str]:
        return {short for short, digest in self.before.digests.items() if self.files.digest(short) != digest}

    def _changed_names(self) -> set[Names]:
        before = self.before
        if before.order == [item.key for item in self.items] and self._lists_the_same():
            # All of them were found in these folders and among these files.
            self._signatures = dict(before.signatures)
            return set()
        return {name for name, found in before.signatures.items() if self.signature(name) != found}

    def _lists_the_same(self) -> bool:
        """Tell whether all folders that were looked into are where they were, and list what they did."""
        before, long = self.before, self.places.long
        if before.root != self.places.root:
            return False
        return all(self.files.listing(long(short))[0] == digest for short, digest in before.listings.items())

    def signature(self, name: Names) -> bytes:
        """Return a digest of what could be meant by a name: files to lint, or what lies in the folders."""
        known = self._signatures.get(name)
        if known is None:
            known = self._signatures[name] = self._signature(name)
        return known

    def _signature(self, name: Names) -> bytes:
        dotted, folders = name
        bases = [self.places.long(folder) for folder in folders] if folders else self.bases
        found = self.files.signature(dotted, bases)
        if folders and dotted.partition(".")[0] in map(os.path.basename, bases):
            # isort takes a module that is called as its folder is for one of the project's.
            found += b"folder"
        items = self.by_name.get(dotted) if folders is None else None
        return found + repr([item.short for item in items]).encode("utf-8", "surrogatepass") if items else found

    def _why(self, item: Item, changed: set[str], moved: set[Names]) -> str:
        entry = self.before.entries.get(item.key)
        if entry is None:
            return "nothing is known of it yet"
        if entry.meta != item.meta:
            return f"is {item.item.name} now"
        if item.short in changed:
            return "changed"
        hit = entry.files & changed
        if hit:
            first = min(hit)
            return f"{self.shown(first)} {'changed' if self.files.digest(first) != NOTHING else 'is gone'}"
        lost = entry.names & moved
        if lost:
            return f"the module {min(lost, key=repr)[0]} is another one"
        return self._other_strings(item, entry, changed)

    def _other_strings(self, item: Item, entry: Entry, changed: set[str]) -> str:
        """Return which file's strings may have been taken for this one's, or no longer are; see `carried`."""
        if not entry.strings:
            return ""
        earlier = {other.key: other for other in self.items[: item.number]}
        known = {key: number for number, key in enumerate(self.before.order)}
        for line, column, answer in entry.strings:
            if answer and (answer not in earlier or earlier[answer].short in changed):
                return f"a string in {self.shown(answer.partition(chr(0))[0])} counted for it"
            for key, other in earlier.items():
                was_earlier = key in known and known[key] < known.get(item.key, -1)
                overtaken = answer and known.get(key, -1) < known.get(answer, -1)
                same = other.short not in changed and was_earlier and not overtaken
                later = answer and other.number < earlier[answer].number
                if not same and not later and may_begin(self._lines(other), line, column):
                    return f"a string in {self.shown(other.short)} may count for it"
        return ""

    def _lines(self, item: Item) -> list[bytes]:
        held: Any = getattr(item, "lines", None)
        if held is None:
            try:
                held = lines_of(Path(item.item.filepath).read_bytes())
            except OSError:
                held = []
            vars(item)["lines"] = held
        return held  # type: ignore[no-any-return]

    def add_stale(self, more: dict[int, str]) -> None:
        """Add files that are stale as well, and why."""
        self.stale = {**more, **self.stale}
        self._add_namesakes()

    def _add(self, numbers: Iterable[int], why: str) -> None:
        for number in numbers:
            self.stale.setdefault(number, why)

    def _add_namesakes(self) -> None:
        """Files of one name are linted together: what one leaves behind can reach the next."""
        for items in self.by_name.values():
            if len(items) > 1:
                stale = [item for item in items if item.number in self.stale]
                if stale:
                    self._add((item.number for item in items), f"{self.shown(stale[0].short)} has the same name")

    def shown(self, short: str) -> str:
        """Return a kept path as people can follow it, absolute; a module that has no file by its name."""
        bare = short.startswith("{") and os.sep not in short
        return short.strip("{}") if bare else self.places.long(short)

    def entry(self, number: int) -> Entry | None:
        """Return what still holds of a file, or what held the last time."""
        return self.before.entries.get(self.items[number].key)

    def short_reads(self, reads: Reads) -> Reads:
        """Return what was read by kept paths."""
        files, names = reads
        short = self.places.short
        folders = {(dotted, tuple(map(short, where)) if where is not None else None) for dotted, where in names}
        return {short(os.path.abspath(path)) for path in files}, folders

    def _target_of(self, module: Any) -> str:
        return self.places.short(place(module)) if place(module) else f"{{{module.name}}}"

    def parts_of(self, frame: Any, trace: Trace, number: int) -> Any:
        """Return what the parse of a file has read, and which other files' trees it has made, by kept paths."""
        short, own = self.places.short, self.items[number].short
        early = {short(place(module)) for module in frame.built if place(module)} & self.by_file.keys() - {own}
        return self.short_reads(trace.closed(frame)), tuple(sorted(early))

    def injects_by_file(self, found: Iterable[Any]) -> dict[str, list[Any]]:
        """Return what was assigned into other files, by who assigns: its tree may be made while others are parsed."""
        by_file: dict[str, dict[Any, None]] = {}
        for one in found:
            own = self.places.short(place(one[2].root()))
            for assigned in assigned_by([one], self._target_of):
                if assigned[0] != own:
                    by_file.setdefault(own, {})[assigned] = None
        return {own: list(assigned) for own, assigned in by_file.items()}

    # Writing down.

    def lint_parts(self, results: Dict[int, Any]) -> List[Any]:  # noqa: UP006
        """Return what each file adds, in order: from `results` or from the last time; `None` for one without a tree."""
        out: list[Any] = []
        for item in self.items:
            if item.number in results:
                out.append(results[item.number][0])
            elif item.number in self.stale:
                out.append(None)
            else:
                entry = self.entry(item.number)
                assert entry is not None
                out.append(entry.linted)
        return out

    def known_of(self, parts: Sequence[Any]) -> Known:
        """Return what still holds of all files together, where each has added one of `parts`."""
        known = self._known_of(parts) if self._anything_holds else nothing()
        self.pairs, self.cycles = known.pairs, known.cycles
        return known

    def _known_of(self, parts: Sequence[Any]) -> Known:
        same = set()
        for item, part in zip(self.items, parts):  # noqa: B905 - for Python 3.8
            entry = self.entry(item.number)
            before = entry.linted if entry is not None else None
            pieces = [one and list(filter(of_lines, one[4])) for one in (before, part)]
            if pieces[0] is not None and pieces[0] == pieces[1]:
                same.add(item.key)
        pairs = {pair: found for pair, found in self.before.pairs.items() if same.issuperset(pair)}
        return Known(pairs, same, dict(self.before.cycles))
