"""One lint of pylint's file items, done by several processes, and only where something has changed."""

from __future__ import annotations

import contextlib
import functools
import gc
from typing import Any, Iterable, Sequence  # noqa: UP035 - for Python 3.8

from astroid import AstroidError
from astroid.builder import AstroidBuilder
from astroid.manager import AstroidManager

from . import parts
from .carried import Carried, Unknown
from .conditions import foreign, loaded, why_not_kept, workers_of, world
from .keeper import Keeper
from .known import nothing
from .memory import Memory
from .needs import Needs
from .pool import GaveUp, apart
from .record import Record
from .replay import Replay
from .stack import as_deep_as_pylint
from .tracing import Trace
from .unchanged import Watch
from .wish import Wish
from .zygote import Source, Zygote

_ENOUGH = 0.2
"""The share of the files that has to be parsed from which on all are: then nothing has to be tried twice

What is parsed in vain must cost less than what is saved. Each further attempt has to get by with less."""


class Fast:
    """One lint of pylint's file items. Raises `GaveUp` or `Unknown` if they can't be linted here."""

    def __init__(self, linter: Any, plain: Any, items: list[Any], wish: Wish) -> None:
        self.items = items
        self._linter = linter
        self._plain = plain
        self._told = wish.told
        self._wish = wish
        self._workers = workers_of(linter, wish.workers, keeps=wish.state is not None)
        self._trace: Trace | None = None
        self._keeper: Keeper | None = None
        Carried(linter._prepared, [])
        if wish.state is not None:
            wish.told["unkept"] = why_not_kept(linter)
        if wish.state is not None and not wish.told["unkept"]:
            self._trace = Trace()
            self._trace.install()
            self._keeper = Keeper(wish.state, wish.before, world(linter), wish.watch or Watch())

    def lint(self, check: Any, parsing: Sequence[Any], linting: Sequence[Any]) -> None:
        """Do what pylint does in `_get_asts` and `_lint_files`, whose arguments these are."""
        self._check = check
        self._progress = parsing, linting
        if self._wish.ahead is not None:
            # What a hook or a plugin has changed in this process, it has not in the other one.
            if self._wish.hooked or foreign(self._linter):
                self._wish.end()
            else:
                self._wish.ahead.install()
        keeper = self._keeper
        if keeper is None:
            self._whole(range(len(self.items)))
            return
        keeper.look(self.items)
        keeper.add_stale(Needs(keeper).more_stale({}))
        some = self._some(keeper)
        if some is None:
            self._whole(keeper.stale)
        else:
            self._wish.end()
            self._put(*some)
        self._told["why"] = [(self.items[number].filepath, why) for number, why in sorted(keeper.stale.items())]

    def _some(self, keeper: Keeper) -> tuple[Any, Any] | None:
        """Lint what is stale, without parsing all; return what was parsed and linted, or `None` for too much."""
        more: set[int] = set()
        needs = Needs(keeper)
        try:
            for attempt in range(1, 5):
                wanted = needs.to_parse(more) if keeper.stale else set()
                if len(wanted) > max(_ENOUGH / attempt * len(self.items), 1):
                    return None
                if not wanted:
                    return {}, {}
                work = functools.partial(self._attempt, keeper, wanted)
                done = apart(work)
                if done is None:
                    done = apart(functools.partial(work, forks=True))
                parsed, results, stale, more_to_parse = done
                if not stale and not more_to_parse:
                    return parsed, results
                keeper.add_stale(stale)
                more |= wanted | more_to_parse
        except GaveUp:
            # What it is will come out when all are linted.
            return None
        return None

    def _attempt(
        self, keeper: Keeper, wanted: set[int], *, forks: bool = False
    ) -> tuple[Any, Any, dict[int, str], set[int]] | None:
        """Parse and lint in a process of its own; return that, and what it turned out to lack.

        A single file is linted in this process, unless it `forks`; `None` if it has to be linted twice.
        """
        memory = Memory(share=2)
        needs, trace = Needs(keeper), self._trace
        assert trace is not None
        trace.replay = replay = Replay(*needs.pending(), trace.aside)
        # That makes the builtins, if nothing has yet.
        AstroidBuilder(AstroidManager())
        trace.made(AstroidManager().builtins_module)
        for name in needs.made_early(wanted):
            with contextlib.suppress(AstroidError):
                AstroidManager().ast_from_module_name(name)
        trees, parsed = self._parse(wanted)
        parsed = {number: part for number, part in parsed.items() if number in keeper.stale}
        stale = needs.more_stale(parsed)
        memory.stop()
        if stale:
            return {}, {}, stale, set()
        mapped = [(item, self._source(keeper, number, trees)) for number, item in enumerate(self.items)]
        here = len(keeper.stale) == 1 and not forks
        results = self._run(mapped, keeper.stale, 0 if here else self._workers)
        misled = self._misled(Carried(self._linter._prepared, []), results)
        if here and misled.keys() & results.keys():
            return None
        if misled:
            return {}, {}, dict.fromkeys(misled, "another file leaves names to it"), set()
        if replay.failed:
            raise GaveUp(replay.failed)
        return parsed, results, {}, needs.lacking(dict.fromkeys(wanted), results)

    def _source(self, keeper: Keeper, number: int, trees: dict[int, Any]) -> Any:
        if number in trees:
            return trees[number]
        entry = keeper.entry(number)
        return Source(self.items[number].filepath) if entry is not None and entry.linted is not None else None

    def _whole(self, wanted: Iterable[int]) -> None:
        """Parse all, lint what is wanted; in one process if several can't."""
        memory = Memory(share=2)
        trees, parsed = self._parse(range(len(self.items)))
        # The processors have enough to do from here on.
        self._wish.end()
        keeper = self._keeper
        if keeper is not None:
            keeper.add_stale(Needs(keeper).more_stale(parsed))
        memory.stop()
        try:
            mapped = [(item, trees.get(number)) for number, item in enumerate(self.items)]
            results = self._run(mapped, keeper.stale if keeper is not None else wanted, self._workers)
            while keeper is not None:
                # What has not been linted now may have been left something else than the last time.
                misled = self._misled(Carried(self._linter._prepared, []), results)
                if not misled:
                    break
                keeper.add_stale(dict.fromkeys(misled, "another file leaves names to it"))
                results = self._run(mapped, keeper.stale, self._workers)
        except (GaveUp, Unknown) as reason:
            self._told["plain"] = str(reason)
            gc.enable()
            ours = {item: trees[number] for number, item in enumerate(self.items) if number in trees}
            with as_deep_as_pylint():
                self._plain._lint_files(ours, self._check, *self._progress[1])
            return
        self._join(parsed, results)

    def _parse(self, wanted: Iterable[int]) -> tuple[dict[int, Any], dict[int, Any]]:
        """Parse as pylint does; return the trees, and of each file what parsing it adds, reads and assigns."""
        linter, (progress, _linting) = self._linter, self._progress
        quiet = [type(one)(False) for one in progress]
        trees: dict[int, Any] = {}
        parsed: dict[int, Any] = {}
        total, status = linter.stats, linter.msg_status
        for one in progress:
            one.start_get_asts()
        for number in sorted(wanted):
            item = self.items[number]
            for one in progress:
                one.get_ast_for_file(item.filepath)
            before = len(linter.reporter.messages)
            linter.stats, linter.msg_status = parts.fresh_stats(linter), 0
            frame = None
            with contextlib.ExitStack() as stack:
                if self._trace is not None:
                    frame = stack.enter_context(self._trace.reading())
                with as_deep_as_pylint():
                    got = self._plain._get_asts(iter([item]), None, *quiet)
            if item in got:
                trees[number] = got[item]
            part = (
                parts.messages(linter.reporter.messages[before:]),
                parts.counted(linter.stats),
                linter.msg_status,
            )
            parts.add_counts(total, part[1])
            status |= part[2]
            if self._keeper is None or self._trace is None:
                parsed[number] = (part, ())
            else:
                parsed[number] = (part, [], *self._keeper.parts_of(frame, self._trace, number))
        linter.stats, linter.msg_status = total, status
        if self._keeper is not None and self._trace is not None:
            injects = self._keeper.injects_by_file(self._trace.frame.injects)
            for number, found in parsed.items():
                found[1].extend(injects.get(self._keeper.items[number].short, ()))
        return trees, parsed

    def _run(self, trees: list[tuple[Any, Any]], wanted: Iterable[int], workers: int) -> dict[int, Any]:
        """Lint files that are parsed, and again those of them to which others have left something.

        Without `workers` in this process, and only once.
        """
        carried = Carried(self._linter._prepared, trees)
        carried.watch(self._linter)
        results: dict[int, Any] = {}
        todo = {number for number in wanted if trees[number][1] is not None}
        while todo:
            zygote = Zygote(self._linter, trees, carried, self._trace)
            found = zygote.run(todo, self._plain._lint_files, self._check, self._progress[1], workers)
            for number, (done, reads, asked) in found.items():
                results[number] = done, self._keeper.short_reads(reads) if self._keeper else None, asked
            misled = self._misled(carried, results)
            todo = misled.keys() & results.keys() if workers else set()
            carried.leave({number: misled[number] for number in todo})
        return results

    def _misled(self, carried: Carried, results: dict[int, Any]) -> dict[int, set[str]]:
        linted = self._linted(results)
        return carried.misled([None if done is None else done[4] for done in linted])

    def _linted(self, results: dict[int, Any]) -> list[Any]:
        """Return what linting each file adds, now or the last time; `None` for one without a tree."""
        if self._keeper is not None:
            return self._keeper.lint_parts(results)
        return [results[number][0] if number in results else None for number in range(len(self.items))]

    def _put(self, parsed: dict[int, Any], results: dict[int, Any]) -> None:
        """Make the linter as it is after parsing all, though that was done elsewhere, or earlier; then join."""
        keeper, linter = self._keeper, self._linter
        assert keeper is not None
        for number, item in enumerate(self.items):
            entry = keeper.entry(number)
            part = parsed[number][0] if number in parsed else entry.parsed if entry is not None else None
            assert part is not None
            linter.set_current_module(item.name, item.filepath)
            linter.reporter.messages.append(part[0])
            parts.add_counts(linter.stats, part[1])
            linter.msg_status |= part[2]
        self._join(parsed, results)

    def _join(self, parsed: dict[int, Any], results: dict[int, Any]) -> None:
        linter, keeper = self._linter, self._keeper
        linted = self._linted(results)
        if keeper is None:
            keys, known = list(map(str, range(len(linted)))), nothing()
        else:
            keys, known = [item.key for item in keeper.items], keeper.known_of(linted)
        walker = self._check.keywords["walker"]
        parts.join(linter, self.items, linted, walker, self._progress[1])
        alive = [(key, done[4]) for key, done in zip(keys, linted) if done is not None]  # noqa: B905
        carried = Carried(linter._prepared, [])
        carried.put([part for _key, part in alive], [key for key, _part in alive], known)
        self._told["workers"] = self._workers
        if keeper is not None:
            record = Record(keeper, parsed, results)
            self._wish.finish = lambda outcome: record.save(loaded(), outcome)
