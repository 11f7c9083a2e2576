"""LCOV's tracefiles, as lcov, coverage.py, Istanbul, llvm-cov and others write them (geninfo(1), FILES)."""

from __future__ import annotations

import re

from buildtools.plugin import StepResult
from buildtools.steps.imported.hits import Hits
from buildtools.steps.imported.imported import Imported, Unreadable, lines

_RECORD = re.compile(r"[A-Z]{2,6}:.*")
_INTEGER = re.compile(r"-?\d{1,30}")


def read(data: bytes) -> Imported:
    """Read what was executed of each file. Raises `Unreadable`, also for a file that ends in the middle of a record."""
    files: dict[str, Hits] = {}
    path, branches = "", dict[int, tuple[int, int]]()
    for number, raw in enumerate(lines(data), 1):
        line = raw.strip()
        key, _, rest = line.partition(":")
        if key == "SF" and not path and rest:
            path, branches = rest, {}
            files.setdefault(path, Hits())
        elif line == "end_of_record" and path:
            for at, (taken, of) in branches.items():
                files[path].branch(at, taken, of)
            path = ""
        elif key in ("DA", "BRDA") and path:
            _take(files[path], branches, line, number)
        elif line and not line.startswith("#") and not (_RECORD.fullmatch(line) and key not in ("SF", "DA", "BRDA")):
            raise Unreadable(f"line {number}: {line[:80]!r} is not what LCOV has there")
    if path:
        raise Unreadable(f"ends in the middle of the record of {path}")
    found = tuple(hits.file(name) for name, hits in files.items())
    return Imported(result=StepResult(coverage=found), nothing=not any(file.lines for file in found))


def _take(hits: Hits, branches: dict[int, tuple[int, int]], line: str, number: int) -> None:
    """Take `DA:LINE,TIMES[,CHECKSUM]` or `BRDA:LINE,BLOCK,BRANCH,TAKEN`, in which a branch's name may hold commas."""
    words = line.partition(":")[2].split(",")
    branch = line.startswith("BRDA")
    times = words[-1] if branch else words[1] if len(words) > 1 else ""
    if branch and times == "-":  # its line was never reached
        times = "0"
    if len(words) < (4 if branch else 2) or not _INTEGER.fullmatch(words[0]) or not _INTEGER.fullmatch(times):
        raise Unreadable(f"line {number}: {line[:80]!r}: no number of a line, or of times")
    at = int(words[0])
    if branch:
        taken, of = branches.get(at, (0, 0))
        branches[at] = (taken + (int(times) > 0), of + 1)
    else:
        hits.line(at, hit=int(times) > 0)
