"""Findings in SARIF, Checkstyle's XML, pylint's forms and code quality JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from buildtools.core.model import Severity, Status
from buildtools.core.results import Finding, Metric
from buildtools.steps.imported import checkstyle, codequality, parseable, pylintjson, sarif
from buildtools.steps.imported.imported import Unreadable


def sarif_of(*results: dict[str, Any], **run: Any) -> tuple[Finding, ...]:
    driver = {"name": "tool", "rules": run.pop("rules", None)}
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results), **run}]}
    return sarif.read(json.dumps(log).encode()).result.findings


def place(uri: str, base: str | None = None, **region: int) -> list[dict[str, Any]]:
    return [{"physicalLocation": {"artifactLocation": {"uri": uri, "uriBaseId": base}, "region": region or None}}]


def test_a_result_of_sarif_is_a_finding() -> None:
    (finding,) = sarif_of(
        {
            "ruleId": "R1",
            "level": "error",
            "message": {"text": "Bad."},
            "locations": place("src/a%20b.py", startLine=3, startColumn=2, endColumn=9),
        },
        rules=[{"id": "R1", "name": "bad-thing"}],
    )
    assert finding == Finding(
        tool="tool",
        rule="R1",
        symbol="bad-thing",
        message="Bad.",
        path="src/a b.py",
        line=3,
        column=2,
        end_line=3,
        end_column=9,
        severity=Severity.ERROR,
    )


def test_what_a_result_leaves_out_its_rule_says() -> None:
    rules = [
        {"id": "X"},
        {
            "id": "R1",
            "defaultConfiguration": {"level": "note"},
            "messageStrings": {"default": {"text": "{0} is {1}, not {2}"}},
        },
    ]
    message = {"id": "default", "arguments": ["a", "{0}"]}
    by_index, by_name, unknown, part = sarif_of(
        {"ruleIndex": 1, "message": message},
        {"rule": {"id": "R1"}, "message": message},
        {"ruleId": "Z", "message": {"markdown": "*z*"}},
        {"ruleId": "R1/2", "message": message},
        rules=rules,
    )
    for finding in (by_index, by_name, part):
        assert (finding.rule, finding.severity, finding.message) == ("R1", Severity.INFO, "a is {0}, not {2}")
    assert (unknown.rule, unknown.severity, unknown.message, unknown.path) == ("Z", Severity.WARNING, "*z*", "")


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ({}, False),
        ({"suppressions": []}, False),
        ({"suppressions": [{"kind": "inSource"}]}, True),
        ({"suppressions": [{"kind": "external", "status": "rejected"}]}, False),
        ({"suppressions": [{"status": "accepted"}, {"status": "underReview"}]}, False),
        ({"baselineState": "unchanged"}, True),
        ({"baselineState": "updated"}, False),
    ],
)
def test_what_is_suppressed_or_was_there_is_known(fields: dict[str, Any], known: bool) -> None:
    (finding,) = sarif_of({"ruleId": "R", "message": {"text": "m"}, **fields})
    assert finding.known is known


def test_not_every_result_is_a_finding() -> None:
    results = [
        {"ruleId": name, "message": {"text": name}, **fields}
        for name, fields in {
            "passed": {"kind": "pass"},
            "not-for-it": {"kind": "notApplicable"},
            "gone": {"baselineState": "absent"},
            "told": {"kind": "informational", "level": "none"},
        }.items()
    ]
    assert [(one.rule, one.severity) for one in sarif_of(*results)] == [("told", Severity.INFO)]


def test_places_of_sarif() -> None:
    bases = {"SRC": {"uri": "src/", "uriBaseId": "TOP"}, "TOP": {"uri": "file:///at/"}, "LOOP": {"uriBaseId": "LOOP"}}
    by_number = [{"physicalLocation": {"artifactLocation": {"index": 0}}}]
    results = [
        {"message": {"text": "m"}, "locations": locations}
        for locations in (
            place("a.py", "SRC"),
            place("file:///x/%C3%BC.py", "SRC"),
            place("a.py", "%SRCROOT%"),
            place("a.py", "LOOP"),
            by_number,
            [{"physicalLocation": None}],
        )
    ]
    found = sarif_of(*results, originalUriBaseIds=bases, artifacts=[{"location": {"uri": "z.py"}}])
    assert [one.path for one in found] == ["/at/src/a.py", "/x/ü.py", "a.py", "a.py", "z.py", ""]


def test_an_analysis_without_success_is_an_error() -> None:
    notes = [{"level": "error", "message": {"text": "no such file"}}, {"level": "note", "message": {"text": "hm"}}]
    invocation = {"executionSuccessful": False, "toolExecutionNotifications": notes}
    run = {"tool": {"driver": {"name": "t"}}, "results": [], "invocations": [invocation]}
    (case,) = sarif.read(json.dumps({"version": "2.1.0", "runs": [run]}).encode()).result.cases
    assert (case.status, case.classname, case.message) == (Status.ERROR, "t", "no such file")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"version": "1.0.0", "runs": []}', "is SARIF 1.0.0: known is 2.1.0"),
        ('{"version": "2.1.0"}', "missing required field `runs`"),
        ('{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": 1}}}]}', r"at `\$.runs\[0\].tool.driver.name`"),
        ('{"x": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_bad_sarif(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        sarif.read(text.encode())


def test_a_log_with_a_mark_in_front() -> None:
    text = '{"version": "2.1.0", "runs": []}'
    for data in (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        assert sarif.read(data).nothing


RUFF_CODE = "import os\n\n\ndef f() -> object:\n    return undefined\n"
RUFF_FOUND = [("F401", 1), ("F821", 5)]


def ruff(folder: Path, form: str) -> bytes:
    (folder / "a.py").write_text(RUFF_CODE)
    words = ("check", "--isolated", "--no-cache", "--select", "F", "--output-format", form, "a.py")
    done = subprocess.run([sys.executable, "-m", "ruff", *words], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 1, done
    return done.stdout


def test_ruffs_own(tmp_path: Path) -> None:
    found = sarif.read(ruff(tmp_path, "sarif")).result.findings
    assert [(one.rule, one.line) for one in found] == RUFF_FOUND
    assert {(one.tool, one.path, one.severity) for one in found} == {("ruff", str(tmp_path / "a.py"), Severity.ERROR)}
    lines = parseable.read(ruff(tmp_path, "pylint")).result.findings
    assert [(one.rule, one.line) for one in lines] == RUFF_FOUND
    assert {one.severity for one in lines} == {Severity.WARNING}
    entries = codequality.read(ruff(tmp_path, "gitlab")).result.findings
    assert [(one.rule, one.line, one.column > 0, one.path) for one in entries] == [
        (rule, line, True, "a.py") for rule, line in RUFF_FOUND
    ]


CHECKSTYLE = """<?xml version="1.0" encoding="UTF-8"?>
<checkstyle version="10.3">
<file name="/at/A.java">
<error line="12" column="3" severity="warning" message="&apos;x&apos; hides"
 source="com.puppycrawl.tools.checkstyle.checks.coding.HiddenFieldCheck"/>
<error line="0" severity="ignore" message="no" source="x.Y"/>
<error line="1" severity="error" message="m" source="eslint.rules.@scope/a.b"/>
<error line="2" severity="info" message="m" source="ShellCheck.SC2034"/>
<error line="3" severity="style" message="m" source="errcheck"/>
<error message="m" source="Squiz.Commenting.File.Missing"/>
<exception>com.X: cannot parse
 at Y</exception>
</file>
</checkstyle>
"""


def test_checkstyles_sources_name_tools_and_rules() -> None:
    found = checkstyle.read(CHECKSTYLE.encode()).result.findings
    error, warning, info = Severity.ERROR, Severity.WARNING, Severity.INFO
    assert [(one.tool, one.rule, one.line, one.severity) for one in found] == [
        ("checkstyle", "HiddenField", 12, warning),
        ("eslint", "@scope/a.b", 1, error),
        ("ShellCheck", "SC2034", 2, info),
        ("checkstyle", "errcheck", 3, warning),
        ("checkstyle", "Squiz.Commenting.File.Missing", 0, error),
        ("checkstyle", "exception", 0, error),
    ]
    assert {one.path for one in found} == {"/at/A.java"}
    assert (found[0].message, found[0].column, found[5].message) == ("'x' hides", 3, "com.X: cannot parse")


def test_pylints_own(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(RUFF_CODE)
    forms = "json:a.json,json2:b.json,parseable:c.txt,text:d.txt"
    words = ("--rcfile=/dev/null", "--disable=C", f"--output-format={forms}", "--score=y", "--persistent=n", "a.py")
    subprocess.run([sys.executable, "-m", "pylint", *words], cwd=tmp_path, capture_output=True, check=False, timeout=90)
    first, second = (pylintjson.read((tmp_path / name).read_bytes()).result for name in ("a.json", "b.json"))
    assert {(one.rule, one.symbol, one.line, one.column) for one in first.findings} == {
        ("E0602", "undefined-variable", 5, 12),
        ("W0611", "unused-import", 1, 1),
    }
    assert first.findings == second.findings
    assert [metric.name for metric in second.metrics] == ["pylint score"]
    for name in ("c.txt", "d.txt"):
        found = parseable.read((tmp_path / name).read_bytes()).result
        assert {(one.tool, one.rule, one.symbol, one.line, one.severity) for one in found.findings} == {
            (one.tool, one.rule, one.symbol, one.line, one.severity) for one in first.findings
        }
        assert found.metrics == second.metrics or [round(m.value, 1) for m in found.metrics] == [
            round(m.value, 1) for m in second.metrics
        ]


def test_json2_of_no_module_is_nothing_checked() -> None:
    assert pylintjson.read(b'{"messages": [], "statistics": {"modulesLinted": 0, "score": 10}}').nothing
    assert not pylintjson.read(b'{"messages": [], "statistics": {"modulesLinted": 1}}').nothing


def test_lines_of_pylint() -> None:
    text = (
        "************* Module a\r\n"
        "a.py:1:0: R0801: Similar lines in 2 files\n==a:[1:3]\n==b:[1:3]\nimport os (duplicate-code)\n"
        "src/b.py:2: [E0602(undefined-variable), C.f] Undefined variable 'x'\n"
        "src/b.py:3: [W(F401), ] not used\n"
        "\n------\nYour code has been rated at -2.50/10 (previous run: 1.00/10, -3.50)\n"
    )
    result = parseable.read(text.encode()).result
    assert [(one.tool, one.rule, one.symbol, one.severity) for one in result.findings] == [
        ("pylint", "R0801", "", Severity.INFO),
        ("pylint", "E0602", "undefined-variable", Severity.ERROR),
        ("parseable", "F401", "", Severity.WARNING),
    ]
    assert result.metrics == (Metric(name="pylint score", value=-2.5),)


def test_a_trace_among_lines_is_no_clean_report() -> None:
    with pytest.raises(Unreadable, match=r"line 2: 'Traceback .*' is no finding in pylint's form"):
        parseable.read(b"a.py:2: [E0602(x), ] y\nTraceback (most recent call last):\n")


def test_code_quality_of_climate_and_of_gitlab() -> None:
    entries = [
        {
            "type": "issue",
            "check_name": "Style/Quotes",
            "description": "d",
            "engine_name": "rubocop",
            "severity": "critical",
            "location": {"path": "a.rb", "lines": {"begin": 3, "end": 4}},
        },
        {"type": "measurement", "description": "", "location": {"path": "a.rb"}},
        {
            "check_name": "pylint: W0611",
            "description": "d",
            "severity": "minor",
            "location": {"path": "a.py", "positions": {"begin": {"line": 3, "column": 2}, "end": {"line": 3}}},
        },
    ]
    one, two = codequality.read(json.dumps(entries).encode()).result.findings
    assert (one.tool, one.rule, one.line, one.end_line, one.severity) == ("rubocop", "Style/Quotes", 3, 4, "error")
    assert (two.tool, two.rule, two.line, two.column, two.severity) == ("pylint", "W0611", 3, 2, "warning")
