"""Whether the tests passed: from what the runner logged and how its process ended, never from either alone."""

from __future__ import annotations

import msgspec

from buildtools.core.wording import count
from buildtools.plugin import Cause, Completed, Status, StepResult
from buildtools.steps.tests.records import COLLECTION, Session

_BAD = (Status.FAILED, Status.ERROR)
_USAGE = {"pytest": 4, "unittest": 2}
"""The exit status for arguments that a runner does not understand"""


def judge(session: Session, done: Completed, runner: str, *, allow_empty: bool) -> StepResult:
    """Return the result with its cases.

    Bad tests, and files that cannot be collected, make it failed. Error is whatever leaves open how the tests would
    have ended: a runner that died, broke down, did not understand its arguments, or stopped early without a failure.
    """
    result = _status(session, done, runner)
    if result.cause is Cause.EMPTY and allow_empty:
        result = StepResult(reason=result.reason)
    return msgspec.structs.replace(result, cases=session.cases + session.unfinished)


def _status(session: Session, done: Completed, runner: str) -> StepResult:
    bad = sum(case.status in _BAD for case in session.cases)
    failed = _failed(session) if bad else ""
    if session.status is None or session.troubles or session.unfinished:
        why = _early(session, done, runner)
        return StepResult(status=Status.ERROR, reason=f"{failed}; {why}" if bad else why)
    if bad:
        return StepResult(status=Status.FAILED, reason=failed)
    if session.status == _USAGE[runner] and not session.cases:
        return StepResult(status=Status.ERROR, reason=f"{runner} could not begin: {_complaint(done)}")
    if not session.cases:
        remedy = "Correct `paths` or the runner's own selection, or say `allow-empty: true`."
        return StepResult(status=Status.ERROR, cause=Cause.EMPTY, reason="no test ran", remedy=remedy)
    return _without_failure(session, done, runner)


def _failed(session: Session) -> str:
    files = [case.status in _BAD for case in session.cases if case.name == COLLECTION]
    tests = [case.status in _BAD for case in session.cases if case.name != COLLECTION]
    parts = []
    if any(tests):
        parts.append(f"{sum(tests):,} of {count(max(len(tests), session.total), 'test')} failed")
    if any(files):
        parts.append(f"{count(sum(files), 'file')} could not be collected")
    if session.ended < session.total:
        parts.append(f"{count(session.total - session.ended, 'test')} not run")
    return ", ".join(parts)


def _early(session: Session, done: Completed, runner: str) -> str:
    if session.troubles:
        why = f"{runner}: {session.troubles[0].message}"
    else:
        why = f"{runner} ended before its tests did ({done.ending})"
    return f"{why}, in {', '.join(session.running[:3])}" if session.running else why


def _without_failure(session: Session, done: Completed, runner: str) -> StepResult:
    """Judge a session in which no test is bad: its exit status may still say otherwise."""
    # pytest's 5: no test ran, since every file or every test was skipped; these stand among the cases.
    if session.status not in (0, 5 if runner == "pytest" else 0):
        reason = f"{runner} ended with exit status {session.status}, though no test failed: see its output"
        return StepResult(status=Status.FAILED if session.status == 1 else Status.ERROR, reason=reason)
    if done.returncode not in (0, session.status):
        return StepResult(status=Status.ERROR, reason=f"{runner} passed, but its process ended badly ({done.ending})")
    if runner == "pytest" and session.ended < session.total:
        return StepResult(status=Status.ERROR, reason=f"only {session.ended:,} of {count(session.total, 'test')} ran")
    if all(case.status is Status.SKIPPED and case.type != "xfail" for case in session.cases):
        reason = f"{count(len(session.cases), 'test')}, every one skipped: nothing was checked"
        remedy = "See why they are skipped; if that is meant, say `allow-empty: true`."
        return StepResult(status=Status.ERROR, cause=Cause.EMPTY, reason=reason, remedy=remedy)
    if session.idle:
        ran, total = session.ended - session.idle, count(session.ended, "test")
        return StepResult(status=Status.ERROR, reason=f"only {ran:,} of {total} ran, the others were only set up")
    return StepResult()


def _complaint(done: Completed) -> str:
    lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line.lower()]
    return (errors or lines or ["see its output"])[-1]
