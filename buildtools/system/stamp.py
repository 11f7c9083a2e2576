"""How a file was found: what of it changes when its content does, unless somebody turns the clock back."""

from __future__ import annotations

import os

import msgspec

_YOUNG = 2_000_000_000
"""Nanoseconds: coarser than the clock of any file system in use (FAT counts two seconds)."""


class Stamp(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file's size (bytes), the times of its content and of its inode (ns since the epoch), and its inode."""

    size: int = 0
    changed: int = 0
    status_changed: int = 0
    inode: int = 0

    def settled(self, at: int) -> bool:
        """Whether another change after `at` (ns since the epoch) is sure to show in the stamp.

        Of a file that was changed just before, or has a time in the future, it is not: a second change within the
        clock's resolution could leave the same size and the same times behind (git calls such files racy).
        """
        return max(self.changed, self.status_changed) < at - _YOUNG


def stamp_of(about: os.stat_result) -> Stamp:
    """Return what `stat` says, as a stamp."""
    return Stamp(about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
