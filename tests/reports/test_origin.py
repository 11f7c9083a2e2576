"""What came from the cache is marked in every report that has room for it."""

from __future__ import annotations

import json
import math
from xml.etree import ElementTree as ET

import pytest

from buildtools.core.results import FROM_CACHE, Finding, Metric, RunResult, StepResult, StepRun, TestCase
from buildtools.reports import checkstyle, junit, markdown, sarif
from buildtools.reports.block import header
from buildtools.reports.html import page
from buildtools.reports.style import Style
from tests.support.schemas import schema

FOUND = Finding(tool="pylint", rule="W0611", message="Unused import os", path="src/app.py", line=3)
SOME = Metric(name=FROM_CACHE, value=12)


def run(identity: str, plugin: str, *, cached: bool = False, **result: object) -> StepRun:
    return StepRun(id=identity, plugin=plugin, result=StepResult(**result), started=0.0, cached=cached)  # type: ignore[arg-type]


RESULT = RunResult(
    pipeline="p",
    id="1",
    steps=(
        run("lint", "pylint", findings=(FOUND,), metrics=(SOME,)),
        run("more-->", "pylint", cached=True, cases=(TestCase(name="pylint", file="src/b.py"),), metrics=(SOME,)),
        run("build", "shell", cached=True),
        run("fresh", "ruff", cases=(TestCase(name="ruff", file="src/b.py"),), metrics=(Metric(name="files", value=3),)),
    ),
)


def test_at_a_glance() -> None:
    words = [header(step, Style()) for step in RESULT.steps]
    assert "(12 files from the cache)" in words[0]
    assert "(cached)" in words[1]
    assert "cache" not in words[3]


def test_markdown_and_html() -> None:
    rows = [line for line in markdown.render(RESULT).decode().splitlines() if line.startswith("| <code>")]
    assert [row.split("|")[4].strip() for row in rows] == ["12 files from the cache", "cached", "cached", ""]
    text = page.render(RESULT).decode()
    assert text.count('<span class="flag">cached</span>') == 2
    assert text.count('<span class="flag">12 files from the cache</span>') == 1


def test_junit() -> None:
    suites = ET.fromstring(junit.render(RESULT)).iter("testsuite")
    told = [{item.get("name"): item.get("value") for item in suite.iter("property")} for suite in suites]
    assert [one.get("cached") for one in told] == [None, "true", "true", None]
    assert [one.get(f"metric.{FROM_CACHE}") for one in told] == ["12", "12", None, None]


def test_sarif_says_it_of_each_tool() -> None:
    log = json.loads(sarif.render(RESULT))
    told = {one["tool"]["driver"]["name"]: one.get("properties") for one in log["runs"]}
    assert told == {"pylint": {"cachedSteps": ["more-->"], "filesFromCache": {"lint": 12}}, "ruff": None}
    validator = pytest.importorskip("jsonschema").Draft7Validator(json.loads(schema("sarif-2.1.0.json").read_text()))
    assert [problem.message for problem in validator.iter_errors(log)] == []


def test_sarif_of_a_run_without_tools() -> None:
    (one,) = json.loads(sarif.render(RunResult(pipeline="p", id="1", steps=RESULT.steps[2:3])))["runs"]
    assert one["properties"] == {"cachedSteps": ["build"]}


def test_checkstyle_says_it_in_comments_that_no_name_can_end() -> None:
    text = checkstyle.render(RESULT)
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    comments = [node.text for node in ET.fromstring(text, parser) if node.tag is ET.Comment]
    assert comments == [" lint: 12 files from the cache ", " more- ->: cached ", " build: cached "]
    assert [node.get("name") for node in ET.fromstring(text)] == ["src/app.py"]


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, 1e300])
def test_a_number_that_is_none_is_not_told(value: float) -> None:
    step = run("lint", "own", metrics=(Metric(name=FROM_CACHE, value=value),))
    assert step.files_from_cache == 0
    assert "cache" not in header(step, Style())
