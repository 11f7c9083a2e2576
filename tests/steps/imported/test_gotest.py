"""The events of `go test -json`, as Go 1.20 to 1.24 write them."""

from __future__ import annotations

import json

import pytest

from buildtools.core.model import Status
from buildtools.steps.imported.gotest import read
from buildtools.steps.imported.imported import Unreadable

PACKAGE = "example.com/p"


def events(*told: dict[str, object] | str) -> bytes:
    lines = (one if isinstance(one, str) else json.dumps({"Time": "2026-01-01T00:00:00Z", **one}) for one in told)
    return "\n".join(lines).encode() + b"\n"


def event(action: str, test: str = "", **more: object) -> dict[str, object]:
    return {"Action": action, "Package": PACKAGE, **({"Test": test} if test else {}), **more}


def test_tests_and_their_output() -> None:
    data = events(
        event("start"),
        event("run", "TestA"),
        event("output", "TestA", Output="=== RUN   TestA\n"),
        event("run", "TestA/sub"),
        event("output", "TestA/sub", Output="    a_test.go:7: got 1, not 2\n"),
        event("output", "TestA/sub", Output="    --- FAIL: TestA/sub (0.00s)\n"),
        event("fail", "TestA/sub", Elapsed=0.25),
        event("fail", "TestA", Elapsed=0.5),
        event("run", "TestB"),
        event("output", "TestB", Output="    b_test.go:3: not here\n"),
        event("skip", "TestB", Elapsed=0),
        event("run", "TestC"),
        event("output", "TestC", Output="said\n"),
        event("pass", "TestC", Elapsed=1),
        event("fail", Elapsed=2),
    )
    found = {case.name: case for case in read(data).result.cases}
    assert {name: case.status for name, case in found.items()} == {
        "TestA/sub": Status.FAILED,
        "TestA": Status.FAILED,
        "TestB": Status.SKIPPED,
        "TestC": Status.PASSED,
    }
    sub = found["TestA/sub"]
    assert (sub.message, sub.line, sub.seconds, sub.classname) == ("got 1, not 2", 7, 0.25, PACKAGE)
    assert "--- FAIL" in sub.details
    assert found["TestB"].message == "not here"
    assert found["TestC"].stdout == "said\n"


def test_a_package_that_fails_by_itself() -> None:
    data = events(
        {"ImportPath": PACKAGE, "Action": "build-output", "Output": "./a.go:3:1: undefined: x\n"},
        {"ImportPath": PACKAGE, "Action": "build-fail"},
        event("start"),
        event("output", Output="FAIL\texample.com/p [build failed]\n"),
        event("fail", Elapsed=0, FailedBuild=PACKAGE),
    )
    (case,) = read(data).result.cases
    assert (case.name, case.status) == ("(package)", Status.ERROR)
    assert "undefined: x" in case.details


def test_older_editions_say_it_in_plain_words() -> None:
    (case,) = read(events("FAIL\texample.com/p [build failed]", "?   \tq\t[no test files]")).result.cases
    assert (case.classname, case.status) == (PACKAGE, Status.ERROR)


def test_what_never_ended_is_an_error() -> None:
    data = events(event("start"), event("run", "TestA"), event("output", "TestA", Output="panic: x\n"))
    cases = read(data).result.cases
    assert {case.name: case.status for case in cases} == {"(package)": Status.ERROR, "TestA": Status.ERROR}


def test_packages_without_tests_are_nothing_checked() -> None:
    assert read(events(event("start"), event("output", Output="? p\n"), event("skip", Elapsed=0))).nothing


def test_a_line_that_breaks_off() -> None:
    with pytest.raises(Unreadable, match="line 2: Input data was truncated"):
        read(events(event("start")) + b'{"Action":"pa')
