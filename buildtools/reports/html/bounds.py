"""A run cut down to what one page can bear: long texts lose their middle, and in the worst case rows are left out."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from buildtools.core.model import Status
from buildtools.core.results import Attempt, Finding, RunResult, StepResult, StepRun, TestCase
from buildtools.reports.attempts import matched
from buildtools.reports.xmltext import excerpt

_S = TypeVar("_S", bound=msgspec.Struct)
BAD = (Status.FAILED, Status.ERROR, Status.CANCELLED)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Characters of a text, by what it is; `rows` is how many findings and how many tests a step has at most."""

    message: int = 2_000
    details: int = 16_000
    captured: int = 4_000
    passed: int = 1_000
    """captured output of tests that passed"""
    texts: int = 4_000_000
    """details and captured output of the whole run together; what comes later is left out"""
    rows: int = 1_000_000


def bounded(result: RunResult, bounds: Bounds) -> RunResult:
    """Return the run with its texts cleaned and cut; testcases carry their failures in earlier attempts."""
    work = _Bounding(bounds)
    steps = tuple(work.step(run) for run in result.steps)
    problems = tuple(excerpt(problem, bounds.message) for problem in result.problems)
    fields = {name: work.word(getattr(result, name)) for name in ("pipeline", "id", "file", "version", "revision")}
    return msgspec.structs.replace(result, steps=steps, problems=problems, **fields)


class _Bounding:
    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._left = bounds.texts

    def step(self, run: StepRun) -> StepRun:
        cases, _ = matched(run)
        result = msgspec.structs.replace(run.result, cases=cases)
        return msgspec.structs.replace(
            run,
            id=self.word(run.id),
            plugin=self.word(run.plugin),
            description=self.word(run.description),
            needs=tuple(map(self.word, run.needs)),
            tags=tuple(map(self.word, run.tags)),
            result=self._result(result),
            earlier=tuple(map(self._attempt, run.earlier)),
            log=self.word(run.log),
            tail=self.text(run.tail, 8192),
        )

    def _attempt(self, attempt: Attempt) -> Attempt:
        bad = tuple(case for case in attempt.result.cases if case.status in BAD)
        return msgspec.structs.replace(
            attempt, result=self._result(msgspec.structs.replace(attempt.result, cases=bad, coverage=()))
        )

    def _result(self, result: StepResult) -> StepResult:
        long = self._bounds.message
        return msgspec.structs.replace(
            result,
            reason=excerpt(result.reason, long),
            remedy=excerpt(result.remedy, long),
            warnings=tuple(excerpt(text, long) for text in result.warnings[:100]),
            findings=tuple(map(self._finding, result.findings[: self._bounds.rows])),
            metrics=tuple(map(self._words, result.metrics)),
            artifacts=tuple(map(self._words, result.artifacts)),
            coverage=tuple(map(self._words, result.coverage)),
            cases=tuple(map(self._case, _worst_first(result.cases, self._bounds.rows))),
            outputs={self.word(name): excerpt(value, long) for name, value in result.outputs.items()},
        )

    def _words(self, value: _S) -> _S:
        """Return a value whose texts are all short, cleaned."""
        texts = {name: text for name in value.__struct_fields__ if isinstance(text := getattr(value, name), str)}
        changed = {name: self.word(text) for name, text in texts.items() if not _plain(text)}
        return msgspec.structs.replace(value, **changed) if changed else value

    def _finding(self, finding: Finding) -> Finding:
        if _plain(finding.message, self._bounds.message) and _plain(finding.path) and _plain(finding.symbol):
            return finding
        return msgspec.structs.replace(
            finding,
            tool=self.word(finding.tool),
            rule=self.word(finding.rule),
            symbol=self.word(finding.symbol),
            path=self.word(finding.path),
            message=excerpt(finding.message, self._bounds.message),
        )

    def _case(self, case: TestCase) -> TestCase:
        if _silent(case) and all(map(_plain, (case.name, case.classname, case.suite, case.file))):
            return case
        captured = self._bounds.passed if case.status is Status.PASSED else self._bounds.captured
        return msgspec.structs.replace(
            case,
            name=self.word(case.name),
            classname=self.word(case.classname),
            suite=self.word(case.suite),
            file=self.word(case.file),
            type=self.word(case.type),
            message=excerpt(case.message, self._bounds.message),
            details=self.text(case.details, self._bounds.details),
            stdout=self.text(case.stdout, captured),
            stderr=self.text(case.stderr, captured),
            attempts=tuple(map(self._case, case.attempts[:20])),
        )

    def word(self, text: str) -> str:
        return text if _plain(text) else excerpt(text, 1_000)

    def text(self, text: str, limit: int) -> str:
        if not text:
            return ""
        if self._left <= 0:
            return "[left out here, as the page would grow too large]"
        shown = excerpt(text, limit)
        self._left -= len(shown)
        return shown


def _silent(case: TestCase) -> bool:
    return not (case.details or case.stdout or case.stderr or case.message or case.attempts)


def _plain(text: str, limit: int = 1_000) -> bool:
    return len(text) <= limit and text.isascii() and text.isprintable()


def _worst_first(cases: tuple[TestCase, ...], limit: int) -> tuple[TestCase, ...]:
    """Return the cases as they are if there is room for all of them, else those that passed go first."""
    if len(cases) <= limit:
        return cases
    return tuple(sorted(cases, key=lambda case: case.status not in BAD)[:limit])
