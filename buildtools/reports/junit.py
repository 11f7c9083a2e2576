"""The finished run as JUnit XML, the one format that every CI system reads.

There is no standard. `rich`, the usual flavour, has what Jenkins, GitLab and TeamCity read and show. `xunit10` is valid
by the schema of Jenkins' xUnit plugin: no file or line, and no properties on a testcase. `ant` is valid by the schema
of Ant's JUnit task: captured output and earlier attempts belong to the suite, and a testcase has one verdict at most.

GitLab shows an element's content and not its `message`, limits a file to 30 MB, and drops testcases of equal suite,
classname and name; Jenkins ignores suites without a testcase.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

import msgspec

from buildtools.core.model import Status
from buildtools.core.results import RunResult, TestCase
from buildtools.reports.scene import ELSEWHERE, Scene
from buildtools.reports.testcases import Entry, Properties, Suite, suites
from buildtools.reports.xmltext import attributes, clean, escaped, excerpt, quoted


class Flavour(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader of JUnit XML puts up with."""

    extras: bool = False
    """`file`, `line` and properties on testcases, the number of skipped ones on the root"""
    ant: bool = False
    """nothing on the root; package, number and host on each suite, and what was captured at its end"""


RICH = Flavour(extras=True)
XUNIT10 = Flavour()
ANT = Flavour(ant=True)

_MESSAGE = 4_000
_DETAILS = 200_000
_CAPTURED = 64_000
_PASSED_CAPTURED = 10_000
_TOGETHER = 1_000_000
# Above this, captured output and long details are cut short, to stay under GitLab's 30 MB.
_FULL = 20_000_000
_SHORT = 1_000
# The names at which Rails' XML reader, which GitLab uses, converts the content or refuses the whole file.
_RAILS_TYPES = re.compile(
    "symbol|date|datetime|dateTime|time|integer|float|decimal|double|boolean|string|yaml"
    "|base64Binary|base64|hexBinary|duration|array|hash|file"
)


def render(result: RunResult, scene: Scene = ELSEWHERE, *, flavour: Flavour = RICH) -> bytes:
    """Return the run as UTF-8 XML that any XML 1.0 parser takes, whatever text is in the result."""
    body = bytearray()
    tests = failures = errors = skipped = 0
    for number, suite in enumerate(suites(result)):
        tests += len(suite.entries)
        failures += suite.count(Status.FAILED)
        errors += suite.count(Status.ERROR, Status.CANCELLED)
        skipped += suite.count(Status.SKIPPED)
        more = attributes(package=_token(result.pipeline), id=number, hostname=_token(scene.host))
        _suite(body, suite, result, flavour, more if flavour.ant else "")
    totals = attributes(name=result.pipeline, tests=tests, failures=failures, errors=errors)
    root = "" if flavour.ant else totals + attributes(time=_time(result.seconds))
    if flavour.extras:
        root += attributes(skipped=skipped)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites{root}>\n'
    return b"".join((head.encode(), body, b"</testsuites>\n"))


def _suite(body: bytearray, suite: Suite, result: RunResult, flavour: Flavour, more: str) -> None:
    begun = result.started + ((suite.run.started or 0.0) if suite.run else 0.0)
    head = attributes(
        name=_token(suite.name),
        tests=len(suite.entries),
        failures=suite.count(Status.FAILED),
        errors=suite.count(Status.ERROR, Status.CANCELLED),
        skipped=suite.count(Status.SKIPPED),
        time=_time(suite.seconds),
        timestamp=_timestamp(begun, zone=not flavour.ant),
    )
    properties = _properties(_suite_properties(suite, result), always=flavour.ant)
    body += f"<testsuite{more}{head}>\n{properties}".encode()
    for entry in suite.entries:
        body += _case(entry, flavour, short=len(body) > _FULL).encode()
    if flavour.ant:
        body += _at_the_end(suite, short=len(body) > _FULL).encode()
    body += b"</testsuite>\n"


def _suite_properties(suite: Suite, result: RunResult) -> Properties:
    found = [("revision", result.revision), ("run", result.id)]
    if suite.run is not None:
        run = suite.run
        found += [("step", run.id), ("plugin", run.plugin), ("log", run.log)]
        found += [("cached", "true")] if run.cached else []
        found += [("allow-failure", "true")] if run.allowed else []
        found += [(f"metric.{metric.name}", f"{metric.value:g}") for metric in run.result.metrics]
        found += [("warning", text) for text in run.result.warnings]
    return tuple(pair for pair in found if pair[1])


def _properties(pairs: Properties, *, always: bool = False) -> str:
    told = [(_token(name), text) for name, value in pairs if (text := clean(value))]
    lines = "".join(f'<property name="{quoted(name)}" value="{quoted(value)}"/>\n' for name, value in told)
    return f"<properties>\n{lines}</properties>\n" if lines or always else ""


def _case(entry: Entry, flavour: Flavour, *, short: bool) -> str:
    case = entry.case
    classname = case.classname if case.classname or not flavour.ant else _token(case.suite)
    head = f' name="{quoted(case.name)}"'
    if classname:
        head += f' classname="{quoted(classname)}"'
    head += f' time="{_time(case.seconds)}"'
    parts = [_verdict(case, short=short)]
    if flavour.extras:
        if case.file:
            head += f' file="{quoted(clean(case.file))}"'
        if case.line > 0:
            head += f' line="{case.line}"'
        parts.insert(0, _properties(entry.properties))
    if not flavour.ant:
        tag = "flakyFailure" if case.status is Status.PASSED else "rerunFailure"
        parts += [_rerun(attempt, tag, short=short) for attempt in case.attempts]
        parts.append(_captured(case, short=short))
    inside = "".join(parts)
    return f"<testcase{head}>\n{inside}</testcase>\n" if inside else f"<testcase{head}/>\n"


def _verdict(case: TestCase, *, short: bool) -> str:
    """The element that says how the testcase ended. The message stands in the content too: GitLab reads only that."""
    if case.status is Status.PASSED:
        return ""
    message = excerpt(case.message, _MESSAGE)
    details = excerpt(case.details, _SHORT if short else _DETAILS)
    if case.status is Status.SKIPPED:
        return f"<skipped{attributes(message=message)}>{escaped(_said(details or message, case))}</skipped>\n"
    tag = "failure" if case.status is Status.FAILED else "error"
    default = "StepCancelled" if case.status is Status.CANCELLED else tag
    head = attributes(message=message or case.status.value, type=_type(case.type or default))
    return f"<{tag}{head}>{escaped(_said(_joined(message, details), case))}</{tag}>\n"


def _said(text: str, case: TestCase) -> str:
    return text if text.strip() else case.status.value


def _joined(message: str, details: str) -> str:
    first = message.partition("\n")[0].partition(" (+")[0].strip()
    return details if not first or first in details else f"{message}\n{details}".strip("\n")


def _rerun(attempt: TestCase, tag: str, *, short: bool) -> str:
    message = excerpt(attempt.message, _MESSAGE)
    trace = excerpt(attempt.details, _SHORT if short else _CAPTURED) or message
    head = attributes(message=message, type=_type(attempt.type or "failure"))
    return f"<{tag}{head}>\n<stackTrace>{escaped(trace)}</stackTrace>\n{_captured(attempt, short=short)}</{tag}>\n"


def _captured(case: TestCase, *, short: bool) -> str:
    limit = _SHORT if short else _PASSED_CAPTURED if case.status is Status.PASSED else _CAPTURED
    return "".join(
        f"<{tag}>{escaped(excerpt(text, limit))}</{tag}>\n"
        for tag, text in (("system-out", case.stdout), ("system-err", case.stderr))
        if text
    )


def _at_the_end(suite: Suite, *, short: bool) -> str:
    """Ant's place for what the testcases wrote, and for how they failed before."""
    limit, together = (_SHORT, _SHORT) if short else (_CAPTURED, _TOGETHER)
    out: list[str] = []
    err: list[str] = []
    for entry in suite.entries:
        case = entry.case
        title = f"== {case.classname} {case.name} =="
        for attempt in case.attempts:
            said = excerpt(attempt.details or attempt.message, limit)
            out.append(f"{title} failed before: {excerpt(attempt.message, _MESSAGE)}\n{said}")
        for text, parts in ((case.stdout, out), (case.stderr, err)):
            if text:
                parts.append(f"{title}\n{excerpt(text, limit)}")
    texts = (("system-out", "\n".join(out)), ("system-err", "\n".join(err)))
    return "".join(f"<{tag}>{escaped(excerpt(text, together))}</{tag}>\n" for tag, text in texts)


def _type(name: str) -> str:
    name = clean(name).strip()
    return f"python.{name}" if _RAILS_TYPES.fullmatch(name) else name or "unknown"


def _token(text: str) -> str:
    """Return a name that is never empty."""
    return clean(text).strip() or "(no name)"


def _time(seconds: float) -> str:
    return f"{seconds:.3f}" if math.isfinite(seconds) and seconds > 0 else "0.000"


def _timestamp(seconds: float, *, zone: bool) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return (moment if zone else moment.replace(tzinfo=None)).isoformat(timespec="seconds")
