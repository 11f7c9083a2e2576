"""Finished runs to make reports of: every outcome, hostile text, and many results."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from buildtools.core.errors import ExitCode
from buildtools.core.model import Cause, Kind, Severity, Status
from buildtools.core.results import (
    Artifact,
    Attempt,
    Finding,
    Metric,
    RunResult,
    StepResult,
    StepRun,
    TestCase,
    fingerprinted,
)

STARTED = 1_700_000_000.25
HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x00 \x07 \x85 \u2028 \ud800 \udc80 \ufffe \uffff "
    "]]> <script>alert(1)</script> & \"'` | \\ %0A ::error::x ##teamcity[a] ${x} {{x}} *_#~ <!-- --> 漢\U0001f600"
    "\r\nnext\tend\n"
)
"""Everything that some format or terminal takes for its own."""


def every_outcome() -> RunResult:
    """Return a run with a step for each row of the table of outcomes, and a few more."""
    return _run(tuple(_placed(_outcomes())), revision="4f1d2c", problems=("out.xml: disk full",))


def hostile(text: str = HOSTILE) -> RunResult:
    """Return `every_outcome` with `text` within every string of it that a plugin, a tool or a user can choose."""
    return _poisoned(every_outcome(), text)


def large(findings: int, tests: int) -> RunResult:
    """Return a run of a linter with so many findings in 500 files, and of so many tests, every fiftieth failed."""
    lint = StepResult(status=Status.FAILED, findings=fingerprinted(_many_findings(findings)), reason="too many")
    unit = StepResult(status=Status.FAILED, cases=tuple(_many_tests(tests)), reason="some failed")
    steps = (
        StepRun(id="lint", plugin="pylint", kind=Kind.CHECK, result=lint, started=0.1, seconds=40.0),
        StepRun(id="unit", plugin="tests", kind=Kind.CHECK, result=unit, started=0.1, seconds=90.0),
    )
    return _run(steps)


def endless_line(size: int = 1_000_000) -> RunResult:
    """Return a run of a step that failed with one line of `size` characters in every text it has."""
    line = "x" * size
    finding = Finding(tool="pylint", rule="E0001", message=line, path="src/min.js", line=1, column=size)
    case = TestCase(name="test_a", classname="c", status=Status.FAILED, message=line, details=line, stdout=line)
    result = StepResult(
        status=Status.FAILED, reason=line, remedy=line, findings=(finding,), cases=(case,), warnings=(line,)
    )
    return _run((StepRun(id="a", plugin="shell", result=result, started=0.0, seconds=1.0, tail=line[:8192]),))


def _run(steps: tuple[StepRun, ...], revision: str = "", problems: tuple[str, ...] = ()) -> RunResult:
    return RunResult(
        pipeline="webapp",
        id="20231114-221320-ab12",
        file="pipeline.yaml",
        version="1.0",
        steps=steps,
        started=STARTED,
        seconds=130.5,
        revision=revision,
        problems=problems,
    )


def _placed(named: Iterator[tuple[str, str, StepResult]]) -> Iterator[StepRun]:
    for number, (identity, plugin, result) in enumerate(named):
        began = None if result.status is Status.SKIPPED or result.reason == "never started" else number * 0.5
        run = StepRun(
            id=identity,
            plugin=plugin,
            result=result,
            kind=Kind.ACTION if plugin in ("pack", "upload", "shell") else Kind.CHECK,
            needs=("lint",) if plugin == "upload" else (),
            queued=number * 0.25,
            started=began,
            seconds=0.0 if began is None else 1.5,
            log=f"logs/{number}.log" if began is not None else "",
            tail="first line\nlast words\n" if began is not None else "",
        )
        if identity in _EARLIER:
            run = replace(run, earlier=_EARLIER[identity])
        yield replace(run, cached=identity == "clean", allowed=identity == "allowed")


_FAILING = TestCase(
    name="test_adds[1-2]",
    classname="tests.test_app.TestSums",
    suite="pytest",
    status=Status.FAILED,
    seconds=0.012,
    type="AssertionError",
    message="assert 3 == 4\nsecond line",
    details="def test_adds():\n>   assert 1 + 2 == 4\nE   assert 3 == 4",
    file="tests/test_app.py",
    line=12,
    stdout="out\n",
    stderr="err\n",
)
_PASSING = replace(_FAILING, status=Status.PASSED, type="", message="", details="")
_FIRST = Attempt(result=StepResult(status=Status.FAILED, cases=(_FAILING,), reason="1 failed"), seconds=2.0)
_EARLIER = {
    "flaky-tests": (_FIRST,),
    "failed-again": (_FIRST,),
    "flaky-step": (
        Attempt(result=StepResult(status=Status.ERROR, reason="no answer"), seconds=1.0),
        Attempt(result=StepResult(status=Status.FAILED, reason="exit status 1"), seconds=1.0),
    ),
}


def _outcomes() -> Iterator[tuple[str, str, StepResult]]:
    failed, error, skipped, cancelled = Status.FAILED, Status.ERROR, Status.SKIPPED, Status.CANCELLED
    findings = fingerprinted(_some_findings())
    yield "lint", "pylint", StepResult(status=failed, findings=findings, reason=f"{len(findings)} findings")
    yield "told", "ruff", StepResult(findings=findings[:1])
    yield "clean", "jslint", StepResult(cases=(TestCase(name="jslint", file="static/js/app.mod.js"),))
    yield "tests", "tests", StepResult(status=failed, cases=tuple(_some_tests()), reason="2 of 5 tests failed")
    yield "flaky-tests", "tests", StepResult(cases=(_PASSING,))
    yield "failed-again", "tests", StepResult(status=failed, cases=(_FAILING,), reason="1 failed")
    bar = Metric(name="line coverage", value=83.256, unit="%", threshold=85)
    yield (
        "coverage",
        "tests",
        StepResult(status=failed, metrics=(bar, Metric(name="files", value=12)), reason="low"),
    )
    held = Metric(name="score", value=9.75, threshold=9.5)
    made = Artifact(name="archive", path="dist/webapp-1.0.tar.gz", sha256="ab" * 32, size=123_456)
    yield "pack", "pack", StepResult(metrics=(held,), artifacts=(made,), outputs={"archive": made.path})
    yield "shell", "shell", StepResult(status=failed, reason="exit status 3")
    yield "upload", "upload", StepResult(status=error, reason="web1: no route to host", remedy="see that it is up")
    yield "no-tool", "jslint", StepResult(status=error, cause=Cause.TOOL, reason="node: not found", remedy="install it")
    yield "empty", "pylint", StepResult(status=error, cause=Cause.EMPTY, reason="no file matched")
    yield "plugin", "./steps.py:Own", StepResult(status=error, cause=Cause.PLUGIN, reason="KeyError: 'a'")
    yield "timeout", "shell", StepResult(status=failed, cause=Cause.TIMEOUT, reason="its time of 5 s was up")
    yield "flaky-step", "shell", StepResult(warnings=("careful", "twice careful"))
    yield "allowed", "shell", StepResult(status=failed, reason="exit status 1")
    yield "matrix[python=3.11]", "shell", StepResult()
    yield "when", "upload", StepResult(status=skipped, cause=Cause.WHEN, reason="branch is not main")
    yield "needs", "upload", StepResult(status=skipped, cause=Cause.NEEDS, reason="lint failed")
    yield "stopped", "shell", StepResult(status=skipped, cause=Cause.STOPPED, reason="lint failed first")
    yield "cancelled", "shell", StepResult(status=cancelled, cause=Cause.INTERRUPTED, reason="interrupted")
    yield "never", "shell", StepResult(status=cancelled, cause=Cause.INTERRUPTED, reason="never started")


def _some_findings() -> Iterator[Finding]:
    unused = Finding(tool="pylint", rule="W0611", symbol="unused-import", message="Unused import re", path="src/app.py")
    yield replace(unused, message="Unused import os", line=3, column=1, end_line=3, end_column=10)
    yield replace(unused, line=9)
    yield replace(unused, line=12)
    yield Finding(
        tool="pylint", rule="E0602", message="Undefined\nname 'x'", path="top.py", line=1, severity=Severity.ERROR
    )
    yield Finding(tool="jslint", rule="use_strict", message="Put it first.", path="a b/ü.js", severity=Severity.INFO)
    yield Finding(tool="own", rule="", message="no rule, no place", path="")
    yield Finding(tool="mypy", rule="arg-type", message="outside", path="/usr/lib/x.py", line=7, column=2)


def _some_tests() -> Iterator[TestCase]:
    yield _PASSING
    yield _FAILING
    yield TestCase(
        name="test_b", classname="tests.test_app", suite="pytest", status=Status.SKIPPED, message="needs a network"
    )
    yield TestCase(
        name="test_c", classname="tests.test_app", suite="pytest", status=Status.ERROR, message="broken", type="date"
    )
    yield TestCase(name="test_d", classname="Other", suite="unittest", seconds=1234.5678)


def _many_findings(number: int) -> Iterator[Finding]:
    severities = tuple(Severity)
    for n in range(number):
        yield Finding(
            tool="pylint",
            rule=f"W{n // 7 % 40:04}",
            symbol=f"unused-thing-{n // 7 % 40}",
            message=f"Unused import <os> & others {n}",
            path=f"src/package{n % 25}/module{n % 500}.py",
            line=n % 999 + 1,
            column=n % 80 + 1,
            severity=severities[n // 7 % 3],
        )


def _many_tests(number: int) -> Iterator[TestCase]:
    for n in range(number):
        bad = n % 50 == 0
        yield TestCase(
            name=f"test_thing_{n}[a-{n % 7}]",
            classname=f"tests.package{n % 20}.test_module{n % 200}.TestThings",
            suite="pytest",
            status=Status.FAILED if bad else Status.PASSED,
            seconds=n % 100 / 1000,
            type="AssertionError" if bad else "",
            message=f"assert {n} == 4" if bad else "",
            details=f"def test_thing():\n>   assert {n} == 4\nE   assert {n} == 4\n" * 10 if bad else "",
            file=f"tests/package{n % 20}/test_module{n % 200}.py",
            line=n % 300 + 1,
            stdout="some output\n" if n % 10 == 0 else "",
        )


_CHOSEN = {"status", "cause", "kind", "severity", "started", "schema_version", "ended_by", "fingerprint", "sha256"}


def _poisoned(value: RunResult, text: str) -> RunResult:
    poisoned = _walk(value, text)
    assert isinstance(poisoned, RunResult)
    return poisoned


def _walk(value: object, text: str) -> object:
    if type(value) is str:
        return f"{value[: len(value) // 2]}{text}{value[len(value) // 2 :]}" if value else value
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__ if name not in _CHOSEN}
        return replace(value, **{name: _walk(field, text) for name, field in fields.items()})
    if isinstance(value, tuple):
        return tuple(_walk(item, text) for item in value)
    if isinstance(value, dict):
        return {str(_walk(key, text)): _walk(item, text) for key, item in value.items()}
    return value


ENDED_BY = (ExitCode.FAULT, ExitCode.INTERRUPTED, ExitCode.TERMINATED)


def ended(by: ExitCode) -> RunResult:
    """Return a run of passing steps that was ended from outside."""
    run = StepRun(id="a", plugin="shell", result=StepResult(), started=0.0, seconds=1.0)
    return replace(_run((run,)), ended_by=by)
