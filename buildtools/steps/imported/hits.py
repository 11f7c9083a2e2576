"""What was executed, as it is gathered line by line, and as ranges of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from buildtools.plugin import CoveredFile

_LARGEST = 2**31
_MOST = 10_000_000
"""lines of one file; where somebody claims more, they are not compared one by one"""


class Hits(msgspec.Struct):
    """What is known of one file: how often each line ran, and of each line's branches how many were taken."""

    lines: dict[int, bool] = {}
    branches: dict[int, tuple[int, int]] = {}
    """line → taken, all"""
    jumps: set[tuple[int, int]] = set()

    def line(self, number: int, *, hit: bool) -> None:
        """Add what a report says of a line; executed anywhere is executed."""
        if 0 < number < _LARGEST:
            self.lines[number] = self.lines.get(number, False) or hit

    def branch(self, number: int, taken: int, of: int) -> None:
        """Add the branches of a line; of two reports counts the one in which more were taken."""
        if 0 < number < _LARGEST and 0 <= taken <= of < _LARGEST:
            self.branches[number] = max(self.branches.get(number, (0, 0)), (taken, of))

    def file(self, path: str) -> CoveredFile:
        """Return it with ranges."""
        return CoveredFile(
            path=path,
            executed=ranges(number for number, hit in self.lines.items() if hit),
            missing=ranges(number for number, hit in self.lines.items() if not hit),
            branches=sum(of for _, of in self.branches.values()),
            covered_branches=sum(taken for taken, _ in self.branches.values()),
            jumps=tuple(sorted(self.jumps)),
        )


def ranges(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return the ranges, first and last, that hold exactly these numbers."""
    out: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if out and out[-1][1] == number - 1:
            out[-1] = (out[-1][0], number)
        else:
            out.append((number, number))
    return tuple(out)


def joined(files: Iterable[CoveredFile]) -> tuple[CoveredFile, ...]:
    """Return each file once, by its path; a line that several reports know was executed if one of them says so.

    Branches are known by their numbers only: of several reports counts the one that saw most of them.
    """
    by_path: dict[str, list[CoveredFile]] = {}
    for file in files:
        if file.executed or file.missing:
            by_path.setdefault(file.path, []).append(file)
    return tuple(_one(same) for _, same in sorted(by_path.items()))


def _one(files: list[CoveredFile]) -> CoveredFile:
    best = max(files, key=lambda file: (file.covered_branches, file.branches))
    if len(files) == 1 or sum(file.lines for file in files) > _MOST:
        return best
    executed = {number for file in files for number in _numbers(file.executed)}
    missing = {number for file in files for number in _numbers(file.missing)} - executed
    return msgspec.structs.replace(best, executed=ranges(executed), missing=ranges(missing))


def _numbers(found: tuple[tuple[int, int], ...]) -> Iterator[int]:
    for first, last in found:
        yield from range(first, last + 1)
