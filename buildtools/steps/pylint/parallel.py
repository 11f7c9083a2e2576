"""pylint's linter, with the linting itself done by several processes where that can't change what is found.

Standalone, as the driver is: the standard library and pylint >= 3 only.
"""

# ruff: noqa: PTH123 - pathlib costs start-up time

from __future__ import annotations

import gc
import os
import sys
import threading
from typing import Any, Callable, Sequence  # noqa: UP035 - for Python 3.8


def linter_class(base: Any, arguments: Sequence[str], told: dict[str, Any], load: Callable[[str], Any]) -> Any:
    """Return a subclass of pylint's linter; `load` imports the files beside this one.

    A run writes into `told` how many `workers` it had, and as `plain` why it had none.
    """
    carrying, zygote = load("carried"), load("zygote")

    class Linter(base):  # type: ignore[misc]
        def prepare_checkers(self) -> list[Any]:
            self._prepared: list[Any] = super().prepare_checkers()
            return self._prepared

        def check(self, files_or_modules: Sequence[str]) -> None:
            self._workers = _wanted(self.config.jobs, arguments)
            # pylint's own processes find other things than one process does.
            self.config.jobs = 1
            memory = zygote.Memory(share=2) if self._workers > 1 else None
            self._stop = memory.stop if memory else lambda: None
            try:
                super().check(files_or_modules)
            finally:
                self._stop()
                gc.enable()

        def _lint_files(self, ast_mapping: dict[Any, Any], check_astroid_module: Any, *progress: Any) -> None:
            self._stop()
            carrying.settled(self._prepared)
            count = sum(tree is not None for tree in ast_mapping.values())
            try:
                workers = self._check_workers(count)
                if workers > 1:
                    carried = carrying.Carried(self._prepared, list(ast_mapping.items()))
                    carried.watch()
                    run = zygote.Run(self, super()._lint_files, carried)
                    run.run(ast_mapping, check_astroid_module, progress, workers)
                    told["workers"] = workers
                    return
            except (zygote.GaveUp, carrying.Unknown) as reason:
                told["plain"] = str(reason)
                gc.enable()
            super()._lint_files(ast_mapping, check_astroid_module, *progress)

        def _check_workers(self, count: int) -> int:
            if self._workers < 2:
                raise zygote.GaveUp("`jobs` is 1" if _told(arguments) == 1 else "there is one processor")
            if self.config.from_stdin:
                raise zygote.GaveUp("the source comes from stdin")
            if not hasattr(os, "fork") or sys.platform == "win32":
                raise zygote.GaveUp("this system can't fork")
            if threading.active_count() > 1:
                raise zygote.GaveUp("a plugin or hook runs threads, which a fork would lose")
            return min(self._workers, count)

    return Linter


def _wanted(jobs: int, arguments: Sequence[str]) -> int:
    """Return how many processes to use: `jobs`, as pylint was told, or one per processor."""
    told = _told(arguments)
    # 1 in a file is what pylint writes there itself; on the command line it is meant.
    return jobs if told or (told is None and jobs > 1) else _processors()


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
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = map(int, file.read().split())
    except (OSError, ValueError):  # no such file, or the quota is "max"
        return count
    return max(min(count, -(-quota // period)), 1)
