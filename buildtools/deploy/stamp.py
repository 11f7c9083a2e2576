"""How a file was found: what of it changes when its content does, unless somebody turns the clock back."""

from __future__ import annotations

import os

import msgspec


class Stamp(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file's size (bytes), the times of its content and of its inode (ns since the epoch), and its inode."""

    size: int = 0
    changed: int = 0
    status_changed: int = 0
    inode: int = 0


def stamp_of(about: os.stat_result) -> Stamp:
    """Return what `stat` says, as a stamp."""
    return Stamp(about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
