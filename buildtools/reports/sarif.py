"""Findings as SARIF 2.1.0, which GitHub's code scanning, Jenkins and editors read.

One SARIF run per tool: GitHub refuses two of one tool. A run has no `automationDetails`, so that whoever uploads it
chooses the category (GitHub's action: workflow, job and matrix). Of a run, GitHub takes 25,000 results at most, each
with a place; it matches results of two analyses by `primaryLocationLineHash`. A tool that looked at files and found
nothing has a run without results, else its old alerts would stay open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

import msgspec

from buildtools.core.encoding import encode
from buildtools.core.errors import ExitCode
from buildtools.core.model import Severity, Status
from buildtools.core.results import Finding, RunResult, StepRun
from buildtools.core.wording import count
from buildtools.reports import sariflog as sarif
from buildtools.reports.findings import all_findings, fit_name
from buildtools.reports.rules import documentation
from buildtools.reports.scene import ELSEWHERE, Scene
from buildtools.reports.xmltext import clean, excerpt

RESULTS = 25_000
_NOTIFICATIONS = 100
_TEXT = 1_000
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_NOBODY = "buildtools"
"""stands for the tool where no step has one"""
_UTF16 = ("biome", "eslint", "jslint", "oxlint")
"""tools that count columns as JavaScript does"""


def render(result: RunResult, scene: Scene = ELSEWHERE) -> bytes:
    """Return the findings of the run as SARIF; at most 25,000 of each tool, the gravest, with a note."""
    by_tool: dict[str, list[Finding]] = {tool: [] for tool in _tools(result)}
    for finding in all_findings(result, scene):
        by_tool.setdefault(finding.tool, []).append(finding)
    notes = tuple(_notes(result))
    ok = result.ended_by is ExitCode.OK and not any(
        run.result.status in (Status.ERROR, Status.CANCELLED) for run in result.steps
    )
    runs = [
        _run(tool, findings, sarif.Invocation(execution_successful=ok, tool_execution_notifications=notes))
        for tool, findings in (by_tool or {_NOBODY: []}).items()
    ]
    runs = [msgspec.structs.replace(run, properties=_from_cache(result, run.tool.driver.name)) for run in runs]
    return encode(sarif.Log(runs=runs)) + b"\n"


def _tools(result: RunResult) -> Iterator[str]:
    """Yield the tools that looked at whole files: they say so of each clean one."""
    for run in result.steps:
        yield from _clean(run)


def _clean(run: StepRun) -> Iterator[str]:
    for case in run.result.cases:
        if case.file and not case.classname and not case.suite:
            yield _named(case.name)


def _by(finding: Finding) -> str:
    return _named(finding.tool)


def _named(tool: str) -> str:
    return fit_name(tool) or "unknown"


def _from_cache(result: RunResult, tool: str) -> sarif.Properties | msgspec.UnsetType:
    """Return which steps' results of a tool came from the cache, and of how many files; unset if none."""
    taken = [run for run in result.steps if run.cached or run.files_from_cache]
    mine = [run for run in taken if tool in ({*_clean(run), *(map(_by, run.result.findings))} or {_NOBODY})]
    if not mine:
        return msgspec.UNSET
    return sarif.Properties(
        cached_steps=tuple(clean(run.id) for run in mine if run.cached),
        files_from_cache={clean(run.id): run.files_from_cache for run in mine if not run.cached},
    )


def _run(tool: str, findings: list[Finding], invocation: sarif.Invocation) -> sarif.Run:
    cut = len(findings) - RESULTS
    if cut > 0:
        findings = sorted(findings, key=lambda finding: (finding.known, _RANK[finding.severity]))[:RESULTS]
        text = (
            f"{count(cut, 'finding')} of {tool} left out, the least grave ones: {RESULTS:,} are the most for one tool."
        )
        note = sarif.Notification(level="warning", message=sarif.Text(text))
        notes = (note, *invocation.tool_execution_notifications)
        invocation = msgspec.structs.replace(invocation, tool_execution_notifications=notes)
    numbers: dict[str, int] = {}
    rules: list[Finding] = []
    for finding in findings:
        if numbers.setdefault(_rule_id(finding), len(numbers)) == len(rules):
            rules.append(finding)
    # By the standard, all results of a run have a state or none has.
    states = ("new", "unchanged") if any(finding.known for finding in findings) else ("", "")
    return sarif.Run(
        tool=sarif.Tool(sarif.Component(name=tool, rules=[_rule(first) for first in rules])),
        invocations=(invocation,),
        results=[_result(finding, numbers[_rule_id(finding)], states[finding.known]) for finding in findings],
        column_kind="utf16CodeUnits" if tool in _UTF16 else "unicodeCodePoints",
    )


def _rule_id(finding: Finding) -> str:
    return finding.rule or finding.symbol or finding.tool


def _rule(finding: Finding) -> sarif.Rule:
    """Describe a rule by what its first finding tells."""
    identity = _rule_id(finding)
    title = finding.symbol or identity
    named = identity if title == identity else f"{identity} ({title})"
    page = documentation(finding.tool, finding.rule, finding.symbol)
    said = f"{finding.tool} reports {named}, for example: {_short(finding.message)}"
    return sarif.Rule(
        id=identity,
        name=title,
        short_description=sarif.Text(title),
        full_description=sarif.Text(_short(said)),
        help=sarif.Text(f"{said}\n\n{page}" if page else said),
        help_uri=page,
        default_configuration=sarif.Configuration(_LEVELS[finding.severity]),
    )


def _short(text: str) -> str:
    return excerpt(text, _TEXT - 100)


def _result(finding: Finding, rule_index: int, state: str) -> sarif.Result:
    start = max(finding.column, 1)
    end_line = max(finding.end_line, finding.line)
    end = finding.end_column if finding.end_line else 0
    if end <= start and end_line == finding.line:
        end = start + 1  # the column behind the end; GitHub wants all four numbers
    region = sarif.Region(start_line=finding.line, start_column=start, end_line=end_line, end_column=max(end, 1))
    place = sarif.Physical(sarif.Place(*_uri(finding.path)), region)
    return sarif.Result(
        rule_id=_rule_id(finding),
        rule_index=rule_index,
        level=_LEVELS[finding.severity],
        message=sarif.Text(finding.message),
        locations=(sarif.Location(place),),
        partial_fingerprints={"primaryLocationLineHash": f"{finding.fingerprint}:1"},
        baseline_state=state,
    )


def _uri(path: str) -> tuple[str, str]:
    """Return a path as a URI and what that is relative to. File names that are no UTF-8 keep their bytes."""
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = clean(path).encode()
    # No colon: what stands before one would be the scheme.
    uri = quote(raw, safe="/!$&'()*+,;=@~")
    return (f"file://{uri}", "") if path.startswith("/") else (uri, "%SRCROOT%")


def _notes(result: RunResult) -> Iterable[sarif.Notification]:
    """Yield why steps could not do their work: what they would have found is not in this file."""
    bad = [run for run in result.steps if run.result.status in (Status.ERROR, Status.CANCELLED)]
    for run in bad[:_NOTIFICATIONS]:
        reason = clean(run.result.reason or run.result.cause.value or run.result.status.value)
        text = excerpt(f"{clean(run.id)}: {run.result.status.value}: {reason}", _TEXT)
        yield sarif.Notification(level="error", message=sarif.Text(text))
