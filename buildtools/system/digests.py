"""The sha-256 of files, remembered from run to run as long as a file's size, times and inode stay the same.

A file that was changed just before it was read is not remembered, see `system.stamp`.
The memo is one blob of a `Store`; paths inside the project are kept relative to its root, so that a project that was
moved or restored elsewhere keeps what its new inodes allow.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from hashlib import sha256
from pathlib import Path

import msgspec

from buildtools.system.opening import without_waiting
from buildtools.system.stamp import Stamp, stamp_of
from buildtools.system.store import Store

_NAME = "file digests 2"
_DAY = 86_400
_KEPT_DAYS = 30
_PIECE = 1 << 20


class _Seen(msgspec.Struct, array_like=True):
    """A file as it was when it was read, and the day when it was last asked for."""

    stamp: Stamp
    digest: str
    day: int


_Memo = dict[str, _Seen]


class Digests:
    """Digests of files; `fresh` makes it forget what earlier runs knew. Its methods may be called from any thread."""

    def __init__(self, root: Path, store: Store, *, fresh: bool = False) -> None:
        self._root = os.fspath(root).rstrip("/") + "/"
        self._store = store
        self._memo: _Memo | None = {} if fresh else None
        self._today = int(time.time()) // _DAY
        self._dirty = False

    def of(self, file: str | Path) -> str:
        """Return the sha-256 of a file's content in hex. Raises `OSError`, also for what is no file."""
        path = os.fspath(file)
        memo = self._loaded()
        name = path.removeprefix(self._root)
        known = memo.get(name)
        if known is not None and known.stamp == stamp_of(os.stat(path)):  # noqa: PTH116
            if known.day != self._today:
                known.day = self._today
                self._dirty = True
            return known.digest
        now = time.time_ns()
        digest, seen = _read(path)
        if seen is not None and seen.stamp.settled(now):
            seen.day = self._today
            memo[name] = seen
            self._dirty = True
        elif known is not None:
            memo.pop(name, None)
        return digest

    def save(self) -> None:
        """Write the memo, if it has changed, together with what other runs have written meanwhile."""
        if not self._dirty or self._memo is None:
            return
        memo = {**_load(self._store), **self._memo}
        fresh = {name: seen for name, seen in memo.items() if 0 <= self._today - seen.day <= _KEPT_DAYS}
        self._store.put(_NAME, _encoded(fresh))
        self._dirty = False

    def _loaded(self) -> _Memo:
        if self._memo is None:
            self._memo = _load(self._store)
        return self._memo


def _read(path: str) -> tuple[str, _Seen | None]:
    """Return a file's digest, and what to remember: nothing if it changed meanwhile."""
    check = sha256()
    with open(path, "rb", buffering=0, opener=without_waiting) as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", path)
        while piece := file.read(_PIECE):
            check.update(piece)
        same = stamp_of(about) == stamp_of(os.fstat(file.fileno()))
    digest = check.hexdigest()
    return digest, _Seen(stamp_of(about), digest, 0) if same else None


def _load(store: Store) -> _Memo:
    data = store.get(_NAME)
    if data is None:
        return {}
    try:
        return msgspec.msgpack.decode(data, type=_Memo)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def _encoded(memo: _Memo) -> bytes:
    try:
        return msgspec.msgpack.encode(memo)
    except UnicodeEncodeError:  # names that are no UTF-8 are not worth remembering
        return msgspec.msgpack.encode({name: seen for name, seen in memo.items() if _plain(name)})


def _plain(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
