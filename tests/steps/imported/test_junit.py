"""JUnit XML of several runners: what each of them writes is read as what it means."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from buildtools.core.model import Status
from buildtools.core.results import TestCase
from buildtools.steps.imported.imported import Unreadable
from buildtools.steps.imported.junit import read

SUREFIRE = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0"
    xsi:noNamespaceSchemaLocation="https://maven.apache.org/surefire/maven-surefire-plugin/xsd/surefire-test-report.xsd"
    name="com.example.FlakyTest" time="1,234.5" tests="3" errors="0" skipped="0" failures="1">
  <properties><property name="java.version" value="21"/></properties>
  <testcase name="sometimes" classname="com.example.FlakyTest" time="0.01">
    <flakyFailure message="first" type="java.lang.AssertionError"><stackTrace><![CDATA[at A.java:1]]></stackTrace>
      <system-out>tried</system-out></flakyFailure>
    <flakyError message="second" type="java.io.IOException"><stackTrace>at B</stackTrace></flakyError>
  </testcase>
  <testcase name="never" classname="com.example.FlakyTest" time="1,000.25">
    <failure message="bad" type="java.lang.AssertionError">java.lang.AssertionError: bad</failure>
    <rerunFailure message="bad again" type="java.lang.AssertionError"><stackTrace>again</stackTrace></rerunFailure>
    <system-out><![CDATA[out <&>]]></system-out>
    <system-err>err</system-err>
  </testcase>
  <testcase name="off" classname="com.example.FlakyTest" time="0"><skipped message="later"/></testcase>
</testsuite>
"""
ANT = """<testsuites><testsuite package="p" id="0" name="T" hostname="h" timestamp="2026-01-01T00:00:00"
  tests="2" failures="0" errors="1" time="0,25"><properties/>
  <testcase name="a" classname="p.T" time="0,25"><error message="no" type="E">trace</error></testcase>
  <testcase name="b" classname="p.T" time="nan"/><system-out/><system-err/></testsuite></testsuites>
"""
GO = """<testsuites tests="1" failures="1"><testsuite tests="1" failures="1" time="0.010" name="example.com/p">
  <properties/><testcase classname="p" name="TestA/sub case" time="0.000">
  <failure message="Failed" type="">    a_test.go:7: got 1</failure></testcase></testsuite></testsuites>
"""


def cases(text: str) -> tuple[TestCase, ...]:
    return read(text.encode()).result.cases


def test_surefire_tells_of_reruns() -> None:
    flaky, failed, off = cases(SUREFIRE)
    assert flaky.status is Status.PASSED
    assert [(one.status, one.message, one.details) for one in flaky.attempts] == [
        (Status.FAILED, "first", "at A.java:1"),
        (Status.ERROR, "second", "at B"),
    ]
    assert flaky.attempts[0].stdout == "tried"
    assert (flaky.attempts[0].name, flaky.attempts[0].suite) == ("sometimes", "com.example.FlakyTest")
    assert (failed.status, failed.type, failed.seconds) == (Status.FAILED, "java.lang.AssertionError", 1000.25)
    assert (failed.stdout, failed.stderr, len(failed.attempts)) == ("out <&>", "err", 1)
    assert (off.status, off.message) == (Status.SKIPPED, "later")


def test_ant_writes_times_as_its_country_does() -> None:
    bad, good = cases(ANT)
    assert (bad.status, bad.seconds, bad.suite, bad.details) == (Status.ERROR, 0.25, "T", "trace")
    assert (good.status, good.seconds) == (Status.PASSED, 0.0)


def test_go_junit_report() -> None:
    (case,) = cases(GO)
    assert (case.suite, case.name, case.details) == ("example.com/p", "TestA/sub case", "    a_test.go:7: got 1")


def test_suites_within_suites_have_the_names_of_all() -> None:
    text = (
        '<testsuites name="all"><testsuite name="outer"><testcase name="a"/><testsuite name="inner">'
        '<testcase classname="C" name=""/></testsuite></testsuite>'
        '<testsuite><testcase name="b"/></testsuite></testsuites>'
    )
    assert [(case.suite, case.name) for case in cases(text)] == [("outer", "a"), ("outer > inner", "C"), ("", "b")]


def test_the_worst_of_several_verdicts_counts() -> None:
    verdicts = '<skipped/><error message="e">1</error><failure message="f">2</failure>'
    text = f'<testsuite><testcase name="a">{verdicts}</testcase></testsuite>'
    (case,) = cases(text)
    assert (case.status, case.message, case.details) == (Status.FAILED, "f", "2\n\n1")


@pytest.mark.parametrize("attributes", ['status="notrun" result="suppressed"', 'status="run" result="skipped"'])
def test_what_gtest_did_not_run_is_skipped(attributes: str) -> None:
    (case,) = cases(f'<testsuites><testsuite name="S"><testcase name="a" {attributes}/></testsuite></testsuites>')
    assert case.status is Status.SKIPPED


def test_failures_that_are_claimed_but_not_shown_count() -> None:
    suite = '<testsuite name="S" tests="3" failures="2" errors="1"><testcase name="a"/></testsuite>'
    good, bad = cases(f"<testsuites>{suite}</testsuites>")
    assert good.status is Status.PASSED
    assert (bad.name, bad.suite, bad.status) == ("S", "S", Status.ERROR)
    assert bad.message == "it claims 3 failures, of which none is in the file"


def test_failures_of_the_whole_are_claimed_once() -> None:
    """The root repeats what its suites say."""
    suite = '<testsuite name="S" failures="1"><testcase name="a"><failure/></testcase></testsuite>'
    assert [case.status for case in cases(f'<testsuites failures="1">{suite}</testsuites>')] == [Status.FAILED]
    assert [case.status for case in cases('<testsuites errors="1"/>')] == [Status.ERROR]


def test_an_error_of_a_suite_is_a_testcase() -> None:
    (case,) = cases('<testsuite name="S" errors="1"><error message="no database" type="E">trace</error></testsuite>')
    assert (case.name, case.suite, case.status, case.message) == ("S", "S", Status.ERROR, "no database")


def test_nothing_in_it_is_nothing_checked() -> None:
    assert read(b'<testsuites><testsuite name="S" tests="0"/></testsuites>').nothing
    assert not read(b'<testsuite><testcase name="a"/></testsuite>').nothing


def test_other_xml_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"line 2: its element is <html>, not <testsuites> or <testsuite>"):
        read(b"<?xml version='1.0'?>\n<html/>")


def test_pytests_own(tmp_path: Path) -> None:
    tmp_path.joinpath("test_a.py").write_text(
        "import pytest\n"
        "def test_ok(): print('said')\n"
        "def test_bad(): assert 1 == 2\n"
        "@pytest.mark.skip(reason='later')\n"
        "def test_s(): pass\n"
        "@pytest.mark.xfail\n"
        "def test_x(): assert 0\n"
        "@pytest.fixture\n"
        "def broken(): 1 / 0\n"
        "def test_e(broken): pass\n"
    )
    words = ("-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--junitxml=out.xml", "-o", "junit_family=xunit1")
    subprocess.run([sys.executable, "-m", "pytest", *words], cwd=tmp_path, capture_output=True, check=False, timeout=60)
    found = read((tmp_path / "out.xml").read_bytes()).result.cases
    assert [(case.name, case.status, case.type) for case in found] == [
        ("test_ok", Status.PASSED, ""),
        ("test_bad", Status.FAILED, ""),
        ("test_s", Status.SKIPPED, ""),
        ("test_x", Status.SKIPPED, "xfail"),
        ("test_e", Status.ERROR, ""),
    ]
    assert {case.suite for case in found} == {"pytest"}
    assert {case.file for case in found} == {"test_a.py"}
    assert found[1].message == "assert 1 == 2"
    assert "ZeroDivisionError" in found[4].details
