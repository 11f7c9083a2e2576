"""Lints with all processors what pylint has parsed in one, and puts the parts together as if it had been one.

The parent is pylint up to the point where every file is parsed, in its own order: what an assignment to another
module's class does to inference is settled then. It forks; each worker lints files with the parent's trees; the parent
replays what they found in the order of the files, and goes on as pylint: the rules across files, the score, the status.
"""

# ruff: noqa: PTH202 - pathlib costs start-up time

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Callable, Sequence  # noqa: UP035 - for Python 3.8

from .pool import GaveUp, Pool


class Run:
    """One lint of parsed files in `workers` processes: `run` does it, or raises `GaveUp`."""

    def __init__(self, linter: Any, plain: Callable[..., None], carried: Any) -> None:
        self._linter = linter
        self._plain = plain
        self._carried = carried

    def run(self, trees: dict[Any, Any], check: Any, progress: Sequence[Any], workers: int) -> None:
        """Lint; `trees`, `check` and `progress` are what pylint hands to its `_lint_files`."""
        self._trees, self._check = list(trees.items()), check
        self._walker: Any = getattr(check, "keywords", {}).get("walker")
        if not hasattr(self._walker, "nbstatements"):
            raise GaveUp("this pylint is not known")
        self._quiet = tuple(type(one)(False) for one in progress)
        units = self._units()
        self._configs = self._each_config()
        pool = Pool(self._worker)
        results = pool.run(units, min(workers, len(units)))
        self._join(results, progress)

    def _units(self) -> list[list[int]]:
        """Return the files' numbers, the longest first.

        Files of one name that follow each other stay together: what the first leaves behind can reach the second. So
        do files that share a tree, wherever they are: checkers that count by node count on when they see it again.
        """
        units: dict[int, list[int]] = {}
        first: dict[int, int] = {}
        last, before = None, 0
        for number, (item, tree) in enumerate(self._trees):
            if tree is None:
                continue
            name = item.name[: -len(".__init__")] if item.name.endswith(".__init__") else item.name
            mine = first.setdefault(id(tree), number)
            if name == last and first[before] != mine:
                mine = self._merge(units, first, first[before], mine)
            units.setdefault(mine, []).append(number)
            last, before = name, id(tree)
        return sorted(units.values(), key=lambda unit: -sum(_size(self._trees[n][0].filepath) for n in unit))

    @staticmethod
    def _merge(units: dict[int, list[int]], first: dict[int, int], one: int, two: int) -> int:
        """Make two units one; return its key."""
        units[one] = sorted(units[one] + units.pop(two, []))
        for tree, unit in first.items():
            if unit == two:
                first[tree] = one
        return one

    def _each_config(self) -> list[Any]:
        """Return, per file, the configuration that is in force when its turn comes in one process."""
        now, out = self._linter.config, []
        for item, tree in self._trees:
            out.append(now)
            if tree is not None and item.filepath:
                spaces = self._linter._directory_namespaces
                now = self._linter._get_namespace_for_file(Path(item.filepath), spaces) or now
        return out

    def _worker(self, unit: list[int], send: Callable[[Any], None]) -> None:
        linter = self._linter
        for place, number in enumerate(unit):
            item, tree = self._trees[number]
            started = time.perf_counter()
            linter.stats = type(linter.stats)()
            linter.msg_status = 0
            linter.reporter.messages = []
            linter.config = self._configs[number]
            self._walker.nbstatements = 0
            if number and (place == 0 or unit[place - 1] != number - 1):
                linter._by_id_managed_msgs = []
            self._carried.begin(number)
            self._plain({item: tree}, self._check, *self._quiet)
            messages, linter.reporter.messages = linter.reporter.messages, []
            left = self._left() if number == self._last() else None
            parts = self._carried.take()
            done = (messages, linter.stats, linter.msg_status, self._walker.nbstatements, parts, left)
            problem = self._carried.problem(item.filepath)
            if problem:
                raise GaveUp(problem)
            # The time is what the next run deals out by.
            send((number, done, time.perf_counter() - started))

    def _last(self) -> int:
        return max((number for number, (_item, tree) in enumerate(self._trees) if tree is not None), default=-1)

    def _left(self) -> dict[str, Any]:
        """Return what pylint still knows of its last file when the checkers close."""
        state = vars(self._linter.file_state)
        plain = {name: value for name, value in state.items() if name not in ("_module", "_msgs_store")}
        return {"state": plain, "linter": {name: getattr(self._linter, name, None) for name in _OF_FILE}}

    def _join(self, results: dict[int, Any], progress: Sequence[Any]) -> None:
        from pylint.utils import FileState

        linter, all_parts = self._linter, []
        for one in progress:
            one.start_linting()
        for number, (item, tree) in enumerate(self._trees):
            for one in progress:
                one.lint_file(item.filepath)
            if tree is None:
                continue
            messages, stats, status, statements, parts, left = results[number]
            linter.set_current_module(item.name, item.filepath)
            linter.file_state = FileState(item.modpath, linter.msgs_store, tree)
            linter.current_file = tree.file
            for message in messages:
                linter.reporter.handle_message(message)
            _add(linter.stats, stats)
            linter.msg_status |= status
            self._walker.nbstatements += statements
            all_parts.append(parts)
            if left:
                vars(linter.file_state).update(left["state"])
                vars(linter).update(left["linter"])
        self._carried.put(all_parts)


_OF_FILE = ("_ignore_file", "_pragma_lineno", "current_name", "current_file")


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _add(total: Any, part: Any) -> None:
    """Add a file's statistics, in place."""
    for name, value in vars(part).items():
        mine: Any = getattr(total, name)
        if name == "by_module" or isinstance(value, set):
            mine.update(value)
        elif isinstance(value, dict):
            for key, amount in value.items():
                if isinstance(amount, set):
                    mine.setdefault(key, set()).update(amount)
                else:
                    mine[key] = mine.get(key, 0) + amount
        elif isinstance(value, (int, float)):
            setattr(total, name, mine + value)
