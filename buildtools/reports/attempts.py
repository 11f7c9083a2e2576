"""What a step's earlier attempts say about the testcases of its last one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from buildtools.core.model import Status
from buildtools.core.results import Attempt, StepRun, TestCase

_Key = tuple[str, str, str, int]
_SHOWN = 50


def matched(run: StepRun) -> tuple[tuple[TestCase, ...], tuple[TestCase, ...]]:
    """Return the step's testcases with their failures in earlier attempts, and the attempts that those do not tell.

    The second is one failed testcase for each attempt with a failure that no testcase of the last attempt carries.
    """
    if not run.earlier:
        return run.result.cases, ()
    cases = dict(_keyed(run.result.cases))
    told: dict[_Key, list[TestCase]] = {}
    lost = []
    for attempt in run.earlier:
        failing = [pair for pair in _keyed(attempt.result.cases) if pair[1].status in (Status.FAILED, Status.ERROR)]
        homeless = [case for key, case in failing if key not in cases]
        for key, case in failing:
            if key in cases:
                told.setdefault(key, []).append(case)
        if homeless or len(homeless) == len(failing):
            lost.append(_attempt_case(run, attempt, homeless))
    full = tuple(
        msgspec.structs.replace(case, attempts=(*told[key], *case.attempts)) if key in told else case
        for key, case in cases.items()
    )
    return full, tuple(lost)


def _keyed(cases: Iterable[TestCase]) -> Iterator[tuple[_Key, TestCase]]:
    """Name each testcase; the last part tells apart those that a runner gave the same name."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for case in cases:
        name = (case.suite, case.classname, case.name)
        yield (*name, seen[name]), case
        seen[name] += 1


def _attempt_case(run: StepRun, attempt: Attempt, homeless: list[TestCase]) -> TestCase:
    result = attempt.result
    lines = [f"{case.classname} {case.name}: {case.message}".strip() for case in homeless[:_SHOWN]]
    lines += [f"{finding.place}: {finding.rule} {finding.message}" for finding in result.findings[:_SHOWN]]
    return TestCase(
        name=run.id,
        status=result.status,
        seconds=attempt.seconds,
        type="StepAttempt",
        message=result.reason or result.cause.value or result.status.value,
        details="\n".join(lines),
    )
