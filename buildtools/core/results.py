"""The one model of results: what steps return, what the engine adds, what every report is made from.

All values are frozen and JSON-safe (`msgspec.json` encodes and decodes them); times are seconds, `started` values are
seconds since the epoch, paths are POSIX text relative to the project's root where they lie inside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from buildtools.core.errors import ExitCode, worst
from buildtools.core.model import Cause, Kind, Severity, Status

SCHEMA_VERSION = 1
"""Version of `run.json` and of the events; raised when a field changes its meaning or goes away."""

FROM_CACHE = "files from the cache"
"""The metric by which a step says of how many files it had the findings from an earlier run."""
_LARGEST = 2**31


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all values here: frozen, keyword-only, defaults left out of the JSON."""


class Finding(Value, frozen=True):
    """One thing a linter has to say about one place. `line` and `column` count from 1; 0 means unknown."""

    tool: str
    rule: str
    message: str
    path: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    symbol: str = ""
    severity: Severity = Severity.WARNING
    fingerprint: str = ""
    known: bool = False
    """It was there before, in the step's baseline or outside of the changed lines, and closes no gate."""

    @property
    def place(self) -> str:
        """`path:line:col`, as far as it is known: the form that terminals and editors make clickable."""
        parts = [self.path]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


class TestCase(Value, frozen=True):
    """One test, or one thing a report shows as a test. `attempts` holds its earlier, failed runs, oldest first."""

    __test__ = False  # not a test class, whatever its name tells pytest

    name: str
    classname: str = ""
    suite: str = ""
    status: Status = Status.PASSED
    seconds: float = 0.0
    type: str = ""
    message: str = ""
    details: str = ""
    file: str = ""
    line: int = 0
    stdout: str = ""
    stderr: str = ""
    attempts: tuple[TestCase, ...] = ()


class Metric(Value, frozen=True):
    """One measured number. `threshold` is the bar it was held against, if there was one."""

    name: str
    value: float
    unit: str = ""
    threshold: float | None = None


class Artifact(Value, frozen=True):
    """A file that a step made. `size` is in bytes; `sha256` is empty where nobody needs it."""

    name: str
    path: str
    sha256: str = ""
    size: int = 0


class CoveredFile(Value, frozen=True):
    """What the tests executed of one file.

    `executed` and `missing` are ranges of lines, first and last, of which every line is a statement's; `jumps` are the
    branches never taken, from a line to a line, or to 0 for the way out.
    """

    path: str
    executed: tuple[tuple[int, int], ...] = ()
    missing: tuple[tuple[int, int], ...] = ()
    branches: int = 0
    covered_branches: int = 0
    jumps: tuple[tuple[int, int], ...] = ()

    @property
    def lines(self) -> int:
        """The number of statements' lines."""
        return self.covered_lines + sum(last - first + 1 for first, last in self.missing)

    @property
    def covered_lines(self) -> int:
        """The number of those that were executed."""
        return sum(last - first + 1 for first, last in self.executed)


class StepResult(Value, frozen=True):
    """What a step found out. `outputs` are what other steps read as `${steps.ID.NAME}`."""

    status: Status = Status.PASSED
    reason: str = ""
    cause: Cause = Cause.NONE
    remedy: str = ""
    findings: tuple[Finding, ...] = ()
    cases: tuple[TestCase, ...] = ()
    metrics: tuple[Metric, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    coverage: tuple[CoveredFile, ...] = ()
    outputs: dict[str, str] = {}
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that this result alone asks for."""
        match self.status:
            case Status.FAILED:
                return ExitCode.FAILED
            case Status.ERROR:
                return ExitCode.EMPTY if self.cause is Cause.EMPTY else ExitCode.ERROR
            case Status.CANCELLED:
                return ExitCode.INTERRUPTED
            case _:
                return ExitCode.OK


class Attempt(Value, frozen=True):
    """An earlier try of a step that was tried again."""

    result: StepResult
    seconds: float = 0.0


class StepRun(Value, frozen=True):
    """One step of a finished run: the step's own result and what the engine knows about it.

    `queued` and `started` are seconds since the run's start (`started` is `None` for a step that never started);
    `log` is the path of the captured output, relative to the run's folder, empty if the step wrote nothing;
    `tail` is the end of that output, at most 8 KiB.
    """

    id: str
    plugin: str
    result: StepResult
    kind: Kind = Kind.ACTION
    description: str = ""
    needs: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    queued: float = 0.0
    started: float | None = None
    seconds: float = 0.0
    earlier: tuple[Attempt, ...] = ()
    cached: bool = False
    allowed: bool = False
    """`allow-failure` was set: a bad result is shown, but neither closes the gate nor stops what needs the step."""
    log: str = ""
    tail: str = ""

    @property
    def flaky(self) -> bool:
        """It passed, but not at the first attempt."""
        return bool(self.earlier) and self.result.status is Status.PASSED

    @property
    def files_from_cache(self) -> int:
        """Of how many files the step had the findings from an earlier run."""
        told = [metric.value for metric in self.result.metrics if metric.name == FROM_CACHE]
        return sum(int(value) for value in told if 0 < value < _LARGEST)

    @property
    def satisfied(self) -> bool:
        """Whether steps that need this one may run."""
        status = self.result.status
        if status in (Status.FAILED, Status.ERROR):
            return self.allowed
        return status is Status.PASSED or (status is Status.SKIPPED and self.result.cause is Cause.WHEN)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that this step alone asks for."""
        code = self.result.exit_code
        return ExitCode.OK if self.allowed and code is not ExitCode.INTERRUPTED else code


class RunResult(Value, frozen=True, omit_defaults=False):
    """A finished run. `ended_by` is `INTERRUPTED`, `TERMINATED` or `FAULT` where that is why it ended."""

    pipeline: str
    id: str
    steps: tuple[StepRun, ...]
    schema_version: int = SCHEMA_VERSION
    file: str = ""
    version: str = ""
    started: float = 0.0
    seconds: float = 0.0
    revision: str = ""
    ended_by: ExitCode = ExitCode.OK
    problems: tuple[str, ...] = ()
    """What went wrong outside every step: a report that could not be written, say; each makes the exit code 5."""

    @property
    def exit_code(self) -> ExitCode:
        """What the process exits with: the worst of all steps', of `ended_by` and of `problems`."""
        codes = [self.ended_by, *(step.exit_code for step in self.steps)]
        if self.ended_by is ExitCode.TERMINATED:
            codes = [ExitCode.TERMINATED]
        if self.problems:
            codes.append(ExitCode.ERROR)
        return worst(*codes)


def fingerprinted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with fingerprints: path, rule, message and the n-th occurrence of these, never a line."""
    import hashlib

    seen: Counter[tuple[str, str, str, str]] = Counter()
    out = []
    for finding in findings:
        key = (finding.tool, finding.path, finding.rule, finding.message)
        text = "\0".join((*key, str(seen[key])))
        seen[key] += 1
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        out.append(msgspec.structs.replace(finding, fingerprint=digest))
    return tuple(out)
