"""What files hold and folders list, and whether that is still so: by digests, which survive copies and clocks.

A digest is taken anew when size, times, or inode differ from when it was taken. A file that was changed within
two seconds of that moment is not trusted: it could have changed again without showing it.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from importlib.machinery import EXTENSION_SUFFIXES
from typing import Any, Dict, Iterable, List, Optional, Tuple  # noqa: UP035 - for Python 3.8

try:
    # The same, without OpenSSL, which takes longer to load than all digests do.
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

Stamp = Tuple[int, int, int, int]  # noqa: UP006
Seen = Dict[str, Tuple[Stamp, bytes]]  # noqa: UP006
Listing = Tuple[bytes, Dict[str, List[Tuple[str, bool]]]]  # noqa: UP006
Bases = Optional[Tuple[str, ...]]  # noqa: UP006, UP045

_UNSETTLED = 2_000_000_000
_SUFFIXES = (".py", ".pyi", ".pyw", ".pyc", ".pth", ".pyd", ".zip", ".egg", *EXTENSION_SUFFIXES)
_NOT_SOURCE = ("__pycache__", ".buildtools")
NOTHING = b""


def digest_of(data: bytes) -> bytes:
    """Return the digest that is used throughout: 16 bytes."""
    return blake2b(data, digest_size=16).digest()


class Places:
    """Paths as they are kept: relative to this project or to the interpreter, where they lie in one of these."""

    def __init__(self, root: str) -> None:
        self.root = root
        home = os.path.expanduser("~")
        heads = [("{prefix}", sys.prefix), ("{base}", sys.base_prefix), ("{home}", home), ("", root)]
        # The longest first: an environment often lies in the project, and a project may lie below a prefix.
        self._heads = sorted(((os.path.join(path, ""), head) for head, path in heads), key=lambda pair: -len(pair[0]))
        self._folders = {head: path for head, path in heads if head}
        self._short: dict[str, str] = {}
        self._long: dict[str, str] = {}

    def short(self, path: str) -> str:
        """Return an absolute path as it is kept."""
        found = self._short.get(path)
        if found is None:
            found = self._short[path] = self._shortened(path)
        return found

    def _shortened(self, path: str) -> str:
        for head, name in self._heads:
            if path.startswith(head):
                return os.path.join(name, path[len(head) :])
            if path == head[:-1]:
                return name or "."
        return path

    def long(self, path: str) -> str:
        """Return the absolute path of a kept one."""
        found = self._long.get(path)
        if found is None:
            head, _, rest = path.partition(os.sep)
            folder = self._folders.get(head)
            if folder is not None:
                found = os.path.join(folder, rest) if rest else folder
            else:
                found = self.root if path == "." else os.path.join(self.root, path)
            self._long[path] = found
        return found


class Files:
    """Digests of files and listings of folders, each read once; `seen` is what was known from before, by kept path."""

    def __init__(self, places: Places, seen: Seen) -> None:
        self.places = places
        self._seen = seen
        self._stamps: dict[str, Stamp | None] = {}
        self._digests: dict[str, bytes] = {}
        self._listings: dict[str, Listing] = {}

    def digest(self, short: str) -> bytes:
        """Return the digest of a file's content, of its kept path; empty for what is no readable file."""
        found = self._digests.get(short)
        if found is None:
            found = self._digests[short] = self._digest(short)
        return found

    def _digest(self, short: str) -> bytes:
        path = self.places.long(short)
        stamp = stamp_of(path)
        self._stamps[short] = stamp
        if stamp is None:
            return NOTHING
        before = self._seen.get(short)
        if before is not None and before[0] == stamp:
            return before[1]
        try:
            with open(path, "rb") as file:
                return digest_of(file.read())
        except OSError:
            return NOTHING

    def settled(self, shorts: Iterable[str], since: int) -> set[str]:
        """Return which of these files have not changed since their digests were taken, nor since that moment (ns)."""
        out = set()
        for short in shorts:
            stamp = stamp_of(self.places.long(short))
            if stamp == self._stamps.get(short) and (stamp is None or stamp[2] < since):
                out.add(short)
        return out

    def stamps(self) -> Seen:
        """Return what to know the next time: the digests of all files that have been quiet for a while."""
        limit = time.time_ns() - _UNSETTLED
        return {
            short: (stamp, self._digests[short])
            for short, stamp in self._stamps.items()
            if stamp is not None and max(stamp[1], stamp[2]) < limit
        }

    def listing(self, path: str) -> Listing:
        """Return the digest of what a folder lists, and its names by what stands before their first dot.

        Only folders and what Python could import counts.
        """
        found = self._listings.get(path)
        if found is None:
            found = self._listings[path] = _listed(path)
        return found

    def listings(self) -> dict[str, bytes]:
        """Return the digests of all folders that were listed, by kept path."""
        return {self.places.short(path): found[0] for path, found in self._listings.items()}

    def signature(self, dotted: str, bases: Iterable[str]) -> bytes:
        """Return a digest of everything in the folders `bases` that could be meant by a module's dotted name."""
        out: list[Any] = []
        folders = list(bases)
        for part in dotted.split("."):
            deeper = []
            for folder in folders:
                names = self.listing(folder)[1].get(part)
                if names:
                    out.append((self.places.short(folder), names))
                    if (part, True) in names:
                        deeper.append(os.path.join(folder, part))
            folders = deeper
            if not folders:
                break
        for folder in folders:
            out.append(self.listing(folder)[1].get("__init__"))
        return digest_of(repr(out).encode("utf-8", "surrogatepass")) if out else NOTHING


def stamp_of(path: str) -> Stamp | None:
    """Return a file's size, times and inode; `None` for what is no file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _listed(path: str) -> Listing:
    names: dict[str, list[tuple[str, bool]]] = {}
    try:
        with os.scandir(path) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    except (OSError, ValueError):
        return NOTHING, names
    kept = [one for one in found if (one[1] and one[0] not in _NOT_SOURCE) or one[0].endswith(_SUFFIXES)]
    for name, folder in kept:
        names.setdefault(name.split(".", 1)[0], []).append((name, folder))
    return digest_of(repr(kept).encode("utf-8", "surrogatepass")), names
