"""SARIF 2.1.0 (OASIS), as ruff, ESLint, bandit, CodeQL, semgrep and many compilers write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from buildtools.plugin import Finding, Severity, Status, StepResult, TestCase
from buildtools.steps.imported import sariflog as log
from buildtools.steps.imported.imported import Imported, Unreadable, decoded

_SEVERITY = {"error": Severity.ERROR, "warning": Severity.WARNING, "note": Severity.INFO, "none": Severity.INFO}
_NO_FINDING = ("pass", "notApplicable")
_ARGUMENT = re.compile(r"\{(\d{1,3})\}")
_DEEPEST = 20


def read(data: bytes) -> Imported:
    """Read the results of all runs in a file. Raises `Unreadable`.

    What is suppressed in the source, or was there before by the file's own word, is known. An analysis that did not
    succeed is a testcase that says so: its findings are not all there are.
    """
    found = decoded(data, log.Log)
    if not found.version.startswith("2."):
        raise Unreadable(f"is SARIF {found.version}: known is 2.1.0")
    findings = tuple(finding for run in found.runs for finding in _findings(run))
    cases = tuple(case for run in found.runs for case in _unfinished(run))
    return Imported(result=StepResult(findings=findings, cases=cases), nothing=not found.runs)


def _findings(run: log.Run) -> Iterator[Finding]:
    rules = {rule.id: rule for rule in run.tool.driver.rules or ()}
    for result in run.results or ():
        if result.kind in _NO_FINDING or result.baseline_state == "absent":
            continue
        rule = _rule(run, result, rules)
        place = next((one.physical_location for one in result.locations or () if one.physical_location), None)
        region = (place and place.region) or log.Region()
        level = result.level or (rule.default_configuration and rule.default_configuration.level) or "warning"
        yield Finding(
            tool=run.tool.driver.name,
            rule=rule.id,
            symbol=rule.name or "" if rule.name != rule.id else "",
            message=_message(result.message, rule) or rule.id or "(no message)",
            path=_path(place.artifact_location, run) if place and place.artifact_location else "",
            line=region.start_line or 0,
            column=region.start_column or 0,
            # Where only columns are given, it ends in the line in which it began.
            end_line=region.end_line or (region.start_line or 0 if region.end_column else 0),
            end_column=region.end_column or 0,
            severity=_SEVERITY.get(level, Severity.WARNING) if result.kind == "fail" else Severity.INFO,
            known=result.baseline_state == "unchanged" or _suppressed(result),
        )


def _rule(run: log.Run, result: log.Result, rules: dict[str, log.Rule]) -> log.Rule:
    reference = result.rule or log.Reference()
    rules_of_tool = run.tool.driver.rules or ()
    index = reference.index if reference.index is not None else result.rule_index
    identity = result.rule_id or reference.id or ""
    if reference.tool_component is None and index is not None and 0 <= index < len(rules_of_tool):
        rule = rules_of_tool[index]
        return rule if not identity or rule.id == identity else log.Rule(id=identity)
    # `CA1000/1` is a part of the rule CA1000.
    return rules.get(identity) or rules.get(identity.partition("/")[0]) or log.Rule(id=identity)


def _message(message: log.Message, rule: log.Rule) -> str:
    known = (rule.message_strings or {}).get(message.id or "")
    text = message.text or message.markdown or (known.text if known else "") or ""
    words = message.arguments or ()
    # Arguments are put in once: what stands in braces in them is theirs.
    return _ARGUMENT.sub(lambda found: words[n] if (n := int(found[1])) < len(words) else found[0], text)


def _suppressed(result: log.Result) -> bool:
    return bool(result.suppressions) and all(
        (one.status or "accepted") == "accepted" for one in result.suppressions or ()
    )


def _path(place: log.Place, run: log.Run) -> str:
    artifacts = run.artifacts or ()
    if place.uri is None and place.index is not None and 0 <= place.index < len(artifacts):
        place = artifacts[place.index].location or place
    uri, bases, base = place.uri or "", run.original_uri_base_ids or {}, place.uri_base_id
    for _ in range(_DEEPEST):
        above = bases.get(base or "")
        if above is None or _absolute(uri):
            break
        uri, base = (f"{above.uri.rstrip('/')}/{uri}" if above.uri else uri), above.uri_base_id
    if uri.lower().startswith("file:"):
        try:
            uri = urlsplit(uri).path
        except ValueError:
            uri = uri[5:]
    return unquote(uri, errors="surrogateescape").replace("\0", "\ufffd")


def _absolute(uri: str) -> bool:
    return uri.startswith("/") or re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", uri) is not None


def _unfinished(run: log.Run) -> Iterator[TestCase]:
    for invocation in run.invocations or ():
        if invocation.execution_successful is False:
            notes = [note for note in invocation.tool_execution_notifications or () if note.level == "error"]
            words = [note.message.text or note.message.markdown or "" for note in notes]
            yield TestCase(
                name="analysis",
                classname=run.tool.driver.name,
                status=Status.ERROR,
                type="NotSuccessful",
                message=next((word for word in words if word), "its analysis did not succeed"),
                details="\n".join(words),
            )
