"""SARIF, as GitHub's code scanning asks for it."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import pytest

from buildtools.core.model import Severity, Status
from buildtools.core.results import Finding, RunResult, StepResult, StepRun, TestCase
from buildtools.reports import sarif
from tests.support import runs
from tests.support.schemas import schema

RUNS = {
    "every-outcome": runs.every_outcome(),
    "hostile": runs.hostile(),
    "endless-line": runs.endless_line(),
    "many": runs.large(400, 20),
    "nothing": runs.ended(runs.ENDED_BY[0]),
}


def written(*findings: Finding, **more: Any) -> list[dict[str, Any]]:
    run = StepRun(id="s", plugin="p", result=StepResult(findings=findings, **more), started=0.0)
    return read(RunResult(pipeline="p", id="1", steps=(run,)))


def read(result: RunResult) -> list[dict[str, Any]]:
    log = json.loads(sarif.render(result))
    check(log)
    found: list[dict[str, Any]] = log["runs"]
    return found


def check(log: dict[str, Any]) -> None:
    """What GitHub asks of every file."""
    assert log["version"] == "2.1.0"
    names = [run["tool"]["driver"]["name"] for run in log["runs"]]
    assert names
    assert len(set(names)) == len(names), "GitHub takes one run of each tool"
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for rule in rules:
            assert {"id", "name", "shortDescription", "fullDescription", "help"} <= rule.keys()
            assert all(0 < len(rule[key]["text"]) <= 1_024 for key in ("shortDescription", "fullDescription"))
            assert len(rule["id"]) <= 255
        assert len(run["results"]) <= 25_000
        prints = set()
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] in ("error", "warning", "note")
            assert result["message"]["text"]
            (location,) = result["locations"]
            place = location["physicalLocation"]
            assert re.fullmatch(r"(file:///)?[^:\s%]*(%[0-9A-F]{2}[^:\s%]*)*", place["artifactLocation"]["uri"])
            assert place["artifactLocation"]["uri"].startswith("file:") is (
                "uriBaseId" not in place["artifactLocation"]
            )
            region = place["region"]
            assert min(region.values()) >= 1
            assert (region["endLine"], region["endColumn"]) > (region["startLine"], region["startColumn"])
            assert len(region) == 4
            prints.add(result["partialFingerprints"]["primaryLocationLineHash"])
        assert len(prints) == len(run["results"])


@pytest.mark.parametrize("name", RUNS)
def test_every_outcome_is_what_github_takes(name: str) -> None:
    findings = sum(len(run.result.findings) for run in RUNS[name].steps)
    told = sum(len(run["results"]) for run in read(RUNS[name]))
    assert told == findings - (name in ("every-outcome", "hostile")), "the step `told` repeats one finding of `lint`"


@pytest.mark.parametrize("name", RUNS)
def test_it_is_valid_by_the_published_schema(name: str) -> None:
    path = schema("sarif-2.1.0.json")
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft7Validator(json.loads(path.read_text("utf-8")))
    log = json.loads(sarif.render(RUNS[name]))
    assert [problem.message for problem in validator.iter_errors(log)] == []


def test_a_finding_has_its_place_rule_and_level() -> None:
    (run,) = written(
        Finding(
            tool="pylint", rule="W0611", symbol="unused-import", message="Unused import os", path="src/app.py", line=3,
            column=1, end_line=3, end_column=10, severity=Severity.ERROR, fingerprint="ab12",
        )
    )  # fmt: skip
    assert run["results"] == [
        {
            "ruleId": "W0611",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": "Unused import os"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "src/app.py", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 10},
                    }
                }
            ],
            "partialFingerprints": {"primaryLocationLineHash": "ab12:1"},
        }
    ]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "unused-import"
    assert rule["helpUri"].endswith("/warning/unused-import.html")
    assert rule["helpUri"] in rule["help"]["text"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"] == [{"executionSuccessful": True}]
    assert "automationDetails" not in run, "whoever uploads the file chooses its category"


@pytest.mark.parametrize(
    ("place", "region"),
    [
        ({}, (1, 1, 1, 2)),
        ({"line": 4}, (4, 1, 4, 2)),
        ({"line": 4, "column": 7}, (4, 7, 4, 8)),
        ({"line": 4, "column": 7, "end_line": 4, "end_column": 7}, (4, 7, 4, 8)),
        ({"line": 4, "column": 7, "end_line": 2, "end_column": 9}, (4, 7, 4, 9)),
        ({"line": 4, "column": 7, "end_line": 6}, (4, 7, 6, 1)),
        ({"line": 4, "column": 7, "end_column": 9}, (4, 7, 4, 8)),
        ({"column": 7}, (1, 1, 1, 2)),
    ],
)
def test_all_four_numbers_of_a_place_are_there(place: dict[str, int], region: tuple[int, ...]) -> None:
    (run,) = written(Finding(tool="t", rule="r", message="m", path="a", **place))  # type: ignore[arg-type]
    found = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert tuple(found[key] for key in ("startLine", "startColumn", "endLine", "endColumn")) == region


def test_a_known_finding_is_unchanged_and_the_first_to_be_left_out() -> None:
    new, known = (
        Finding(tool="t", rule="r", message=word, path="a", known=word == "known") for word in ("new", "known")
    )
    (run,) = written(known, new)
    assert [one.get("baselineState") for one in run["results"]] == ["unchanged", "new"]
    many = (Finding(tool="t", rule="r", message=f"m{n}", path="a", fingerprint=str(n)) for n in range(25_000))
    (run,) = written(known, *many)
    assert not any("baselineState" in one for one in run["results"])


def test_any_file_name_is_an_address() -> None:
    names = ["a b/ü#?.py", "c:/x%20.py", "a:b.py", "\udcff\udcfe.py", "/abs/ä.py", "?\n"]
    (run,) = written(*(Finding(tool="t", rule="r", message="m", path=name) for name in names))
    uris = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]]
    assert [unquote(uri) for uri in uris[:3]] == names[:3]
    assert unquote_to_bytes(uris[3]) == b"\xff\xfe.py"
    assert uris[4] == "file:///abs/%C3%A4.py"


def test_a_tool_that_found_nothing_closes_its_old_alerts() -> None:
    (run,) = written(cases=(TestCase(name="ruff", file="a.py"), TestCase(name="ruff", file="b.py")))
    assert (run["tool"]["driver"]["name"], run["results"]) == ("ruff", [])


def test_what_could_not_be_looked_at_is_said() -> None:
    (run,) = written(status=Status.ERROR, reason="node: not found")
    assert run["tool"]["driver"]["name"] == "buildtools"
    assert run["invocations"] == [
        {
            "executionSuccessful": False,
            "toolExecutionNotifications": [{"level": "error", "message": {"text": "s: error: node: not found"}}],
        }
    ]


def test_of_too_many_findings_the_gravest_are_kept_with_a_note() -> None:
    severities = [Severity.INFO] * 20_000 + [Severity.WARNING] * 7_000 + [Severity.ERROR]
    findings = (
        Finding(tool="t", rule="r", message=f"m{n}", path="a", severity=severity, fingerprint=str(n))
        for n, severity in enumerate(severities)
    )
    (run,) = written(*findings)
    assert len(run["results"]) == 25_000
    assert [one["level"] for one in run["results"][:7_002]] == ["error", *["warning"] * 7_000, "note"]
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("2,001 findings of t left out")
