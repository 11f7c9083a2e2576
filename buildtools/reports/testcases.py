"""A finished run seen as test suites: the one mapping that every report about tests is made from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from buildtools.core.errors import ExitCode
from buildtools.core.model import Cause, Status
from buildtools.core.results import Finding, Metric, RunResult, StepRun, TestCase
from buildtools.reports.attempts import matched
from buildtools.reports.metrics import against_bar, held, shown
from buildtools.reports.xmltext import clean

BAD = (Status.FAILED, Status.ERROR, Status.CANCELLED)
Properties = tuple[tuple[str, str], ...]


class Entry(msgspec.Struct, frozen=True):
    """One testcase as a report shows it; no two of one run agree in suite, classname and name."""

    case: TestCase
    properties: Properties = ()


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """The testcases that are shown under one name; never empty. `seconds` is what they took together."""

    name: str
    run: StepRun | None
    entries: tuple[Entry, ...]
    seconds: float

    def count(self, *statuses: Status) -> int:
        """Return how many testcases have one of these statuses."""
        return sum(entry.case.status in statuses for entry in self.entries)


def suites(result: RunResult) -> Iterator[Suite]:
    """Yield the suites in file order, one step at a time, so that only one step's testcases are in memory."""
    names = _Names()
    for run in result.steps:
        own = clean(run.id)
        named: dict[str, str] = {"": own}
        groups: dict[str, list[Entry]] = {}
        for entry in _entries(run):
            suite = entry.case.suite
            if suite not in named:
                named[suite] = clean(f"{run.id}: {suite}")
            groups.setdefault(named[suite], []).append(entry)
        for name, entries in groups.items():
            # A linter's time is the step's: its testcases are made of findings and have none.
            total = run.seconds if name == own else sum(entry.case.seconds for entry in entries)
            unique = tuple(names.unique(name, entry) for entry in entries)
            yield Suite(name=name, run=run, entries=unique, seconds=total)
    outside = [Entry(case) for case in _outside(result)]
    if outside:
        unique = tuple(names.unique("buildtools", entry) for entry in outside)
        yield Suite(name="buildtools", run=None, entries=unique, seconds=0.0)


def lint_classname(tool: str, path: str) -> str:
    """Return `lint.pylint.src.app_py` for `src/app.py`: dots part packages, so none may come from a file's name."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return ".".join(["lint", *(_dotless(part) for part in (tool, *parts))])


def _dotless(text: str) -> str:
    return re.sub(r"[.\s:]", "_", clean(text)) or "_"


def _entries(run: StepRun) -> Iterator[Entry]:
    result = run.result
    if result.status is Status.SKIPPED or (result.status is Status.CANCELLED and run.started is None):
        message = result.reason or result.cause.value or result.status.value
        yield Entry(TestCase(name=run.id, classname=_step_classname(run), status=Status.SKIPPED, message=message))
        return
    any_bad = False
    cases, lost = matched(run)
    nothing = True
    for entry in _others(run, cases):
        nothing = False
        any_bad = any_bad or entry.case.status in BAD
        yield entry
    unsaid = result.status is Status.FAILED and not any_bad
    own = result.status in (Status.ERROR, Status.CANCELLED) or result.cause is Cause.TIMEOUT
    if nothing or unsaid or own or lost:
        yield Entry(msgspec.structs.replace(_own(run), attempts=lost))


def _others(run: StepRun, cases: Iterable[TestCase]) -> Iterator[Entry]:
    yield from _lint(run)
    for case in cases:
        # A linter's word about a whole file: it belongs beside the findings.
        whole_file = case.file and not case.classname and not case.suite
        yield Entry(
            msgspec.structs.replace(case, classname=lint_classname(case.name, case.file)) if whole_file else case
        )
    for metric in run.result.metrics:
        if metric.threshold is not None:
            yield _bar(run, metric)


def _lint(run: StepRun) -> Iterator[Entry]:
    """One testcase per file and rule. Findings that did not close the gate are told, but are no failures."""
    groups: dict[tuple[str, str, str, bool], list[Finding]] = {}
    for finding in run.result.findings:
        groups.setdefault((finding.tool, finding.path, finding.rule, finding.known), []).append(finding)
    for (tool, path, rule, known), findings in groups.items():
        first = findings[0]
        more = f" (+{len(findings) - 1} more)" if len(findings) > 1 else ""
        # With the blank in front: consumers match on it.
        shown = " " + clean(path).replace("\n", " ")
        body = "\n".join(_finding_line(shown, finding) for finding in findings)
        passed = known or run.result.status is Status.PASSED
        case = TestCase(
            name=(f"{rule} {first.symbol}".strip() or tool) + (" (known)" if known else ""),
            classname=lint_classname(tool, path),
            status=Status.PASSED if passed else Status.FAILED,
            type=f"{tool}.{rule or 'finding'}",
            message="" if passed else first.message + more,
            details="" if passed else body,
            stdout=body if passed else "",
            file=path,
            line=first.line,
        )
        yield Entry(case, (("tool", tool), ("rule", rule), ("findings", str(len(findings)))))


def _finding_line(path: str, finding: Finding) -> str:
    message = clean(finding.message).rstrip()
    if "\n" in message:
        message = message.replace("\n", "\n    ")  # further lines must not look like a place
    if not finding.line:
        return f"{path}: {message}"
    return (
        f"{path}:{finding.line}:{finding.column}: {message}" if finding.column else f"{path}:{finding.line}: {message}"
    )


def _bar(run: StepRun, metric: Metric) -> Entry:
    case = TestCase(
        name=metric.name,
        classname=f"metric.{_dotless(run.plugin)}",
        status=Status.PASSED if held(metric) else Status.FAILED,
        type="BelowBar",
        message="" if held(metric) else f"{metric.name}: {against_bar(metric)}",
    )
    return Entry(case, (("value", shown(metric)),))


_TYPES = {
    Cause.TIMEOUT: "StepTimeout",
    Cause.EMPTY: "NothingChecked",
    Cause.TOOL: "ToolMissing",
    Cause.PLUGIN: "PluginFault",
}
_STATUS_TYPES = {Status.FAILED: "StepFailed", Status.ERROR: "StepError", Status.CANCELLED: "StepCancelled"}


def _own(run: StepRun) -> TestCase:
    """The step itself as a testcase; a failed one has the end of its output in the details."""
    result = run.result
    timeout = result.cause is Cause.TIMEOUT
    bad = result.status in BAD
    reason = result.reason or (f"timed out after {run.seconds:.1f} s" if timeout else result.status.value)
    parts = [reason, result.remedy, *result.warnings, run.tail and f"The end of the output:\n{run.tail}"]
    return TestCase(
        name=run.id,
        classname=_step_classname(run),
        status=Status.ERROR if timeout or result.status is Status.CANCELLED else result.status,
        seconds=run.seconds,
        type=_TYPES.get(result.cause) or _STATUS_TYPES.get(result.status, ""),
        message=reason if bad else "",
        details="\n\n".join(part for part in parts if part) if bad else "",
        stdout="" if bad else run.tail,
    )


def _step_classname(run: StepRun) -> str:
    return f"step.{_dotless(run.plugin)}"


def _outside(result: RunResult) -> Iterator[TestCase]:
    """What no step says: problems of the run, and an end by force that left no trace in any step."""
    for problem in result.problems:
        yield TestCase(name="run", classname="buildtools.run", status=Status.ERROR, type="Problem", message=problem)
    if result.ended_by is not ExitCode.OK and not any(run.result.status in BAD for run in result.steps):
        message = f"the run was ended: {result.ended_by.name.lower()} (exit {int(result.ended_by)})"
        yield TestCase(name="run", classname="buildtools.run", status=Status.ERROR, type="RunEnded", message=message)


class _Names:
    """Makes the testcases of a run differ in suite, classname or name: CI systems drop or merge equal ones."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, str]] = set()
        self._next: dict[tuple[str, str, str], int] = {}

    def unique(self, suite: str, entry: Entry) -> Entry:
        """Return the entry with its suite set, and a number behind its name if that was used before."""
        classname = clean(entry.case.classname)
        base = name = clean(entry.case.name).strip() or "(no name)"
        key = (suite, classname, base)
        while (suite, classname, name) in self._seen:
            self._next[key] = self._next.get(key, 1) + 1
            name = f"{base} ({self._next[key]})"
        self._seen.add((suite, classname, name))
        case = msgspec.structs.replace(entry.case, suite=suite, classname=classname, name=name)
        return Entry(case, entry.properties)
