"""What a diff without context, as git prints it, says about lines."""

from __future__ import annotations

import codecs
import os
import re

import msgspec

EVERY_LINE = (1, 2**31)
"""The range of lines of a file that is new"""
Ranges = tuple[tuple[int, int], ...]

_HUNK = re.compile(r"@@ -(?:\d+)(?:,(?P<removed>\d+))? \+(?P<first>\d+)(?:,(?P<added>\d+))? @@")
_BINARY = re.compile(r"Binary files (.+) differ")
_NOTHING = "/dev/null"


class Changes(msgspec.Struct, frozen=True):
    """The changed and added lines of each file that is there afterwards, by its name then; often none.

    Of the files in `binary`, git compares no lines.
    """

    ranges: dict[str, Ranges]
    binary: tuple[str, ...] = ()


def changes(text: str) -> Changes:
    """Read a diff with the prefixes `a/` and `b/`, with context or without."""
    found: dict[str, list[tuple[int, int]]] = {}
    binary: list[str] = []
    name, renamed = "", ""
    hunk = _Hunk(0, 0, 0)
    for line in text.split("\n"):
        if hunk.takes(line):
            if line.startswith("+") and name:
                _add(found[name], hunk.line)
            hunk = hunk.behind(line)
        elif line.startswith("diff --git "):
            name, renamed, hunk = "", "", _Hunk(0, 0, 0)
        elif line.startswith("+++ ") and line != f"+++ {_NOTHING}":
            name = _unquoted(line[4:].removesuffix("\t")).removeprefix("b/")
            found.setdefault(name, [])
        elif line.startswith("rename to "):
            renamed = _unquoted(line[10:])
            found.setdefault(renamed, [])
        elif (head := _HUNK.match(line)) is not None:
            hunk = _Hunk(int(head["removed"] or 1), int(head["added"] or 1), int(head["first"]))
        elif (pair := _BINARY.fullmatch(line)) is not None and (other := renamed or _second(pair[1])):
            binary.append(other)
    return Changes({name: tuple(ranges) for name, ranges in found.items()}, tuple(binary))


class _Hunk(msgspec.Struct, frozen=True):
    """What is left of a hunk: lines of the old file and of the new one, and the next line's number in the latter."""

    old: int
    new: int
    line: int

    def takes(self, line: str) -> bool:
        """Whether a line is the hunk's; lines of files may look like anything behind their sign."""
        match line[:1]:
            case "-":
                return self.old > 0
            case "+":
                return self.new > 0
            # An empty line of both files has no sign with `diff.suppressBlankEmpty`.
            case " " | "":
                return self.old > 0 and self.new > 0
            case _:
                return False

    def behind(self, line: str) -> _Hunk:
        """Return what is left behind a line."""
        old, new = not line.startswith("+"), not line.startswith("-")
        return _Hunk(self.old - old, self.new - new, self.line + new)


def _add(ranges: list[tuple[int, int]], line: int) -> None:
    if ranges and ranges[-1][1] == line - 1:
        ranges[-1] = (ranges[-1][0], line)
    else:
        ranges.append((line, line))


def _second(names: str) -> str:
    """Return the name behind `and` in `a/NAME and b/NAME`, where there may be more of them; `""` for a deleted file."""
    if names.endswith(f" and {_NOTHING}"):
        return ""
    start = f"{_NOTHING} and "
    second = names[len(start) :] if names.startswith(start) else names[(len(names) + len(" and ")) // 2 :]
    return _unquoted(second).removeprefix("b/")


def touches(ranges: Ranges, first: int, last: int) -> bool:
    """Whether a range of lines, both ends included, has a line in common with any of these."""
    return any(first <= end and begin <= last for begin, end in ranges)


def _unquoted(text: str) -> str:
    """Return a name as git writes it, in quotes with C's escapes where it has odd characters."""
    if not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
        return text
    # Undocumented, but there since Python 2.3, and pickle's own means: bytes to bytes, unlike `unicode_escape`.
    data, _ = codecs.escape_decode(os.fsencode(text[1:-1]))
    return os.fsdecode(data)
