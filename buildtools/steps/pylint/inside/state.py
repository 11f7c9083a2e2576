"""What one lint keeps for the next: a file per set of arguments, whole or not at all.

The content is plain data for `marshal`, behind a checksum of it: a file that is damaged, cut off or of another version
counts as none. It is written under another name and put in place at once, so that of two runs the later one stays.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import struct
import sys
import zlib
from array import array
from pathlib import Path
from typing import Any, Optional, Sequence, Tuple  # noqa: UP035 - for Python 3.8

from .files import Seen, digest_of
from .replay import Assigned

_KEPT = 24
"""States that a folder holds: steps and sets of arguments, of which a project has a few"""

Names = Tuple[str, Optional[Tuple[str, ...]]]  # noqa: UP006, UP045
"""A dotted name and the folders (kept paths) where it was looked for; see `tracing.Frame`"""


class Entry:
    """What is known of one file."""

    __slots__ = ("build", "early", "files", "injects", "linted", "meta", "names", "parsed", "strings")

    build: frozenset[str]  # the files that were read to make its tree
    early: tuple[str, ...]  # the files whose trees were made with it
    files: frozenset[str]  # what its findings hang on: files, itself among them
    injects: tuple[Assigned, ...]  # what it assigns into other modules
    linted: tuple[Any, ...] | None  # what linting it adds; `None` if it has no tree
    meta: tuple[Any, ...]  # what pylint calls it
    names: frozenset[Names]  # what its findings hang on: modules that were found, or not found
    parsed: tuple[Any, ...]  # what parsing it adds
    strings: tuple[tuple[int, int, str], ...]  # where it asked for others' strings: line, column, the answering key

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)


class State:
    """The state of one lint; see the attributes' comments."""

    def __init__(self) -> None:
        self.world: dict[str, Any] = {}  # what all findings hang on, by what it is called for people
        self.root = ""  # the folder of the lint
        self.seen: Seen = {}
        self.digests: dict[str, bytes] = {}  # of all files that some finding hangs on
        self.modules: dict[str, bytes] = {}  # of all files that pylint runs on
        self.bases: list[str] = []  # the folders of `sys.path` while it linted
        self.signatures: dict[Names, bytes] = {}
        self.listings: dict[str, bytes] = {}  # of all folders that were looked into
        self.configs: dict[str, bytes] = {}  # of all files that hold options, or could
        self.environment: dict[str, bytes] = {}  # of all variables that were asked for
        self.start: list[str] = []  # `sys.path` at the beginning
        self.entries: dict[str, Entry] = {}
        self.order: list[str] = []
        self.injected: dict[str, bytes] = {}  # by target
        self.pairs: dict[tuple[str, str], list[tuple[int, ...]]] = {}  # places of duplicate code
        self.cycles: dict[bytes, list[list[str]]] = {}  # of imports
        self.outcome = b""  # the whole report, where nothing else may have a say


_FORMAT = 1
_HEAD = struct.Struct("<I")


def place(folder: str, name: str, arguments: Sequence[str], restrict: Sequence[str] | None) -> Path:
    """Return where in a folder the state for these arguments is; `name` tells who lints, where the arguments don't."""
    # More processes find the same; other paths than those below the work folder are other files.
    words = [word for word in arguments if not word.startswith(("-j", "--jobs"))]
    only = None if restrict is None else [os.path.relpath(path) for path in restrict]
    parts = (_FORMAT, name, sys.version, sys.implementation.cache_tag, words, only)
    return Path(folder) / f"{digest_of(repr(parts).encode('utf-8', 'surrogatepass')).hex()}.lint"


def load(path: Path) -> State | None:
    """Read a state; `None` if there is none, or none that is whole."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            data = file.read()
    except OSError:
        return None
    content = memoryview(data)[_HEAD.size :]
    if len(data) < _HEAD.size or _HEAD.pack(zlib.crc32(content)) != data[: _HEAD.size]:
        return None
    try:
        values = marshal.loads(content)
        state = State()
        for name in vars(state):
            if name != "entries":
                setattr(state, name, values[name])
        _expand(state, values)
    except (EOFError, ValueError, TypeError, KeyError, IndexError):
        return None
    return state


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe in its place must not hold up everything


def save(path: Path, state: State) -> str:
    """Write a state; return what went wrong, if something did: then the one before stays."""
    data = marshal.dumps(_compressed(state))
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(_HEAD.pack(zlib.crc32(data)))
            file.write(data)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        return f"{path.parent}: {error.strerror or error}"
    _tidy(path)
    return ""


def _tidy(path: Path) -> None:
    """Remove the states that were used longest ago, and what killed runs have left."""
    with contextlib.suppress(OSError):
        found = sorted(path.parent.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        states = [one for one in found if one.suffix == path.suffix]
        newest = path.stat().st_mtime
        for one in states[_KEPT:]:
            one.unlink()
        for one in found:
            if one.suffix != path.suffix and one.stat().st_mtime < newest - 3600:
                one.unlink()


def _compressed(state: State) -> dict[str, Any]:
    """Return plain data, in which every path and name stands once."""
    tables: tuple[dict[Any, int], dict[Any, int]] = {}, {}
    values = dict(vars(state))
    values["entries"] = {}
    for key, entry in state.entries.items():
        fields = {name: getattr(entry, name) for name in Entry.__slots__}
        for name, table in zip(_TABLES, (0, 0, 1)):  # noqa: B905 - for Python 3.8
            numbers = array("I", (tables[table].setdefault(one, len(tables[table])) for one in fields[name]))
            fields[name] = numbers.tobytes()
        values["entries"][key] = fields
    values["tables"] = [list(table) for table in tables]
    return values


def _expand(state: State, values: dict[str, Any]) -> None:
    for key, fields in values["entries"].items():
        for name, table in zip(_TABLES, (0, 0, 1)):  # noqa: B905 - for Python 3.8
            numbers = array("I")
            numbers.frombytes(fields[name])
            fields[name] = frozenset(map(values["tables"][table].__getitem__, numbers))
        state.entries[key] = Entry(**fields)


_TABLES = ("build", "files", "names")
