"""Coverage held against what was there before: of the changed lines, and of the last run."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from buildtools.core.wording import count
from buildtools.plugin import CoveredFile, Metric, Status, StepContext, StepResult
from buildtools.steps.tests.measure import Coverage
from buildtools.system.diff import Ranges
from buildtools.system.git import Repository

_NAMED = 5


class Lines(msgspec.Struct, frozen=True):
    """How many of the changed statements' lines were executed, and where the others are."""

    covered: int
    missing: tuple[str, ...]
    missed: int


def held(result: StepResult, coverage: Coverage, ctx: StepContext) -> StepResult:
    """Return the result with both bars applied, as far as they are set. Raises `GitError` if git can't tell."""
    if not any(metric.name == "coverage" for metric in result.metrics):
        return result
    if coverage.diff_fail_under is not None:
        result = _of_changed_lines(result, coverage.diff_fail_under, _changed(ctx, coverage.diff_since))
    if coverage.may_fall is not None:
        result = _not_fallen(result, coverage.may_fall, ctx.previous("coverage"))
    return result


def changed_lines(files: tuple[CoveredFile, ...], changed: dict[str, Ranges]) -> Lines:
    """Return what became of the changed lines of measured files; other lines, and other files, don't count."""
    covered, missed = 0, 0
    missing = []
    for file in files:
        ranges = changed.get(file.path, ())
        covered += sum(last - first + 1 for first, last in _both(file.executed, ranges))
        for first, last in _both(file.missing, ranges):
            missed += last - first + 1
            missing.append(f"{file.path}:{first}" if first == last else f"{file.path}:{first}-{last}")
    return Lines(covered, tuple(missing), missed)


def _both(one: Ranges, other: Ranges) -> Iterator[tuple[int, int]]:
    for first, last in one:
        for begin, end in other:
            if first <= end and begin <= last:
                yield max(first, begin), min(last, end)


def _changed(ctx: StepContext, since: str) -> dict[str, Ranges]:
    repository = Repository(ctx.root)
    return repository.changed_lines(repository.base(since, "coverage: diff-since"))


def _of_changed_lines(result: StepResult, bar: float, changed: dict[str, Ranges]) -> StepResult:
    lines = changed_lines(result.coverage, changed)
    total = lines.covered + lines.missed
    # Rounded down, as the total is: 99.999 is not 100.
    value = math.floor(lines.covered / total * 10000 + 1e-6) / 100 if total else 100.0
    metric = Metric(name="coverage of changed lines", value=value, unit="%", threshold=bar)
    result = msgspec.structs.replace(result, metrics=(*result.metrics, metric))
    if value >= bar:
        return result
    some = ", ".join(lines.missing[:_NAMED]) + (", …" if len(lines.missing) > _NAMED else "")
    reason = f"coverage of the {count(total, 'changed line')} is {value:g} %, under {bar:g} %: not executed: {some}"
    return _failed(result, reason)


def _not_fallen(result: StepResult, tolerance: float, before: float | None) -> StepResult:
    if before is None:
        return result
    now = next(metric.value for metric in result.metrics if metric.name == "coverage")
    bar = round(before - tolerance, 6)
    metric = Metric(name="coverage against the last run", value=now, unit="%", threshold=max(bar, 0.0))
    result = msgspec.structs.replace(result, metrics=(*result.metrics, metric))
    if now >= bar:
        return result
    allowed = f", by more than {tolerance:g}" if tolerance else ""
    return _failed(result, f"coverage has fallen from {before:g} % in the last passed run to {now:g} %{allowed}")


def _failed(result: StepResult, reason: str) -> StepResult:
    if result.status is Status.PASSED:
        return msgspec.structs.replace(result, status=Status.FAILED, reason=reason)
    return msgspec.structs.replace(result, reason=f"{result.reason}; {reason}" if result.reason else reason)
