"""Writes down what a lint has found out, without what can't be proved or has changed meanwhile."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Dict, Iterable  # noqa: UP035 - for Python 3.8

from . import state as states
from .keeper import Item, Keeper
from .needs import Needs, Parsed
from .state import Entry, State
from .unchanged import configs_of


class Record:
    """The record of one lint: what was `parsed`, and the `results` of linting, both by number."""

    def __init__(self, keeper: Keeper, parsed: Parsed, results: Dict[int, Any]) -> None:  # noqa: UP006
        self._keeper = keeper
        self._parsed = parsed
        self._results = results

    def save(self, loaded: Iterable[str], outcome: bytes) -> str:
        """Write it, with the modules that pylint runs on and its report; return what went wrong, if something did."""
        keeper, after = self._keeper, State()
        digest, short = keeper.files.digest, keeper.places.short
        after.world, after.root, after.order = keeper.world, keeper.places.root, [item.key for item in keeper.items]
        after.bases = [short(base) for base in keeper.bases]
        for item in keeper.items:
            entry = keeper.entry(item.number)
            if item.number in keeper.stale:
                entry = self._fresh(item, self._parsed[item.number], self._results.get(item.number))
            if entry is not None:
                after.entries[item.key] = entry
        self._drop_unsettled(after)
        if len(after.entries) == len(keeper.items) and not self._hooks():
            after.outcome = outcome
        after.modules = {name: digest(name) for name in map(short, loaded)}
        after.digests = {name: digest(name) for name in _all_of(after, "files")}
        after.signatures = {name: keeper.signature(name) for name in _all_of(after, "names")}
        after.injected = Needs(keeper).injected(self._parsed)
        after.pairs, after.cycles = keeper.pairs, keeper.cycles
        self._surroundings(after)
        after.seen = keeper.files.stamps()
        return states.save(keeper.path, after)

    def _hooks(self) -> bool:
        """Tell whether an `init-hook` runs: what it looks at can't be seen, only what comes of it."""
        opened = [path for path in self._keeper.watch.opened(str(self._keeper.path.parent)) if not path.endswith(".py")]
        return any("init-hook" in word for word in sys.argv) or any(map(_has_hook, opened))

    def _surroundings(self, after: State) -> None:
        """Add what only counts for the report as a whole: where other files to lint, or other options, could be."""
        files, watch, short = self._keeper.files, self._keeper.watch, self._keeper.places.short
        folders = {os.path.dirname(os.path.abspath(item.item.filepath)) for item in self._keeper.items}
        local = self._keeper.world["options by folder"]
        opened = watch.opened(str(self._keeper.path.parent))
        opened |= configs_of([os.getcwd(), *(folders if local else ())])
        after.configs = {name: files.digest(name) for name in map(short, opened)}
        after.environment = watch.environment()
        after.start = [short(base) for base in watch.bases]
        for folder in watch.listed():
            # Each run of ours adds to our own folder, where there is nothing to lint.
            if f"{os.sep}.buildtools" not in folder or any(one.startswith(folder) for one in folders):
                files.listing(folder)
        for start in folders:
            # A package's name begins where the first folder has no `__init__`.
            folder = start
            while "__init__" in files.listing(folder)[1] and os.path.dirname(folder) != folder:
                folder = os.path.dirname(folder)
        after.listings = files.listings()

    def _fresh(self, item: Item, parsed: Any, result: Any) -> Entry | None:
        part, injects, (built, early) = parsed[0], parsed[1], (parsed[2], parsed[3])
        files, names = {*built[0], item.short}, set(built[1])
        strings = []
        if result is not None:
            done, reads, asked = result
            files |= reads[0]
            names |= reads[1]
            strings = [(line, column, self._keeper.items[n].key if n >= 0 else "") for line, column, n in asked]
            if done[1].get("fatal"):
                return None
        if part[1].get("fatal"):
            return None
        names.add((item.module, None))
        return Entry(
            build=frozenset(built[0]),
            early=early,
            files=frozenset(files),
            injects=tuple(injects),
            linted=result[0] if result is not None else None,
            meta=item.meta,
            names=frozenset(names),
            parsed=part,
            strings=tuple(strings),
        )

    def _drop_unsettled(self, after: State) -> None:
        """Drop what hangs on a file that has changed since we began."""
        used = _all_of(after, "files")
        files = self._keeper.files
        for short in used:
            files.digest(short)
        settled = files.settled(used, self._keeper.started)
        after.entries = {key: entry for key, entry in after.entries.items() if entry.files <= settled}


def _all_of(after: State, name: str) -> set[Any]:
    return set().union(*(getattr(entry, name) for entry in after.entries.values()))


def _has_hook(path: str) -> bool:
    try:
        return b"init-hook" in Path(path).read_bytes().lower()  # the names in an INI file have no case
    except OSError:
        return False
