"""Tells, before pylint is even imported, that nothing has changed since the last lint, whose report holds then.

What the last lint has opened, listed, imported and read of the environment was seen by the interpreter's own audit
events; all of it has to be as it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any, Iterable, Sequence  # noqa: UP035 - for Python 3.8

from .files import Files, Places, digest_of
from .state import State

_HARMLESS = frozenset(
    (
        *("COLUMNS", "LINES", "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "PY_COLORS"),
        *("LANGUAGE", "LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE"),
        *("HOME", "PYLINTHOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR", "TEMP", "TMP"),
    )
)
"""Variables that only change how things look, or where files are, which are looked for there anyway"""
_CONFIGS = (
    "pylintrc",
    "pylintrc.toml",
    ".pylintrc",
    ".pylintrc.toml",
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
)
VOLATILE = ("/proc/", "/sys/", "/dev/")


class Watch:
    """Sees what this process opens, lists and reads of the environment, from `install` on."""

    def __init__(self) -> None:
        self.bases = list(sys.path)
        self._opened: set[str] = set()
        self._listed: set[str] = set()
        self._asked: set[str] = set()

    def install(self) -> None:
        """Begin; there is no end to it."""

        def hear(event: str, details: tuple[Any, ...]) -> None:
            if event == "open" and isinstance(details[0], (str, bytes)) and "r" in (details[1] or "r"):
                self._opened.add(os.path.abspath(os.fsdecode(details[0])))
            elif event in ("os.listdir", "os.scandir") and isinstance(details[0], (str, bytes)):
                self._listed.add(os.path.abspath(os.fsdecode(details[0])))

        sys.addaudithook(hear)
        environment: Any = type(os.environ)
        plain = environment.__getitem__

        def asked(mapping: Any, name: str) -> str:
            self._asked.add(name)
            value: str = plain(mapping, name)
            return value

        environment.__getitem__ = asked

    def opened(self, apart_from: str) -> set[str]:
        """Return the files that were opened, but for compiled ones (their sources count) and those below a folder."""
        return {
            path
            for path in self._opened
            if "__pycache__" not in path and not path.startswith((*VOLATILE, os.path.join(apart_from, "")))
        }

    def listed(self) -> set[str]:
        """Return the folders that were listed."""
        return set(self._listed)

    def environment(self) -> dict[str, bytes]:
        """Return digests of the variables that were asked for and can make a difference."""
        return environment_of(name for name in self._asked if name not in _HARMLESS)


def environment_of(names: Iterable[str]) -> dict[str, bytes]:
    """Return digests of variables; an empty one for what is not set."""
    values = ((name, os.environ.get(name)) for name in sorted(names))
    return {n: b"" if value is None else digest_of(value.encode("utf-8", "surrogatepass")) for n, value in values}


def configs_of(folders: Iterable[str]) -> set[str]:
    """Return where pylint could find a configuration for files in these folders."""
    found = {"/etc/pylintrc"}
    home = os.path.expanduser("~")
    found |= {os.path.join(home, ".pylintrc"), os.path.join(home, ".config", "pylintrc")}
    if os.environ.get("PYLINTRC"):
        found.add(os.path.abspath(os.path.expanduser(os.environ["PYLINTRC"])))
    seen: set[str] = set()
    for start in folders:
        folder = start
        while folder not in seen:
            seen.add(folder)
            found |= {os.path.join(folder, name) for name in _CONFIGS}
            folder = os.path.dirname(folder)
    return found


def outcome(before: State | None, path: Path, bases: Sequence[str]) -> bytes | None:
    """Return the report of the last lint, whose state is at a path, if nothing that it hangs on has changed."""
    if before is None or not before.outcome:
        return None
    places = Places(os.getcwd())
    if os.path.basename(before.root) != os.path.basename(places.root):
        # isort takes a module that is called as the folder is for one of the project's.
        return None
    if before.start != [places.short(base) for base in bases]:
        return None
    if environment_of(before.environment) != before.environment or not _same(before, places):
        return None
    with contextlib.suppress(OSError):
        # States that were not used are the first to go.
        os.utime(path)
    return before.outcome if before.root == places.root else _moved(before, places.root)


def _same(before: State, places: Places) -> bool:
    """Tell whether all files hold, and all folders list, what they did."""
    files = Files(places, before.seen)
    for known in (before.modules, before.configs, before.digests):
        if any(files.digest(short) != digest for short, digest in known.items()):
            return False
    return all(files.listing(places.long(short))[0] == digest for short, digest in before.listings.items())


def _moved(before: State, root: str) -> bytes | None:
    """Return the report for a project that is elsewhere now."""
    report = json.loads(before.outcome)
    head = os.path.join(before.root, "")
    for message in report["messages"]:
        if before.root in message["message"]:
            return None
        if message["absolutePath"].startswith(head):
            message["absolutePath"] = os.path.join(root, message["absolutePath"][len(head) :])
    report["files"] = [
        os.path.join(root, file[len(head) :]) if file.startswith(head) else file for file in report["files"]
    ]
    return json.dumps(report, ensure_ascii=False).encode("utf-8", "replace")
