"""The lines of `go test -json` (go doc test2json): one event each, of tests and of packages."""

from __future__ import annotations

import math
import re

import msgspec

from buildtools.core.decoding import from_json
from buildtools.plugin import Status, StepResult, TestCase
from buildtools.steps.imported.imported import Imported, Unreadable, plain

_ENDS = {"pass": Status.PASSED, "fail": Status.FAILED, "skip": Status.SKIPPED}
_BAD = (Status.FAILED, Status.ERROR)
_BUILD_FAILED = re.compile(rb"FAIL\s+(\S+) \[[\w ]+\]\s*")
_PLACE = re.compile(r"^ {4,}(\S+_test\.go):(\d{1,9}): (.*)$", re.MULTILINE)
_SAID = 200_000
"""characters of a test's output that are kept: its end"""


class _Event(msgspec.Struct, rename="pascal"):
    action: str
    package: str = ""
    test: str = ""
    elapsed: float | None = None
    output: str = ""
    import_path: str = ""
    failed_build: str = ""


def read(data: bytes) -> Imported:
    """Read the tests of all packages. Raises `Unreadable`.

    A package that failed without a failed test (it could not be built, or its process died) is a testcase of its own,
    and so is whatever began and never ended.
    """
    events = _Events()
    for number, line in enumerate(plain(data).splitlines(), 1):
        if line.lstrip().startswith(b"{"):
            try:
                events.take(from_json(line, _Event))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise Unreadable(f"line {number}: {error}") from None
        elif failed := _BUILD_FAILED.fullmatch(line):  # Go before 1.24 says so between the events
            package = failed[1].decode("utf-8", "replace")
            events.take(_Event(action="fail", package=package))
    cases = events.all()
    return Imported(result=StepResult(cases=cases), nothing=not cases)


class _Events:
    def __init__(self) -> None:
        self._cases: list[TestCase] = []
        self._open: dict[tuple[str, str], list[str]] = {}
        """package and test → what it has said; the package itself has no test"""
        self._failed: set[str] = set()
        """packages with a case that tells of a failure"""
        self._builds: dict[str, list[str]] = {}

    def take(self, event: _Event) -> None:
        key = (event.package, event.test)
        if event.action == "build-output":
            self._builds.setdefault(event.import_path, []).append(event.output)
        elif event.action in _ENDS:
            said = "".join(self._open.pop(key, ()))[-_SAID:]
            if event.test:
                self._end(event, said)
            elif event.action == "fail" and event.package not in self._failed:
                said += "".join(self._builds.get(event.failed_build, ()))
                self._failed.add(event.package)
                self._cases.append(_package(event.package, "the package failed, but no test of it", said))
        elif event.package:
            self._open.setdefault(key, []).append(event.output)

    def all(self) -> tuple[TestCase, ...]:
        """Return the testcases; those that never ended are errors."""
        for (package, test), said in self._open.items():
            if test or package not in self._failed:
                self._failed.add(package)
                case = _package(package, "it began, but never ended", "".join(said)[-_SAID:])
                self._cases.append(msgspec.structs.replace(case, name=test or case.name))
        return tuple(self._cases)

    def _end(self, event: _Event, said: str) -> None:
        status = _ENDS[event.action]
        place = _PLACE.search(said)
        told = place[3] if place else next((line for line in said.splitlines() if _telling(line)), "")
        seconds = event.elapsed if event.elapsed is not None and math.isfinite(event.elapsed) else 0.0
        bad = status is not Status.PASSED
        if status in _BAD:
            self._failed.add(event.package)
        self._cases.append(
            TestCase(
                name=event.test,
                classname=event.package,
                suite=event.package,
                status=status,
                seconds=max(seconds, 0.0),
                message=(told or event.action) if bad else "",
                details=said if status in _BAD else "",
                stdout="" if status in _BAD else said,
                line=int(place[2]) if place and bad else 0,
            )
        )


def _telling(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(("=== ", "--- "))


def _package(package: str, message: str, said: str) -> TestCase:
    return TestCase(
        name="(package)", classname=package, suite=package, status=Status.ERROR, message=message, details=said
    )
