"""What a host that holds one release needs for becoming able to hold another one: pure, from listings."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from buildtools.deploy.layout import parents
from buildtools.deploy.manifest import Entry

WORTH_A_COPY = 16384
"""bytes from which a file that is there under another name is copied on the host, which starts two programs for it"""


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose content the host has elsewhere, or with another mode. `source` is its path in the old release."""

    entry: Entry
    source: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """From one release to another.

    `lacking` are the files that must travel, `size` their bytes. `folders` and `links` are all that do not come into
    being with a file that is copied under its own name, or that must be there before it is. `gone` and `added` turn
    the old listing into the new one.
    """

    lacking: tuple[Entry, ...]
    moves: tuple[Move, ...]
    folders: tuple[Entry, ...]
    links: tuple[Entry, ...]
    gone: bytes
    added: bytes

    @property
    def size(self) -> int:
        """Bytes in the files that must travel."""
        return sum(entry.size for entry in self.lacking)


def difference(entries: Sequence[Entry], listing: bytes, old: bytes) -> Difference:
    """Compare a release (its entries, and its listing) with the listing of the old one."""
    wanted, there = set(listing.splitlines(keepends=True)), set(old.splitlines(keepends=True))
    places = {line[2:66]: line[69:-1] for line in there if line.startswith(b"h ")}  # by hash, without the `./`
    lacking, moves, same = [], [], set()
    for entry in entries:
        if entry.kind != "file":
            continue
        path = entry.path.encode()
        unchanged = _content(entry, path) in there and b"f %s ./%s\n" % (entry.mode.encode(), path) in there
        if unchanged:
            same.add(entry.path)
            continue
        source = path if _content(entry, path) in there else places.get(entry.sha256.encode())
        if source is not None and entry.size >= WORTH_A_COPY:
            moves.append(Move(entry=entry, source=source.decode()))
        else:
            lacking.append(entry)
    bare = {parent for move in moves for parent in parents(move.entry.path)}
    bare |= {entry.path for entry in without(entries, same)}
    return Difference(
        lacking=tuple(lacking),
        moves=tuple(moves),
        folders=tuple(entry for entry in entries if entry.kind == "folder" and entry.path in bare),
        links=tuple(entry for entry in entries if entry.kind == "link"),
        gone=b"".join(sorted(there - wanted)),
        added=b"".join(sorted(wanted - there)),
    )


def without(entries: Sequence[Entry], copied: set[str]) -> tuple[Entry, ...]:
    """Return the folders in which none of these files lies: the others are made with their files."""
    made: set[str] = set()
    for path in copied:
        for parent in parents(path):
            if parent in made:
                break
            made.add(parent)
    return tuple(entry for entry in entries if entry.kind == "folder" and entry.path not in made)


def _content(entry: Entry, path: bytes) -> bytes:
    return b"h %s ./%s\n" % (entry.sha256.encode(), path)
