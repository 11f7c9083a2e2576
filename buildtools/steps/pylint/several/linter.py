"""pylint's linter, with the linting itself done by several processes where that can't change what is found."""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path
from typing import Any, Sequence  # noqa: UP035 - for Python 3.8

from .carried import Carried, Unknown, settled
from .memory import Memory
from .pool import GaveUp
from .zygote import Run


def linter_class(base: Any, arguments: Sequence[str], told: dict[str, Any]) -> Any:
    """Return a subclass of pylint's linter; a run writes into `told` its `workers`, and `plain`, why there are none."""

    class Linter(base):  # type: ignore[misc]
        def prepare_checkers(self) -> list[Any]:
            prepared: list[Any] = super().prepare_checkers()
            self._prepared = prepared
            return prepared

        def check(self, files_or_modules: Sequence[str]) -> None:
            # Not `config.jobs`: pylint has put its own count of processors there for a 0, and that knows no quota.
            self._workers = _told(arguments) or _processors()
            # pylint's own processes find other things than one process does.
            self.config.jobs = 1
            memory = Memory(share=2) if self._workers > 1 else None
            self._stop = memory.stop if memory else lambda: None
            try:
                super().check(files_or_modules)
            finally:
                self._stop()
                gc.enable()

        def _lint_files(self, ast_mapping: dict[Any, Any], check_astroid_module: Any, *progress: Any) -> None:
            self._stop()
            settled(self._prepared)
            count = sum(tree is not None for tree in ast_mapping.values())
            try:
                workers = self._check_workers(count)
                if workers > 1:
                    carried = Carried(self._prepared, list(ast_mapping.items()))
                    carried.watch()
                    run = Run(self, super()._lint_files, carried)
                    run.run(ast_mapping, check_astroid_module, progress, workers)
                    told["workers"] = workers
                    return
            except (GaveUp, Unknown) as reason:
                told["plain"] = str(reason)
                gc.enable()
            super()._lint_files(ast_mapping, check_astroid_module, *progress)

        def _check_workers(self, count: int) -> int:
            if self._workers < 2:
                raise GaveUp("`jobs` is 1" if _told(arguments) == 1 else "there is one processor")
            if self.config.from_stdin:
                raise GaveUp("the source comes from stdin")
            if not hasattr(os, "fork") or sys.platform == "win32":
                raise GaveUp("this system can't fork")
            if threading.active_count() > 1:
                raise GaveUp("a plugin or hook runs threads, which a fork would lose")
            return min(self._workers, count)

    return Linter


def _told(arguments: Sequence[str]) -> int | None:
    """Return the number of processes that the command line asks for, if it does."""
    found = None
    for word, after in zip(arguments, (*arguments[1:], "")):  # noqa: B905 - for Python 3.8
        if word == "--":
            break
        if word.startswith(("-j", "--jobs")):
            value = after if word in ("-j", "--jobs") else word[6:].lstrip("=") if word[1] == "-" else word[2:]
            found = int(value) if value.isdigit() else found
    return found


def _processors() -> int:
    """Return how many processors this process may use, by affinity and by the quota of its control group."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = map(int, Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split())
    except (OSError, ValueError):  # no such file, or the quota is "max"
        return count
    return max(min(count, -(-quota // period)), 1)
