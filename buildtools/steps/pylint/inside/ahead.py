"""Begins, in a process of its own and while pylint is imported, with the trees that a changed file is likely to need.

Half of what makes a tree hangs on nothing but the source: what astroid does before it looks at other modules. That is
done here for what the changed files have read the last time, and handed over when astroid wants just that source.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import struct
import sys
import threading
import warnings
from typing import Any, Iterable  # noqa: UP035 - for Python 3.8

from .conditions import processors
from .files import Files, Places, digest_of
from .stack import depth
from .state import State

_RECORD = struct.Struct("<16sQQ")
_MOST = 3
"""Changed files from which on much more than their trees will be needed"""
_INIT = ".__init__"
_ROOM = 250
"""Frames that a tree may take: it is not used where there is less room, since it could not be made there"""


class Ahead:
    """What another process makes ahead: tells of it through the pipe `told`, and writes it into the file `held`."""

    def __init__(self, child: int, told: int, held: int) -> None:
        self._child = child
        self._told = told
        self._held = held
        self._heard = b""
        self._places: dict[bytes, tuple[int, int]] = {}

    def install(self) -> None:
        """Let astroid take from there what is there."""
        from astroid import builder

        maker: Any = builder.AstroidBuilder
        plain = maker._data_build

        def data_build(one: Any, data: str, modname: str, path: str | None) -> Any:
            made = None
            if path is not None:
                made = self._taken(data, path)
            if made is None:
                return plain(one, data, modname, path)
            module, rest = made
            module.name = modname
            if modname.endswith(_INIT):
                module.name, module.package = modname[: -len(_INIT)], True
            return module, rest

        maker._data_build = data_build

    def _taken(self, data: str, path: str) -> Any:
        """Return a module's tree and what is left to do about it; `None` if that is not made, or no room is here."""
        with contextlib.suppress(BlockingIOError):
            self._heard += os.read(self._told, 1 << 16)
        while len(self._heard) >= _RECORD.size:
            key, start, size = _RECORD.unpack_from(self._heard)
            self._places[key] = start, size
            self._heard = self._heard[_RECORD.size :]
        found = self._places.get(_key(data, path)) if self._places else None
        if found is None or depth() + _ROOM > sys.getrecursionlimit():
            return None
        start, size = found
        module, imports, assignments = pickle.loads(os.pread(self._held, size, start))
        return module, _Rest(imports, assignments)

    def end(self) -> None:
        """Stop it."""
        if self._child:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._child, signal.SIGKILL)
                os.waitpid(self._child, 0)
            os.close(self._told)
            os.close(self._held)
            self._child = 0


class _Rest:
    """What astroid's rebuilder leaves to be done when a module's tree is there."""

    def __init__(self, imports: list[Any], assignments: list[Any]) -> None:
        self._import_from_nodes = imports
        self._delayed_assattr = assignments


def begin(before: State | None) -> Ahead | None:
    """Begin, if something is known of the last lint, and a processor is free for it."""
    able = all(hasattr(os, name) for name in ("fork", "memfd_create", "pread"))
    if before is None or not before.entries or not able or processors() < 2 or threading.active_count() > 1:
        return None
    with contextlib.ExitStack() as stack:
        try:
            held = os.memfd_create("ahead")
            stack.callback(os.close, held)
            told, tell = os.pipe()
            stack.callback(os.close, told)
            stack.callback(os.close, tell)
            child = os.fork()
        except OSError:
            return None
        stack.pop_all()
    if child == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for fd in range(3):
                os.dup2(null, fd)
            os.close(told)
            _make(before, tell, held)
        finally:
            os._exit(0)
    os.close(tell)
    os.set_blocking(told, False)
    return Ahead(child, told, held)


def _make(before: State, tell: int, held: int) -> None:
    end = 0
    for path in _wanted(before):
        # What can't be made is left to astroid, which may say something about it.
        with contextlib.suppress(Exception), warnings.catch_warnings(record=True) as said:
            key, data = _made(path)
            if not said:
                os.pwrite(held, data, end)
                os.write(tell, _RECORD.pack(key, end, len(data)))
                end += len(data)


def _wanted(before: State) -> list[str]:
    """Return the paths of what the files that are changed have read the last time, the longest first.

    Then come those of who assigns into that, with what their trees take: these are made when somebody asks for it.
    """
    places = Places(os.getcwd())
    files = Files(places, before.seen)
    entries = [(key.partition("\0")[0], entry) for key, entry in before.entries.items()]
    changed = [(short, entry) for short, entry in entries if files.digest(short) != before.digests.get(short)]
    if len(changed) > _MOST:
        return []
    own = {short for short, _entry in changed}
    read: set[str] = set().union(*(entry.files for _short, entry in changed)) - own
    late: set[str] = set()
    for short, entry in entries:
        if short not in own and any(assigned[0] in read for assigned in entry.injects):
            late |= {short, *entry.build}
    return [*_longest(read, places), *_longest(late - read - own, places)]


def _longest(shorts: Iterable[str], places: Places) -> list[str]:
    paths = [places.long(short) for short in shorts if short.endswith(".py")]
    return sorted(filter(os.path.isfile, paths), key=lambda path: (-os.path.getsize(path), path))


def _made(path: str) -> tuple[bytes, bytes]:
    from astroid import builder, manager

    stream, _encoding, data = builder.open_source_file(path)
    stream.close()
    maker: Any = object.__new__(builder.AstroidBuilder)
    maker._manager = manager.AstroidManager()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth() + _ROOM)
    try:
        module, rest = maker._data_build(data, "", path)
    finally:
        sys.setrecursionlimit(limit)
    imports = [(node, frozenset(names)) for node, names in rest._import_from_nodes]
    sys.setrecursionlimit(10_000)
    return _key(data, path), pickle.dumps((module, imports, rest._delayed_assattr), 4)


def _key(data: str, path: str) -> bytes:
    return digest_of(f"{os.path.abspath(path)}\0{data}".encode("utf-8", "surrogatepass"))
