"""What was executed of each file, from coverage's own JSON report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from buildtools.core.decoding import from_json
from buildtools.plugin import CoveredFile, StepError


class _Numbers(msgspec.Struct):
    num_branches: int = 0
    covered_branches: int = 0


class _File(msgspec.Struct):
    executed_lines: list[int]
    missing_lines: list[int]
    summary: _Numbers
    missing_branches: list[tuple[int, int]] = []


class _Report(msgspec.Struct):
    files: dict[str, _File]


def covered_files(report: Path, locate: Callable[[str], str]) -> tuple[CoveredFile, ...]:
    """Read the report at `report` (coverage's format 2 and 3); `locate` makes its paths those of results.

    In order of their paths, without files that have no statement. Raises `StepError` if it is no such report.
    """
    try:
        files = from_json(report.read_bytes(), _Report).files
    except (OSError, msgspec.DecodeError) as error:
        raise StepError(f"coverage's JSON report cannot be read: {error}") from None
    made = (_covered(locate(path), file) for path, file in files.items())
    return tuple(sorted((file for file in made if file.lines), key=lambda file: file.path))


def _covered(path: str, file: _File) -> CoveredFile:
    return CoveredFile(
        path=path,
        executed=ranges(file.executed_lines),
        missing=ranges(file.missing_lines),
        branches=file.summary.num_branches,
        covered_branches=file.summary.covered_branches,
        # Coverage names the way out by the negative line of the function or module that is left.
        jumps=tuple((start, max(end, 0)) for start, end in file.missing_branches if start > 0),
    )


def ranges(lines: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return the ranges of consecutive numbers, first and last, that hold exactly these lines."""
    out: list[tuple[int, int]] = []
    for line in sorted(set(lines)):
        if out and out[-1][1] == line - 1:
            out[-1] = (out[-1][0], line)
        else:
            out.append((line, line))
    return tuple(out)
