"""The flavours of JUnit XML: what each reader refuses is not there, and nothing that is known gets lost."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from msgspec.structs import replace

from buildtools.core.model import Status
from buildtools.core.results import RunResult, StepResult, StepRun, TestCase
from buildtools.reports import junit
from buildtools.reports.junit import ANT, RICH, XUNIT10, Flavour
from buildtools.reports.scene import ELSEWHERE, Scene
from tests.reports.test_junit import check
from tests.support import junitform, runs
from tests.support.schemas import schema

FLAVOURS = {"rich": RICH, "xunit10": XUNIT10, "ant": ANT}
RUNS = {
    "every-outcome": runs.every_outcome(),
    "hostile": runs.hostile(),
    "endless-line": runs.endless_line(),
    "many": runs.large(600, 200),
    **{f"ended-by-{code}": runs.ended(code) for code in runs.ENDED_BY},
}
every_run = pytest.mark.parametrize("name", RUNS)


def rendered(result: RunResult, flavour: Flavour, scene: Scene = ELSEWHERE) -> Element:
    return ElementTree.fromstring(junit.render(result, scene, flavour=flavour))


@every_run
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_outcome_is_readable_and_counted(name: str, flavour: str) -> None:
    root = rendered(RUNS[name], FLAVOURS[flavour])
    if flavour == "rich":
        check(root)
    cases = {
        (suite.get("name"), case.get("name"), case.get("classname"))
        for suite in root
        for case in suite.iter("testcase")
    }
    assert len(cases) == sum(int(suite.get("tests", "-1")) for suite in root)
    rich = rendered(RUNS[name], RICH)
    assert [case.get("name") for case in root.iter("testcase")] == [case.get("name") for case in rich.iter("testcase")]
    for tag in ("failure", "error", "skipped"):
        assert [(one.text, one.get("message")) for one in root.iter(tag)] == [
            (one.text, one.get("message")) for one in rich.iter(tag)
        ]


@every_run
@pytest.mark.parametrize(("flavour", "forms"), [(XUNIT10, junitform.XUNIT10), (ANT, junitform.ANT)])
def test_a_flavour_has_only_what_its_readers_take(
    name: str, flavour: Flavour, forms: dict[str, junitform.Form]
) -> None:
    assert junitform.misfits(rendered(RUNS[name], flavour), forms) == []


@pytest.mark.parametrize("forms", [junitform.XUNIT10, junitform.ANT])
def test_the_check_itself_refuses_the_rich_flavour(forms: dict[str, junitform.Form]) -> None:
    problems = junitform.misfits(rendered(runs.every_outcome(), RICH), forms)
    assert "testcase: file is too much" in problems
    assert "testsuites: skipped is too much" in problems


@every_run
@pytest.mark.parametrize(("flavour", "file"), [(XUNIT10, "junit-10.xsd"), (ANT, "ant-junit.xsd")])
def test_a_flavour_is_valid_by_the_published_schema(name: str, flavour: Flavour, file: str) -> None:
    path = schema(file)
    etree = pytest.importorskip("lxml.etree")
    validator = etree.XMLSchema(etree.parse(path))
    document = etree.fromstring(junit.render(RUNS[name], flavour=flavour), etree.XMLParser(huge_tree=True))
    validator.validate(document)
    assert [str(problem) for problem in validator.error_log] == []


def test_ant_has_what_was_written_and_earlier_failures_at_the_end_of_the_suite() -> None:
    root = rendered(runs.every_outcome(), ANT, Scene(host="builder7"))
    suites = {suite.get("name"): suite for suite in root}
    flaky = suites["flaky-tests: pytest"]
    assert (flaky.get("hostname"), flaky.get("package"), flaky.get("id")) == ("builder7", "webapp", "5")
    assert flaky.get("timestamp") == "2023-11-14T22:13:22"
    assert flaky.findtext("system-out") == (
        "== tests.test_app.TestSums test_adds[1-2] == failed before: assert 3 == 4\nsecond line\n"
        "def test_adds():\n>   assert 1 + 2 == 4\nE   assert 3 == 4\n"
        "== tests.test_app.TestSums test_adds[1-2] ==\nout\n"
    )
    assert flaky.findtext("system-err") == "== tests.test_app.TestSums test_adds[1-2] ==\nerr\n"
    assert [suite.get("id") for suite in root] == [str(number) for number in range(len(root))]


def test_xunit10_keeps_reruns_and_the_suites_properties() -> None:
    root = rendered(runs.every_outcome(), XUNIT10)
    suites = {suite.get("name"): suite for suite in root}
    assert suites["flaky-tests: pytest"].find("testcase/flakyFailure/stackTrace") is not None
    assert suites["failed-again: pytest"].find("testcase/rerunFailure") is not None
    values = {one.get("name"): one.get("value") for one in suites["lint"].iter("property")}
    assert values["revision"] == "4f1d2c"
    assert root.attrib.keys() == {"name", "tests", "failures", "errors", "time"}


def test_endless_output_stays_under_gitlabs_limit_in_ants_flavour_too() -> None:
    case = TestCase(
        name="t", status=Status.FAILED, message="m", details="d" * 150_000, stdout="o" * 100_000, stderr="e"
    )
    cases = tuple(replace(case, suite=f"suite {n}", name=f"t{n % 3}") for n in range(300))
    step = StepRun(id="unit", plugin="tests", result=StepResult(status=Status.FAILED, cases=cases), started=0.0)
    data = junit.render(RunResult(pipeline="p", id="1", steps=(step,)), flavour=ANT)
    assert 20_000_000 < len(data) < 30_000_000
    assert len(ElementTree.fromstring(data).findall("testsuite/testcase/failure")) == 300
