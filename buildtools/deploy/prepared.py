"""A release before it is packed, in lines for people: what is in it under which name and mode, and what is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from buildtools.core.wording import count, size
from buildtools.deploy.selection import Member, Selection

_MOST = 60
"""lines about what is packed"""
_EXAMPLES = 3
"""paths that are shown of all that one rule leaves out"""


class LeftOut:
    """Collects what is not packed, by the rule that says so; callable as a `selection.Note`."""

    def __init__(self) -> None:
        self._paths: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def __call__(self, path: str, rule: str) -> None:
        """Note a path."""
        self._counts[rule] = self._counts.get(rule, 0) + 1
        paths = self._paths.setdefault(rule, [])
        paths.append(path)
        if len(paths) > 50 * _EXAMPLES:
            self._paths[rule] = sorted(paths)[:_EXAMPLES]

    def lines(self) -> Iterator[str]:
        """Yield a line for each rule, with the first paths that it leaves out."""
        for rule in sorted(self._counts):
            paths = sorted(self._paths[rule])[:_EXAMPLES]
            more = self._counts[rule] - len(paths)
            yield f"  {', '.join(map(_shown, paths))}{f' and {more:,} more' if more else ''} ({rule})"


def listing(selection: Selection, folder: Path, left_out: LeftOut) -> Iterator[str]:
    """Yield the lines: never many, in a large release those of whole folders. Sizes are those of this moment."""
    items = [_Item(member, folder) for member in selection.members if member.kind != "folder" or member.source]
    deepest = max((item.depth for item in items), default=0)
    rows = next((rows for depth in range(deepest, 0, -1) if len(rows := _rows(items, depth)) <= _MOST), None)
    rows = _rows(items, 0) if rows is None else rows
    yield from rows[:_MOST]
    if len(rows) > _MOST:
        yield f"  ... and {len(rows) - _MOST:,} more"
    files = sum(item.member.kind != "folder" for item in items)
    yield f"{count(files, 'file')}, {size(sum(item.size for item in items))}"
    without = list(left_out.lines())
    if without:
        yield "left out:"
        yield from without
    for link in selection.dangling[:_MOST]:
        yield f"warning: {_shown(link)}: a link to something that is not in the release"


class _Item:
    """A member, with its size (bytes) and how many folders it lies in."""

    def __init__(self, member: Member, folder: Path) -> None:
        self.member = member
        self.origin = os.path.relpath(member.source, folder)
        self.depth = member.path.count("/")
        self.size = _size(member)

    @property
    def row(self) -> str:
        member = self.member
        if member.kind == "link":
            return f"  link           {_shown(member.path)} -> {_shown(member.target)}"
        if member.kind == "folder":
            return f"  empty          {_shown(member.path)}/"
        renamed = f" (from {_shown(self.origin)})" if self.origin != member.path else ""
        return f"  {member.mode:o}  {size(self.size):>8}  {_shown(member.path)}{renamed}"


def _rows(items: list[_Item], depth: int) -> list[str]:
    """Return a line for each item in at most `depth` folders, and for each folder in which deeper ones lie."""
    rows: list[str] = []
    inside: dict[str, list[_Item]] = {}
    for item in items:
        if item.depth <= depth:
            rows.append(item.row)
            continue
        top = "/".join(item.member.path.split("/")[: depth + 1])
        if top not in inside:
            rows.append(top)
        inside.setdefault(top, []).append(item)
    return [_summed(row, inside[row]) if row in inside else row for row in rows]


def _summed(path: str, items: list[_Item]) -> str:
    return f"  {count(len(items), 'file'):>8} {size(sum(item.size for item in items)):>8}  {_shown(path)}/"


def _size(member: Member) -> int:
    try:
        return Path(member.source).lstat().st_size if member.kind == "file" else 0
    except OSError:
        return 0


def _shown(path: str) -> str:
    """Return a path as one harmless piece of a line."""
    return "".join(char if char.isprintable() else "?" for char in path)
