"""Begins, in a process of its own and while pylint is imported, with the trees that are likely to be needed.

Half of what makes a tree hangs on nothing but the source: what astroid does before it looks at other modules. That is
done here for what the changed files have read the last time, or for what the first lint may read, and handed over when
astroid wants just that source.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import os
import pickle
import signal
import struct
import sys
import threading
import warnings
from typing import Any, Iterable, Iterator, Sequence  # noqa: UP035 - for Python 3.8

from .conditions import processors
from .files import Files, Places, digest_of
from .guess import Guess
from .stack import depth
from .state import State

_RECORD = struct.Struct("<16sQQ")
_PATH = 16
"""bytes of a path's digest"""
_MOST_HELD = 128 << 20
"""bytes of trees that are held at most; they take memory"""
_MOST = 3
"""Changed files from which on much more than their trees will be needed"""
_INIT = ".__init__"
_STANDARD = 3
"""file descriptors that everybody has; they may be closed"""
_ROOM = 250
"""Frames that a tree may take: it is not used where there is less room, since it could not be made there"""


class Ahead:
    """What another process makes ahead: writes it into the file `held`, and into `told` where it is.

    Through the pipe `taken` it hears what it need not make any more. Processes that are forked later can take from
    there as well.
    """

    def __init__(self, child: int, told: int, held: int, taken: int) -> None:
        self._child = child
        self._told = told
        self._held = held
        self._taken_here = taken
        self._heard = 0
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
            module, rest, modules, names = made
            module.name = modname
            if modname.endswith(_INIT):
                module.name, module.package = modname[: -len(_INIT)], True
            # What classes hold of where they are.
            for const in modules:
                const.value = module.name
            for const in names:
                const.value = module.name + const.value
            return module, rest

        maker._data_build = data_build

    def _taken(self, data: str, path: str) -> Any:
        """Return a module's tree, what is left to do about it, and the constants in which its name is to be set.

        `None` if that is not made, or no room is here.
        """
        news = os.pread(self._told, _RECORD.size << 10, self._heard)
        for key, start, size in _RECORD.iter_unpack(news[: len(news) // _RECORD.size * _RECORD.size]):
            self._places[key] = start, size
            self._heard += _RECORD.size
        found = self._places.get(_key(data, path)) if self._places else None
        if found is None:
            if self._child:
                with contextlib.suppress(BlockingIOError):
                    os.write(self._taken_here, _path_key(path))
            return None
        if depth() + _ROOM > sys.getrecursionlimit():
            return None
        start, size = found
        try:
            module, imports, assignments, modules, names = pickle.loads(os.pread(self._held, size, start))
        except Exception:  # whatever is there, it is no tree
            return None
        return module, _Rest(imports, assignments), modules, names

    def end(self) -> None:
        """Stop it."""
        if self._child:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._child, signal.SIGKILL)
                os.waitpid(self._child, 0)
            self._child = 0


class _Rest:
    """What astroid's rebuilder leaves to be done when a module's tree is there."""

    def __init__(self, imports: list[Any], assignments: list[Any]) -> None:
        self._import_from_nodes = imports
        self._delayed_assattr = assignments


def begin(before: State | None, arguments: Sequence[str]) -> Ahead | None:
    """Begin, for what has changed since the last lint or for a first one, if a processor is free for it."""
    able = all(hasattr(os, name) for name in ("fork", "memfd_create", "pread"))
    if not able or processors() < 2 or threading.active_count() > 1:
        return None
    with contextlib.ExitStack() as stack:
        try:
            held, told = os.memfd_create("ahead"), os.memfd_create("ahead-told")
            stack.callback(os.close, held)
            stack.callback(os.close, told)
            taken, taken_there = os.pipe()
            stack.callback(os.close, taken)
            stack.callback(os.close, taken_there)
            if min(held, told, taken, taken_there) < _STANDARD:
                return None
            parent = os.getpid()
            child = os.fork()
        except OSError:
            return None
        stack.pop_all()
    if child == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for fd in range(_STANDARD):
                os.dup2(null, fd)
            os.close(taken_there)
            os.set_blocking(taken, False)
            _make(_Maker(told, held, taken, parent), before, arguments)
        finally:
            os._exit(0)
    # The other end stays open here too: nobody is killed who writes when nobody reads any more.
    os.set_blocking(taken_there, False)
    return Ahead(child, told, held, taken_there)


def _make(maker: _Maker, before: State | None, arguments: Sequence[str]) -> None:
    if before is not None and before.entries:
        for path in _wanted(before):
            maker.make(path)
        return
    guess = Guess(arguments)
    for name, path in guess:
        guess.add(name, path, maker.make(path))


class _Maker:
    """Makes trees, and puts them where `Ahead` finds them."""

    def __init__(self, told: int, held: int, taken: int, parent: int) -> None:
        self._told = told
        self._held = held
        self._taken = taken
        self._parent = parent
        self._heard = b""
        self._known: set[bytes] = set()
        self._count = self._end = 0
        # A tree is a knot, which only the collector can free.
        gc.freeze()
        gc.enable()

    def make(self, path: str) -> Any:
        """Make a file's tree; return what is known of its content by then: a tree, of astroid's nodes or of `ast`."""
        if self._end > _MOST_HELD or os.getppid() != self._parent:
            os._exit(0)
        with contextlib.suppress(BlockingIOError):
            self._heard += os.read(self._taken, 1 << 16)
        while len(self._heard) >= _PATH:
            self._known.add(self._heard[:_PATH])
            self._heard = self._heard[_PATH:]
        # What can't be made is left to astroid, which may say something about it.
        with contextlib.suppress(Exception), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            if _path_key(path) in self._known:
                with open(path, "rb") as file:
                    return ast.parse(file.read())
            key, data, tree = _made(path)
            if not said:
                if os.pwrite(self._held, data, self._end) < len(data):
                    os._exit(0)
                os.pwrite(self._told, _RECORD.pack(key, self._end, len(data)), self._count * _RECORD.size)
                self._end += len(data)
                self._count += 1
                return tree
        return ast.Module([], [])


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


def _made(path: str) -> tuple[bytes, bytes, Any]:
    """Return what a tree is found by, the tree and what `_taken` says as `pickle` has them, and itself."""
    from astroid import builder, manager

    stream, _encoding, data = builder.open_source_file(path)
    stream.close()
    maker: Any = object.__new__(builder.AstroidBuilder)
    maker._manager = manager.AstroidManager()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth() + _ROOM)
    try:
        with _named() as (modules, names):
            module, rest = maker._data_build(data, "", path)
    finally:
        sys.setrecursionlimit(limit)
    imports = [(node, frozenset(names)) for node, names in rest._import_from_nodes]
    sys.setrecursionlimit(10_000)
    return _key(data, path), pickle.dumps((module, imports, rest._delayed_assattr, modules, names), 4), module


@contextlib.contextmanager
def _named() -> Iterator[tuple[list[Any], list[Any]]]:
    """Gather the constants that hold a module's name, and those that begin with it, while its tree is made."""
    from astroid import nodes

    maker: Any = nodes.ClassDef
    plain = maker.implicit_locals
    modules: list[Any] = []
    names: list[Any] = []
    told = {"__module__": modules, "__qualname__": names}

    def implicit_locals(one: Any) -> Any:
        found = plain(one)
        for name, value in found:
            if name in told:
                told[name].append(value)
        return found

    maker.implicit_locals = implicit_locals
    try:
        yield modules, names
    finally:
        maker.implicit_locals = plain


def _path_key(path: str) -> bytes:
    return digest_of(os.path.abspath(path).encode("utf-8", "surrogatepass"))


def _key(data: str, path: str) -> bytes:
    return digest_of(f"{os.path.abspath(path)}\0{data}".encode("utf-8", "surrogatepass"))
