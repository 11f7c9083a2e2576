"""What of the last lint still holds, file by file: a proof from what each file's findings hang on, never a guess."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence, Set, Tuple  # noqa: UP035 - for Python 3.8

from . import state as states
from .carried import lines_of, may_begin
from .files import NOTHING, Files, Places, digest_of
from .state import Entry, Names, State
from .tracing import Trace, place
from .unchanged import Watch, configs_of, environment_of

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

    After `look`, `stale` tells, by number, which files are to be linted anew, and why.
    """

    def __init__(self, path: Path, world: Dict[str, Any], watch: Watch) -> None:  # noqa: UP006
        self._path = path
        self._watch = watch
        self._started = time.time_ns()
        self._world = world
        self._places = Places(os.getcwd())
        self._bases = list(sys.path)
        self._before = states.load(path) or State()
        self.files = Files(self._places, self._before.seen)
        self.stale: dict[int, str] = {}
        self.items: list[Item] = []

    def look(self, items: Sequence[Any]) -> None:
        """Find out which of pylint's file items have to be linted anew."""
        self.items = [
            Item(number, item, self._places.short(os.path.abspath(item.filepath))) for number, item in enumerate(items)
        ]
        self._by_name: dict[str, list[Item]] = {}
        self._by_file: dict[str, list[Item]] = {}
        for item in self.items:
            self._by_name.setdefault(item.module, []).append(item)
            self._by_file.setdefault(item.short, []).append(item)
        general = self._general()
        changed = set() if general else self._changed_files()
        moved = set() if general else self._changed_names()
        for item in self.items:
            why = general or self._why(item, changed, moved)
            if why:
                self.stale[item.number] = why
        if self._world["foreign"] and self.stale:
            first = self.items[min(self.stale)].short
            self._add(range(len(self.items)), f"a plugin that is not pylint's may look anywhere, and {first} changed")
        self._add_namesakes()

    def _general(self) -> str:
        """Return why nothing holds any more, if that is so."""
        before = self._before
        if not before.entries:
            return "nothing is known of it yet"
        for name, value in self._world.items():
            if before.world.get(name) != value:
                return f"{name}: not as the last time"
        if before.bases != [self._places.short(base) for base in self._bases]:
            return "sys.path: not as the last time"
        for name, digest in environment_of(before.environment).items():
            if digest != before.environment[name]:
                return f"{name}: set otherwise in the environment"
        for short, digest in before.modules.items():
            if self.files.digest(short) != digest:
                return f"{short}: changed, and pylint runs on it"
        if before.root != self._places.root:
            _relocate(before, before.root, self._places.root)
        return ""

    def _changed_files(self) -> set[str]:
        return {short for short, digest in self._before.digests.items() if self.files.digest(short) != digest}

    def _changed_names(self) -> set[Names]:
        return {name for name, found in self._before.signatures.items() if self.signature(name) != found}

    def signature(self, name: Names) -> bytes:
        """Return a digest of what could be meant by a name: files to lint, or what lies in the folders."""
        dotted, folders = name
        bases = self._bases if folders is None else [self._places.long(folder) for folder in folders]
        found = self.files.signature(dotted, bases)
        items = self._by_name.get(dotted) if folders is None else None
        return found + repr([item.short for item in items]).encode("utf-8", "surrogatepass") if items else found

    def _why(self, item: Item, changed: set[str], moved: set[Names]) -> str:
        entry = self._before.entries.get(item.key)
        if entry is None:
            return "nothing is known of it yet"
        if entry.meta != item.meta:
            return f"is {item.item.name} now"
        if item.short in changed:
            return "changed"
        hit = entry.files & changed
        if hit:
            first = min(hit)
            return f"{first} {'changed' if self.files.digest(first) != NOTHING else 'is gone'}"
        lost = entry.names & moved
        if lost:
            return f"the module {min(lost, key=repr)[0]} is another one"
        return self._other_strings(item, entry, changed)

    def _other_strings(self, item: Item, entry: Entry, changed: set[str]) -> str:
        """Return which file's strings may have been taken for this one's, or no longer are; see `carried`."""
        if not entry.strings:
            return ""
        earlier = {other.key: other for other in self.items[: item.number]}
        known = {key: number for number, key in enumerate(self._before.order)}
        for line, column, answer in entry.strings:
            if answer and (answer not in earlier or earlier[answer].short in changed):
                return f"a string in {answer.partition(chr(0))[0]} counted for it"
            for key, other in earlier.items():
                was_earlier = key in known and known[key] < known.get(item.key, -1)
                overtaken = answer and known.get(key, -1) < known.get(answer, -1)
                same = other.short not in changed and was_earlier and not overtaken
                later = answer and other.number < earlier[answer].number
                if not same and not later and may_begin(self._lines(other), line, column):
                    return f"a string in {other.short} may count for it"
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
        for items in self._by_name.values():
            if len(items) > 1:
                stale = [item for item in items if item.number in self.stale]
                if stale:
                    self._add((item.number for item in items), f"{stale[0].short} has the same name")

    def entry(self, number: int) -> Entry | None:
        """Return what still holds of a file, or what held the last time."""
        return self._before.entries.get(self.items[number].key)

    # What has to be parsed so that a few files can be linted as if all had been.

    def to_parse(self, more: Iterable[int] = ()) -> set[int]:
        """Return the files that have to be parsed to lint the stale ones, and `more`.

        These are the stale ones, what they read the last time, and whatever assigns into one of these.
        """
        numbers = {*self.stale, *more}
        injectors = self._injectors()
        todo = list(numbers)
        reached = {BUILTINS}
        for number in injectors.get(BUILTINS, ()):
            if number not in numbers:
                numbers.add(number)
                todo.append(number)
        while todo:
            item = self.items[todo.pop()]
            entry = self.entry(item.number)
            stale = item.number in self.stale
            read = {item.short}
            if entry is not None:
                read |= entry.files if stale else entry.build
                for dotted, folders in entry.names if stale else ():
                    if folders is None:
                        read.update(other.short for other in self._by_name.get(dotted, ()))
            found = set()
            for short in read - reached:
                reached.add(short)
                found.update(other.number for other in self._by_file.get(short, ()))
                found.update(injectors.get(short, ()))
            if stale and item.item.name.endswith("__init__"):
                found.update(self._early(item))
            todo += found - numbers
            numbers |= found
        return numbers

    def _early(self, item: Item) -> Iterable[int]:
        """Yield the earlier files that make this one's tree when they are parsed."""
        for other in self.items[: item.number]:
            entry = self.entry(other.number)
            if entry is not None and item.short in entry.early:
                yield other.number

    def _injectors(self) -> dict[str, list[int]]:
        out: dict[str, list[int]] = {}
        for item in self.items:
            entry = self.entry(item.number)
            for target, _name, _attribute in entry.injects if entry is not None else ():
                out.setdefault(target, []).append(item.number)
        return out

    def more_stale(self, parsed: Dict[int, Any]) -> dict[int, str]:  # noqa: UP006
        """Return what else is stale, given how the parsed files assign into others now."""
        now = self._injected({number: self.injects(part[1]) for number, part in parsed.items()})
        before = self._before.injected
        changed = {target for target in {*now, *before} if now.get(target) != before.get(target)}
        if not changed:
            return {}
        if BUILTINS in changed:
            return {item.number: "something is assigned into builtins" for item in self.items}
        out = {}
        for item in self.items:
            entry = self.entry(item.number)
            hit = entry.files & changed if entry is not None else ()
            if hit and item.number not in self.stale:
                out[item.number] = f"something else is assigned into {min(hit)}"
        return out

    def _injected(self, fresh: Dict[int, Any]) -> dict[str, bytes]:  # noqa: UP006
        """Return, by target, a digest of who assigns what into it, in the files' order."""
        found: dict[str, list[Any]] = {}
        for item in self.items:
            entry = self.entry(item.number)
            injects = fresh.get(item.number, entry.injects if entry is not None else ())
            for target, name, attribute in injects:
                # What is assigned is read through the target, from the text of who assigns.
                found.setdefault(target, []).append((item.key, self.files.digest(item.short), name, attribute))
        return {target: digest_of(repr(parts).encode("utf-8", "surrogatepass")) for target, parts in found.items()}

    def injects(self, frame: Any) -> tuple[tuple[str, str, str], ...]:
        """Return what the parse of one file assigns into modules of other files, given its frame's `injects`."""
        out: dict[tuple[str, str, str], None] = {}
        for own, target, name, attribute in frame:
            if own != target:
                out[target, name, attribute] = None
        return tuple(out)

    def lacking(self, parsed: Dict[int, Any], results: Dict[int, Any]) -> set[int]:  # noqa: UP006
        """Return what should have been parsed as well, as the linted files have turned out to read it."""
        injectors = self._injectors()
        for number, part in parsed.items():
            for target, _name, _attribute in self.injects(part[1]):
                injectors.setdefault(target, []).append(number)
        out: set[int] = set()
        for _done, (files, names), _asked in results.values():
            for short in files:
                out.update(injectors.get(short, ()))
            for dotted, folders in names:
                if folders is None:
                    found = self._by_name.get(dotted, ())
                    out.update(item.number for item in found if len(found) > 1 or item.short not in files)
        return out - parsed.keys()

    def short_reads(self, reads: Reads) -> Reads:
        """Return what was read by kept paths."""
        files, names = reads
        short = self._places.short
        folders = {(dotted, tuple(map(short, where)) if where is not None else None) for dotted, where in names}
        return {short(os.path.abspath(path)) for path in files}, folders

    def parts_of(self, frame: Any, trace: Trace, number: int) -> Any:
        """Return what the parse of a file has read, assigned and made, by kept paths."""
        short, own = self._places.short, self.items[number].short
        injects = [
            (short(place(owner)), short(place(target)) if place(target) else BUILTINS, name, attribute)
            for owner, target, name, attribute in frame.injects
            if short(place(owner)) == own and (place(target) or target.name == "builtins")
        ]
        early = {short(place(module)) for module in frame.built if place(module)} & self._by_file.keys() - {own}
        return self.short_reads(trace.closed(frame)), injects, tuple(sorted(early))

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

    def known_pairs(self, parts: Sequence[Any]) -> Dict[Tuple[str, str], List[Tuple[int, ...]]]:  # noqa: UP006
        """Return the duplicates that are known of pairs of files whose lines are those of the last time."""
        same = set()
        for item, part in zip(self.items, parts):  # noqa: B905 - for Python 3.8
            entry = self.entry(item.number)
            if entry is not None and entry.linted is not None and part is not None:
                if list(filter(_of_lines, part[4])) == list(filter(_of_lines, entry.linted[4])):
                    same.add(item.key)
        self.pairs = {pair: found for pair, found in self._before.pairs.items() if same.issuperset(pair)}
        return self.pairs

    def finish(
        self,
        parsed: Dict[int, Any],  # noqa: UP006
        results: Dict[int, Any],  # noqa: UP006
        loaded: Iterable[str],
        outcome: bytes,
    ) -> str:
        """Keep the state after this lint, without what can't be proved or has changed meanwhile, and its report.

        Returns what went wrong, if something did.
        """
        after = State()
        after.outcome = outcome
        after.world, after.root, after.order = self._world, self._places.root, [item.key for item in self.items]
        after.bases = [self._places.short(base) for base in self._bases]
        for item in self.items:
            entry = self.entry(item.number)
            if item.number in self.stale:
                entry = self._fresh(item, parsed[item.number], results.get(item.number))
            if entry is not None:
                after.entries[item.key] = entry
        self._drop_unsettled(after)
        after.modules = {short: self.files.digest(short) for short in map(self._places.short, loaded)}
        after.digests = {short: self.files.digest(short) for e in after.entries.values() for short in e.files}
        after.signatures = {name: self.signature(name) for entry in after.entries.values() for name in entry.names}
        after.injected = self._injected({n: self.injects(part[1]) for n, part in parsed.items()})
        after.pairs = self.pairs
        self._surroundings(after)
        after.seen = self.files.stamps()
        return states.save(self._path, after)

    def _surroundings(self, after: State) -> None:
        """Add what only counts for the report as a whole: where other files to lint, or other options, could be."""
        short = self._places.short
        folders = {os.path.dirname(os.path.abspath(item.item.filepath)) for item in self.items}
        local = self._world["options by folder"]
        opened = self._watch.opened(str(self._path.parent))
        opened |= configs_of([os.getcwd(), *(folders if local else ())])
        after.configs = {name: self.files.digest(name) for name in map(short, opened)}
        after.environment = self._watch.environment()
        after.start = [short(base) for base in self._watch.bases]
        for folder in self._watch.listed():
            # Each run of ours adds to our own folder, where there is nothing to lint.
            if f"{os.sep}.buildtools" not in folder or any(one.startswith(folder) for one in folders):
                self.files.listing(folder)
        for folder in folders:
            # A package's name begins where the first folder has no `__init__`.
            while "__init__" in self.files.listing(folder)[1]:
                folder = os.path.dirname(folder)
        after.listings = self.files.listings()

    def _fresh(self, item: Item, parsed: Any, result: Any) -> Entry | None:
        part, injects, (built, early) = parsed[0], parsed[1], (parsed[2], parsed[3])
        files, names = {*built[0], item.short}, set(built[1])
        strings = []
        if result is not None:
            done, reads, asked = result
            files |= reads[0]
            names |= reads[1]
            strings = [(line, column, self.items[n].key if n >= 0 else "") for line, column, n in asked]
            if any(message[0] == "fatal" for message in done[0]):
                return None
        if any(message[0] == "fatal" for message in part[0]):
            return None
        names.add((item.module, None))
        return Entry(
            build=frozenset(built[0]),
            early=early,
            files=frozenset(files),
            injects=self.injects(injects),
            linted=result[0] if result is not None else None,
            meta=item.meta,
            names=frozenset(names),
            parsed=part,
            strings=tuple(strings),
        )

    def _drop_unsettled(self, after: State) -> None:
        """Drop what hangs on a file that has changed since we began."""
        used = {short for entry in after.entries.values() for short in entry.files}
        for short in used:
            self.files.digest(short)
        settled = self.files.settled(used, self._started)
        after.entries = {key: entry for key, entry in after.entries.items() if entry.files <= settled}


def _relocate(before: State, old: str, new: str) -> None:
    """Let absolute paths in what is known begin with the new folder of the lint; forget what can't be moved."""
    head = os.path.join(old, "")

    def moved(path: Any) -> Any:
        return os.path.join(new, path[len(head) :]) if isinstance(path, str) and path.startswith(head) else path

    for key, entry in list(before.entries.items()):
        if any(old in message[2] for part in (entry.parsed, entry.linted or ((),)) for message in part[0]):
            del before.entries[key]
            continue
        entry.parsed = ([(*message[:-1], moved(message[-1])) for message in entry.parsed[0]], *entry.parsed[1:])
        if entry.linted is not None:
            found, stats, status, statements, parts, (state, of_file) = entry.linted
            found = [(*message[:-1], moved(message[-1])) for message in found]
            parts = [
                [(*lines[:4], moved(lines[4]), lines[5]) for lines in part] if _of_lines(part) else part
                for part in parts
            ]
            of_file = {**of_file, "current_file": moved(of_file["current_file"])}
            entry.linted = (found, stats, status, statements, parts, (state, of_file))


def _of_lines(part: Any) -> bool:
    return isinstance(part, list) and all(isinstance(one, tuple) and len(one) == 6 for one in part)
