"""What a diff without context, as git prints it, says about lines."""

from __future__ import annotations

import codecs
import os
import re

EVERY_LINE = (1, 2**31)
"""The range of lines of a file that is new"""
Ranges = tuple[tuple[int, int], ...]

_HUNK = re.compile(r"@@ -(?:\d+)(?:,(?P<removed>\d+))? \+(?P<first>\d+)(?:,(?P<added>\d+))? @@")


def changed_ranges(text: str) -> dict[str, Ranges]:
    """Return the changed and added lines of each file that is there afterwards, by its name then; often none."""
    found: dict[str, list[tuple[int, int]]] = {}
    name = ""
    skip = 0
    for line in text.split("\n"):
        if skip:
            # Lines of a file may look like anything.
            skip -= not line.startswith("\\")
            continue
        if line.startswith("diff --git "):
            name = ""
        elif line.startswith("+++ ") and line != "+++ /dev/null":
            name = _unquoted(line[4:].removesuffix("\t")).removeprefix("b/")
            found[name] = []
        elif line.startswith("rename to "):
            found.setdefault(_unquoted(line[10:]), [])
        elif (hunk := _HUNK.match(line)) is not None:
            first, added = int(hunk["first"]), int(hunk["added"] or 1)
            skip = int(hunk["removed"] or 1) + added
            if added and name:
                found[name].append((first, first + added - 1))
    return {name: tuple(ranges) for name, ranges in found.items()}


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
