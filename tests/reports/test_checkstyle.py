"""Checkstyle's XML, read back as Jenkins' warnings plugin reads it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from buildtools.reports import checkstyle
from tests.support import runs

RUNS = {"every-outcome": runs.every_outcome(), "hostile": runs.hostile(), "endless-line": runs.endless_line()}


@pytest.mark.parametrize("name", RUNS)
def test_every_finding_is_read_back(name: str) -> None:
    root = ElementTree.fromstring(checkstyle.render(RUNS[name]))
    assert root.tag == "checkstyle"
    files = [file.get("name") for file in root]
    assert len(set(files)) == len(files)
    errors = list(root.iter("error"))
    assert len(errors) == sum(len(run.result.findings) for run in RUNS[name].steps) - (name != "endless-line")
    for error in errors:
        assert int(error.get("line", "x")) >= 1
        assert error.get("severity") in ("error", "warning", "info")
        assert error.get("message")
        assert len(error.get("source", "").split(".")) == 2, "category and rule"


def test_an_error() -> None:
    file = ElementTree.fromstring(checkstyle.render(runs.every_outcome()))[0]
    assert (file.get("name"), len(file)) == ("src/app.py", 3)
    assert file[0].attrib == {
        "line": "3",
        "column": "1",
        "severity": "warning",
        "message": "Unused import os",
        "source": "pylint.W0611",
    }


def test_a_run_without_findings_is_a_clean_report() -> None:
    root = ElementTree.fromstring(checkstyle.render(runs.ended(runs.ENDED_BY[0])))
    assert (root.tag, len(root)) == ("checkstyle", 0)
