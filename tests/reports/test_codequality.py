"""GitLab's code quality report."""

from __future__ import annotations

import json

import pytest

from buildtools.core.results import RunResult
from buildtools.reports import codequality
from tests.support import runs
from tests.support.schemas import schema

RUNS = {
    "every-outcome": runs.every_outcome(),
    "hostile": runs.hostile(),
    "endless-line": runs.endless_line(),
    "many": runs.large(400, 0),
    "nothing": runs.ended(runs.ENDED_BY[0]),
}


def entries(result: RunResult) -> list[dict[str, object]]:
    data = codequality.render(result)
    assert data.startswith(b"["), "a byte order mark would stop GitLab's parser"
    found: list[dict[str, object]] = json.loads(data)
    return found


@pytest.mark.parametrize("name", RUNS)
def test_gitlab_takes_every_entry(name: str) -> None:
    found = entries(RUNS[name])
    assert len(found) == sum(len(run.result.findings) for run in RUNS[name].steps) - (
        name in ("every-outcome", "hostile")
    )
    assert len({entry["fingerprint"] for entry in found}) == len(found), "GitLab drops equal ones"
    for entry in found:
        assert entry.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        location = entry.pop("location")
        assert isinstance(location, dict)
        assert location["lines"]["begin"] >= 1
        assert location["path"]
        assert not location["path"].startswith("./")
        assert all(isinstance(value, str) and value for value in entry.values())
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert "\x00" not in str(entry), "PostgreSQL cannot hold it"


@pytest.mark.parametrize("name", RUNS)
def test_every_entry_is_valid_by_gitlabs_schema(name: str) -> None:
    path = schema("gitlab-codequality.json")
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft7Validator(json.loads(path.read_text("utf-8")))
    assert [problem.message for entry in entries(RUNS[name]) for problem in validator.iter_errors(entry)] == []


def test_an_entry() -> None:
    assert entries(runs.every_outcome())[0] == {
        "description": "Unused import os",
        "check_name": "pylint: W0611",
        "fingerprint": runs.every_outcome().steps[0].result.findings[0].fingerprint,
        "severity": "minor",
        "location": {"path": "src/app.py", "lines": {"begin": 3}},
    }
