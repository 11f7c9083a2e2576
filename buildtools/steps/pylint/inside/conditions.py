"""What a lint hangs on besides files, and whether it can be done in several processes, or kept."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

from . import similar
from .pool import GaveUp


def workers_of(linter: Any, wished: int | None, *, keeps: bool) -> int:
    """Return how many processes are to lint; raises `GaveUp` where there can't be more than this one."""
    workers = wished or processors()
    if workers < 2 and not keeps:
        raise GaveUp("`jobs` is 1" if wished == 1 else "there is one processor")
    if linter.config.from_stdin:
        raise GaveUp("the source comes from stdin")
    if not hasattr(os, "fork") or sys.platform == "win32":
        raise GaveUp("this system can't fork")
    if threading.active_count() > 1:
        raise GaveUp("a plugin or hook runs threads, which a fork would lose")
    return workers


def why_not_kept(linter: Any) -> str:
    """Return why findings of this lint can't be kept, if that is so: they hang on what can't be seen."""
    if not similar.usable():
        return "this pylint is too old"
    if getattr(linter.config, "spelling_dict", ""):
        return "a dictionary for spelling can't be followed"
    name = foreign(linter)
    return f"{name} is not pylint's own, and may look anywhere" if name else ""


def foreign(linter: Any) -> str:
    """Return the name of a plugin or checker that is not pylint's own; empty if there is none."""
    plugins = [str(name) for name in getattr(linter.config, "load_plugins", ())]
    return next((name for name in plugins + _checkers(linter) if not name.startswith("pylint.")), "")


def world(linter: Any) -> dict[str, Any]:
    """Return what all findings hang on, besides files: by names for people."""
    spaces = {str(path): space for path, space in getattr(linter, "_directory_namespaces", {}).items()}
    configs = [("", linter.config), *((path, pair[0]) for path, pair in sorted(spaces.items()))]
    here = os.getcwd()
    return {
        "Python": sys.version,
        "the configuration": [
            (path.replace(here, "."), repr(sorted(vars(config).items())).replace(here, ".")) for path, config in configs
        ],
        "the messages that are enabled": sorted(linter._msgs_state.items()),
        "options by folder": bool(getattr(linter.config, "use_local_configs", False)),
        "the checkers": _checkers(linter),
        "the recursion limit": sys.getrecursionlimit(),
        "the hash seed": os.environ.get("PYTHONHASHSEED", ""),
    }


def _checkers(linter: Any) -> list[str]:
    kinds = [type(checker) for checker in linter._prepared if checker is not linter]
    return [f"{kind.__module__}.{kind.__qualname__}" for kind in kinds]


def loaded() -> list[str]:
    """Return the files of all modules that are imported now, but for those that are built in."""
    found = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return sorted({os.path.abspath(path) for path in found if isinstance(path, str)})


def processors() -> int:
    """Return how many processors this process may use, by affinity and by the quota of its control group."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = map(int, Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split())
    except (OSError, ValueError):  # no such file, or the quota is "max"
        return count
    return max(min(count, -(-quota // period)), 1)
