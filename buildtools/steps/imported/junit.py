"""JUnit XML in all its flavours: Ant's, Surefire's with reruns, pytest's, go-junit's, gtest's, our own.

There is no standard: what counts is what stands in a testcase. A suite that claims failures of which it shows none
(its runner died, say) becomes a testcase itself, so that nobody overlooks them.
"""

from __future__ import annotations

import math
import re

import msgspec

from buildtools.core.wording import count
from buildtools.plugin import Status, StepResult, TestCase
from buildtools.steps.imported.elements import Element, walk
from buildtools.steps.imported.imported import Imported, Unreadable

ROOTS = frozenset({"testsuites", "testsuite", "testrun"})
_VERDICTS = {"failure": Status.FAILED, "error": Status.ERROR, "skipped": Status.SKIPPED, "ignored": Status.SKIPPED}
_BAD = (Status.FAILED, Status.ERROR)
_RERUNS = {
    "rerunFailure": Status.FAILED,
    "flakyFailure": Status.FAILED,
    "rerunError": Status.ERROR,
    "flakyError": Status.ERROR,
}


def read(data: bytes) -> Imported:
    """Read the testcases of a file. Raises `Unreadable`."""
    suites = _Suites()
    walk(data, suites)
    return Imported(result=StepResult(cases=tuple(suites.cases)), nothing=not suites.cases)


class _Suite(msgspec.Struct):
    name: str
    claimed: int
    shown: int = 0


class _Suites:
    whole = frozenset({"testcase", "failure", "error"})

    def __init__(self) -> None:
        self.cases: list[TestCase] = []
        self._open: list[_Suite] = []

    def begin(self, element: Element) -> None:
        if not self._open and element.name not in ROOTS:
            raise Unreadable(f"its element is <{element.name}>, not <testsuites> or <testsuite>")
        if element.name in ROOTS:
            claimed = sum(_number(element.attributes.get(name, "")) for name in ("failures", "errors"))
            # The name that pytest and others give to the file says nothing about a test.
            name = element.attributes.get("name", "") if element.name == "testsuite" else ""
            self._open.append(_Suite(name, claimed))

    def end(self, element: Element) -> None:
        if element.name in ROOTS:
            suite = self._open.pop()
            if suite.claimed and not suite.shown:
                self._open.append(suite)
                told = count(suite.claimed, "failure")
                self._add(_about(suite.name, Status.ERROR, f"it claims {told}, of which none is in the file"))
                self._open.pop()
            if self._open:
                self._open[-1].shown += suite.shown
        elif element.name == "testcase":
            self._add(_case(element))
        elif element.name in ("failure", "error"):  # of the suite: a set-up that failed, say
            case = _about(self._open[-1].name, _VERDICTS[element.name], _message(element))
            self._add(msgspec.structs.replace(case, type=_type(element), details=_details(element)))

    def _add(self, case: TestCase) -> None:
        suite = " > ".join(suite.name for suite in self._open if suite.name)
        attempts = tuple(msgspec.structs.replace(one, suite=suite) for one in case.attempts)
        self.cases.append(msgspec.structs.replace(case, suite=suite, attempts=attempts))
        self._open[-1].shown += case.status in _BAD


def _about(name: str, status: Status, message: str) -> TestCase:
    return TestCase(name=name or "testsuite", classname=name, status=status, message=message)


def _case(element: Element) -> TestCase:
    known = element.attributes
    told = [child for child in element.children if child.name in _VERDICTS]
    # A testcase may have an error of its tear-down behind its failure: what is worst says how it ended.
    told.sort(key=lambda child: list(_VERDICTS).index(child.name))
    case = TestCase(
        name=known.get("name") or known.get("classname") or "(no name)",
        classname=known.get("classname", ""),
        seconds=_seconds(known.get("time", "")),
        file=known.get("file", ""),
        line=_number(known.get("line", "") or known.get("lineno", "")),
        stdout=_output(element, "system-out"),
        stderr=_output(element, "system-err"),
    )
    attempts = tuple(
        msgspec.structs.replace(_judged(case, child, _RERUNS[child.name]), seconds=0.0, attempts=())
        for child in element.children
        if child.name in _RERUNS
    )
    case = msgspec.structs.replace(case, attempts=attempts)
    if told:
        return _judged(case, told[0], _VERDICTS[told[0].name], told[1:])
    # gtest has no element for what it did not run.
    ran = known.get("status", "") != "notrun" and known.get("result", "") not in ("skipped", "suppressed")
    return case if ran else msgspec.structs.replace(case, status=Status.SKIPPED)


def _judged(case: TestCase, verdict: Element, status: Status, more: list[Element] | None = None) -> TestCase:
    message = _message(verdict)
    texts = [_details(one) or _message(one) for one in (verdict, *(more or ())) if _details(one) or more]
    details = "\n\n".join(text for text in texts if text)
    own = verdict.name in _RERUNS
    return msgspec.structs.replace(
        case,
        status=status,
        type=_type(verdict),
        message=message,
        details="" if details.strip() == message.strip() else details,
        stdout=_output(verdict, "system-out") if own else case.stdout,
        stderr=_output(verdict, "system-err") if own else case.stderr,
    )


def _message(verdict: Element) -> str:
    message = verdict.attributes.get("message", "")
    return message or next((line.strip() for line in _details(verdict).splitlines() if line.strip()), "")


def _details(verdict: Element) -> str:
    traces = [child.text for child in verdict.children if child.name == "stackTrace"]
    return "\n".join(traces) if traces else verdict.text.strip("\n") if verdict.text.strip() else ""


def _type(verdict: Element) -> str:
    kind = verdict.attributes.get("type", "")
    if kind == "pytest.xfail":
        return "xfail"
    return "" if kind in ("failure", "error", "skipped", "pytest.skip") else kind


def _output(element: Element, name: str) -> str:
    return "".join(child.text for child in element.children if child.name == name)


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,9}", text.strip()) else 0


def _seconds(text: str) -> float:
    """Return `1,234.5` and `0,25` as numbers, too: some runners write them as their country does."""
    text = text.strip().replace(" ", "")
    text = text.replace(",", "") if "." in text else text.replace(",", ".")
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
