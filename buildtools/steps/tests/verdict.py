"""Whether the tests passed: from what the runner logged and how its process ended, never from either alone."""

from __future__ import annotations

import msgspec

from buildtools.core.wording import count
from buildtools.plugin import Cause, Completed, Status, StepResult, TestCase
from buildtools.steps.tests.records import Session

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
    return msgspec.structs.replace(result, cases=session.cases + _casualties(session, done, runner))


def _status(session: Session, done: Completed, runner: str) -> StepResult:
    bad = sum(case.status in _BAD for case in session.cases)
    failed = f"{bad:,} of {count(max(len(session.cases), session.total), 'test')} failed"
    if session.status is None:
        why = _early(session, done, runner)
        return StepResult(status=Status.ERROR, reason=f"{failed}; {why}" if bad else why)
    if session.troubles:
        why = f"{runner}: {session.troubles[0].message}"
        return StepResult(status=Status.ERROR, reason=f"{failed}; {why}" if bad else why)
    if bad:
        return StepResult(status=Status.FAILED, reason=failed)
    if session.status == _USAGE[runner] and not session.cases:
        return StepResult(status=Status.ERROR, reason=f"{runner} refused its arguments: {_complaint(done)}")
    if not session.cases:
        return StepResult(status=Status.ERROR, cause=Cause.EMPTY, reason="no test ran")
    return _without_failure(session, done, runner)


def _early(session: Session, done: Completed, runner: str) -> str:
    if session.troubles:
        return session.troubles[-1].message
    why = f"{runner} ended before its tests did ({how(done)})"
    return f"{why}, while running {', '.join(session.running[:3])}" if session.running else why


def _without_failure(session: Session, done: Completed, runner: str) -> StepResult:
    """Judge a session in which no test is bad: its exit status may still say otherwise."""
    # pytest's 5: no test ran, since every file or every test was skipped; these stand among the cases.
    if session.status not in (0, 5 if runner == "pytest" else 0):
        reason = f"{runner} ended with exit status {session.status}, though no test failed: see its output"
        return StepResult(status=Status.FAILED if session.status == 1 else Status.ERROR, reason=reason)
    if done.returncode not in (0, session.status):
        return StepResult(status=Status.ERROR, reason=f"{runner} passed, but its process ended badly ({how(done)})")
    if runner == "pytest" and session.ended < session.total:
        return StepResult(status=Status.ERROR, reason=f"only {session.ended:,} of {count(session.total, 'test')} ran")
    return StepResult()


def _casualties(session: Session, done: Completed, runner: str) -> tuple[TestCase, ...]:
    """Return a case for everything that was running when the runner died: no report may lose the culprit."""
    if session.status is not None:
        return ()
    known = {f"{case.classname}.{case.name}" for case in session.cases}
    cases = []
    for identity in session.running:
        classname, name = _names(identity)
        if f"{classname}.{name}" not in known:
            message = f"{runner} died here ({how(done)})"
            case = TestCase(suite=runner, classname=classname, name=name, status=Status.ERROR, type="Died")
            cases.append(msgspec.structs.replace(case, message=message))
    return tuple(cases)


def _names(identity: str) -> tuple[str, str]:
    """Split pytest's `a/b.py::C::d[x]`, a file's path, or unittest's `a.b.C.d`."""
    path, mark, rest = identity.partition("::")
    module = path.removesuffix(".py").replace("/", ".")
    if mark:
        base, bracket, parameters = rest.partition("[")
        *classes, name = base.split("::")
        return ".".join([module, *classes]), name + bracket + parameters
    if path != module or "/" in path:
        return module, "collection"
    classname, _, name = identity.rpartition(".")
    return classname, name


def how(done: Completed) -> str:
    """Say how a process ended: `exit status 3`, `SIGSEGV`."""
    if done.returncode >= 0:
        return f"exit status {done.returncode}"
    from signal import Signals

    try:
        return Signals(-done.returncode).name
    except ValueError:
        return f"signal {-done.returncode}"


def _complaint(done: Completed) -> str:
    lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line.lower()]
    return (errors or lines or ["see its output"])[-1]
