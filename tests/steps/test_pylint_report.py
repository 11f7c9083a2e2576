"""pylint's report, read and judged: without pylint."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from buildtools.plugin import Cause, Severity, Status, StepResult
from buildtools.steps.pylint import report


def message(**fields: Any) -> dict[str, Any]:
    base = {"type": "warning", "symbol": "unused-import", "message": "Unused import os", "messageId": "W0611"}
    place = {
        "path": "a.py",
        "absolutePath": "/nowhere/a.py",
        "line": 3,
        "column": 0,
        "endLine": None,
        "endColumn": None,
    }
    return {**base, **place, "module": "a", "obj": "", "confidence": "UNDEFINED", **fields}


def judged(**fields: Any) -> StepResult:
    outcome = report.decode(msgspec.json.encode({"pylint": "4.0", "files": ["/nowhere/a.py"], **fields}))
    return report.verdict(outcome, report.findings(outcome.messages, str), "the last words")


def test_columns_count_from_one_and_unknown_places_stay_unknown() -> None:
    outcome = report.decode(
        msgspec.json.encode({"pylint": "4", "messages": [message(endLine=3, endColumn=9), message(line=0)]})
    )
    known, unknown = report.findings(outcome.messages, str)
    assert (known.line, known.column, known.end_line, known.end_column) == (3, 1, 3, 10)
    assert (unknown.line, unknown.column, unknown.end_column) == (0, 0, 0)


@pytest.mark.parametrize(
    ("kind", "severity"),
    [("fatal", Severity.ERROR), ("error", Severity.ERROR), ("warning", Severity.WARNING), ("refactor", Severity.INFO)],
)
def test_types_become_severities(kind: str, severity: Severity) -> None:
    outcome = report.decode(msgspec.json.encode({"pylint": "4", "messages": [message(type=kind)]}))
    assert report.findings(outcome.messages, str)[0].severity is severity


def test_the_verdict_is_that_of_pylints_exit_status() -> None:
    assert judged(status=0, messages=[message()], score=9.9, fail_under=9.0).status is Status.PASSED
    failed = judged(status=4, messages=[message()], score=9.996, fail_under=10.0)
    assert (failed.status, failed.reason) == (Status.FAILED, "1 message, rated 9.99/10")
    assert judged(status=4, messages=[message()], score=8, fail_under=9.5).reason.endswith("fail-under is 9.5")


def test_usage_fatal_and_nothing_are_errors() -> None:
    assert judged(status=32).reason == "pylint refused its options: the last words"
    # Even where pylint's own exit status is 0: a file that could not be checked is not a clean one.
    fatal = judged(status=0, messages=[message(), message(type="fatal", messageId="F0002", message="crash")])
    assert fatal.status is Status.ERROR
    assert "F0002 crash" in fatal.reason
    assert judged(status=0, files=[]).cause is Cause.EMPTY
