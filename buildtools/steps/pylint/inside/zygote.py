"""Lints with all processors what pylint has parsed in one.

The parent is pylint up to the point where every file is parsed, in its own order: what an assignment to another
module's class does to inference is settled then. It forks; each worker lints files with the parent's trees, and sends
what they add to the result as plain data.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any, Callable, Iterable, Sequence  # noqa: UP035 - for Python 3.8

from .parts import counted, fresh_stats, messages, remains
from .pool import GaveUp, Pool
from .stack import as_deep_as_pylint
from .tracing import Trace

_FAILED = ("F0001", "F0002")
"""`fatal` and `astroid-error`"""


class Zygote:
    """Lints parsed files in forked processes. `trees` are pylint's file items and their trees, in its order.

    An item that is not to be linted may have, for its tree, anything with a `stream` of its source, or `None` if it
    can't be parsed.
    """

    def __init__(self, linter: Any, trees: Sequence[tuple[Any, Any]], carried: Any, trace: Trace | None) -> None:
        self._linter = linter
        self._trees = trees
        self._carried = carried
        self._trace = trace

    def run(
        self, wanted: Iterable[int], plain: Callable[..., None], check: Any, progress: Sequence[Any], workers: int
    ) -> dict[int, Any]:
        """Lint the files of these numbers; return of each what it adds, what it has read, and what it asked others.

        `plain`, `check` and `progress` are pylint's `_lint_files` and what that is called with. No `workers`: this
        process is one, and good for nothing else after that. Raises `GaveUp`.
        """
        self._plain, self._check = plain, check
        self._walker: Any = getattr(check, "keywords", {}).get("walker")
        if not hasattr(self._walker, "nbstatements"):
            raise GaveUp("this pylint is not known")
        self._quiet = tuple(type(one)(False) for one in progress)
        self._configs = self._each_config()
        units = self._units(set(wanted))
        pool = Pool(self._worker)
        return pool.run(units, max(min(workers, len(units)), 1)) if workers else pool.here(units)

    def _units(self, wanted: set[int]) -> list[list[int]]:
        """Return the files' numbers, the longest first.

        Files of one name that follow each other stay together: what the first leaves behind can reach the second. So
        do files that share a tree, wherever they are: checkers that count by node count on when they see it again.
        """
        units: dict[int, list[int]] = {}
        first: dict[int, int] = {}
        last, before = None, 0
        for number, (item, tree) in enumerate(self._trees):
            if tree is None or number not in wanted:
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
        for place, number in enumerate(unit):
            if number and (place == 0 or unit[place - 1] != number - 1):
                self._linter._by_id_managed_msgs = []
            if self._trace is None:
                done, reads = self._lint(number), None
            else:
                self._trace.forget()
                known = set(sys.modules)
                with self._trace.reading() as frame:
                    done = self._lint(number)
                reads = self._trace.closed(frame)
                # Compiled modules are looked at by importing them.
                reads[0].update(filter(None, (getattr(sys.modules[m], "__file__", "") for m in {*sys.modules} - known)))
                if self._trace.replay is not None and self._trace.replay.failed:
                    raise GaveUp(self._trace.replay.failed)
            asked = self._carried.strings()
            problem = self._carried.problem(self._trees[number][0].filepath)
            if problem:
                raise GaveUp(problem)
            send((number, (done, reads, asked)))

    def _lint(self, number: int) -> Any:
        linter, (item, tree) = self._linter, self._trees[number]
        linter.stats = fresh_stats(linter)
        linter.msg_status = 0
        linter.reporter.messages = []
        linter.config = self._configs[number]
        self._walker.nbstatements = 0
        self._carried.begin(number)
        with as_deep_as_pylint():
            self._plain({item: tree}, self._check, *self._quiet)
        if any(message.msg_id in _FAILED for message in linter.reporter.messages):
            # Its checkers stopped half-way then, and what they hold reaches the next file.
            raise GaveUp(f"pylint failed in {item.filepath}, which can reach the files after it")
        return (
            messages(linter.reporter.messages),
            counted(linter.stats),
            linter.msg_status,
            self._walker.nbstatements,
            self._carried.take(),
            remains(linter),
        )


class Source:
    """A file that was not parsed this time, for those who look at its text."""

    def __init__(self, path: str) -> None:
        self._path = path

    def stream(self) -> Any:
        """Return its bytes, as a tree does."""
        with open(self._path, "rb") as stream:
            return io.BytesIO(stream.read())


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
