"""The log of a test run, read back: the runners' events as testcases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from buildtools.core.decoding import json_decoder
from buildtools.plugin import Status, TestCase

_BAD = ("failed", "error")
COLLECTION = "collection"
"""The name of the case that stands for a file which could not be collected, or was skipped whole"""


class Event(msgspec.Struct, frozen=True):
    """One line of the log; which fields mean something stands in `runners/_buildtools_events.py`."""

    event: str
    id: str = ""
    total: int = 0
    status: str | int = ""
    when: Literal["setup", "call", "teardown", "subtest", "collect", "crash"] = "call"
    classname: str = ""
    name: str = ""
    description: str = ""
    seconds: float = 0.0
    type: str = ""
    message: str = ""
    details: str = ""
    file: str = ""
    line: int = 0
    stdout: str = ""
    stderr: str = ""
    tool: str = ""
    problem: str = ""


class Session(msgspec.Struct, frozen=True):
    """What a whole log says.

    `status` is what the runner ended with, `None` if it never came to its end. `unfinished` are errors already: the
    tests that began and did not end, or else the file that was being imported; `running` are the ids of these.
    `ended` is the number of tests that came to their end, `idle` how many of them were set up and put away alone, which
    makes no case: so pytest does it for `--setup-only` and `--setup-plan`.
    """

    cases: tuple[TestCase, ...] = ()
    unfinished: tuple[TestCase, ...] = ()
    total: int = 0
    ended: int = 0
    idle: int = 0
    status: int | None = None
    running: tuple[str, ...] = ()
    troubles: tuple[Event, ...] = ()
    missing: Event | None = None


def read(data: bytes) -> list[Event]:
    """Decode a log. A last line that was cut by a crash is left out."""
    decoder = json_decoder(Event)
    lines = data.split(b"\n")
    return [decoder.decode(line) for line in lines[:-1] if line]


def fold(events: Iterable[Event], suite: str, locate: Callable[[str], str]) -> Session:
    """Make testcases of events; `locate` turns an absolute path into one relative to the project."""
    work = _Fold(suite, locate)
    for event in events:
        work.take(event)
    return work.session()


class _Fold:
    """Gathers the phases of each test until it ends. Tests of several workers may be under way at once."""

    def __init__(self, suite: str, locate: Callable[[str], str]) -> None:
        self._suite = suite
        self._locate = locate
        self._open: dict[str, _Test] = {}
        self._cases: list[TestCase] = []
        self._collected: set[tuple[str, str]] = set()
        self._collecting = ""
        self._total = self._ended = self._idle = 0
        self._status: int | None = None
        self._troubles: list[Event] = []
        self._missing: Event | None = None

    def take(self, event: Event) -> None:
        match event.event:
            case "begin":
                self._collecting = ""
                self._open.setdefault(event.id, _Test())
            case "result":
                self._result(event)
            case "end":
                if event.id in self._open and self._open[event.id].again:
                    return
                self._ended += 1
                self._close(event.id)
            case "collecting":
                self._collecting = event.id
            case "collected":
                self._collecting = ""
                self._total = max(self._total, event.total)
            case "trouble":
                self._troubles.append(event)
                self._collecting = event.id or self._collecting
            case "missing":
                self._missing = event
            case "finish":
                self._status = int(event.status)

    def _result(self, event: Event) -> None:
        if event.when == "collect":
            # Each worker of pytest-xdist collects for itself, and unittest loads what is named twice twice.
            place = (event.classname, event.name)
            if event.status != "passed" and place not in self._collected:
                self._collected.add(place)
                self._cases.append(self._case(event, event.status))
            return
        test = self._open.setdefault(event.id, _Test())
        if event.status == "rerun":
            test.attempts.append(self._case(event, "failed"))
            test.phases.clear()
            test.subtests.clear()
            test.again = True
            return
        if test.again and event.when != "setup":
            # What is still put away of the attempt that failed.
            return
        test.again = False
        if event.when == "subtest":
            test.subtests.append(event)
        else:
            test.phases.append(event)
        if event.when == "crash":
            self._close(event.id)

    def _close(self, identity: str) -> None:
        test = self._open.pop(identity, None)
        if test is None or not test.phases:
            return
        if test.idle:
            self._idle += 1
            return
        seen: dict[str, int] = {}
        bad = 0
        for sub in test.subtests:
            bad += sub.status in _BAD
            seen[sub.description] = seen.get(sub.description, 0) + 1
            # Every case needs a name of its own, which two subtests may not have.
            number = f" #{seen[sub.description]}" if seen[sub.description] > 1 else ""
            self._cases.append(self._case(sub, sub.status, name=f"{sub.name} {sub.description}{number}"))
        self._cases.append(self._whole(test, bad))

    def _whole(self, test: _Test, bad_subtests: int) -> TestCase:
        phases = test.phases
        failures = [phase for phase in phases if phase.status in _BAD]
        told = failures or [phase for phase in phases if phase.status not in ("passed", "failed", "error")] or phases
        main = told[0]
        status: str | int = main.status
        message, details = main.message, main.details
        if failures:
            # Outside of the call it is not the test that failed, but what it stands on.
            status = "failed" if main.when == "call" and main.status == "failed" else "error"
            if main.when in ("setup", "teardown"):
                message = f"{main.when} failed: {message}"
            if len(failures) > 1:
                details = "\n\n".join(f"--- {phase.when} ---\n{phase.details}" for phase in failures)
        if bad_subtests and (not failures or not main.type):
            status, message = "failed", f"{bad_subtests} of {len(test.subtests)} subtests failed"
        case = self._case(main, status, message=message)
        return msgspec.structs.replace(
            case,
            details=details,
            seconds=sum(phase.seconds for phase in phases),
            # The captured output grows from phase to phase.
            stdout=next((phase.stdout for phase in reversed(phases) if phase.stdout), ""),
            stderr=next((phase.stderr for phase in reversed(phases) if phase.stderr), ""),
            attempts=tuple(test.attempts),
        )

    def _case(self, event: Event, status: str | int, *, name: str = "", message: str = "") -> TestCase:
        kind = event.type
        match status:
            case "failed":
                made = Status.FAILED
            case "error":
                made = Status.ERROR
            case "skipped" | "xfailed":
                made = Status.SKIPPED
                kind = "xfail" if status == "xfailed" else "skip"
            case _:
                made = Status.PASSED
        message = message or event.message
        if status == "xfailed":
            message = f"expected failure: {message}" if message else "expected failure"
        elif status == "xpassed":
            message = f"unexpected pass: {message}" if message else "unexpected pass"
        return TestCase(
            suite=self._suite,
            classname=event.classname,
            name=name or event.name,
            status=made,
            seconds=event.seconds,
            type=kind,
            message=message,
            details=event.details,
            file=self._locate(event.file) if event.file else "",
            line=event.line,
            stdout=event.stdout,
            stderr=event.stderr,
        )

    def session(self) -> Session:
        unfinished = []
        for identity, test in self._open.items():
            if test.phases:
                unfinished.append(self._whole(test, 0))
            else:
                classname, name = names(identity)
                unfinished.append(TestCase(suite=self._suite, classname=classname, name=name))
        if self._collecting and not self._open:
            classname, _ = names(self._collecting + "::")
            unfinished.append(TestCase(suite=self._suite, classname=classname, name=COLLECTION))
        return Session(
            cases=tuple(self._cases),
            unfinished=tuple(_unfinished(case) for case in unfinished),
            total=self._total,
            ended=self._ended,
            idle=self._idle,
            status=self._status,
            running=tuple(self._open) or ((self._collecting,) if self._collecting else ()),
            troubles=tuple(self._troubles),
            missing=self._missing,
        )


def _unfinished(case: TestCase) -> TestCase:
    if case.status in (Status.FAILED, Status.ERROR):
        return case
    message = "it did not come to its end"
    return msgspec.structs.replace(case, status=Status.ERROR, type="Unfinished", message=message)


def names(identity: str) -> tuple[str, str]:
    """Split pytest's `a/b.py::C::d[x]`, or unittest's `a.b.C.d`, into a class's name and a test's."""
    path, mark, rest = identity.partition("::")
    if not mark:
        classname, _, name = identity.rpartition(".")
        return classname, name
    base, bracket, parameters = rest.partition("[")
    *classes, name = base.split("::")
    return ".".join([path.removesuffix(".py").replace("/", "."), *classes]), name + bracket + parameters


class _Test:
    """A test that has begun and not ended."""

    def __init__(self) -> None:
        self.phases: list[Event] = []
        self.subtests: list[Event] = []
        self.attempts: list[TestCase] = []
        self.again = False

    @property
    def idle(self) -> bool:
        """Whether all went well, and the test itself never began."""
        around = all(phase.when in ("setup", "teardown") and phase.status == "passed" for phase in self.phases)
        return around and not self.subtests
