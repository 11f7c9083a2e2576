"""The findings of a whole run as other programs want them: each once, with a path that they can find."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import msgspec

from buildtools.core.results import Finding, RunResult, StepResult, fingerprinted
from buildtools.reports.scene import Scene
from buildtools.reports.xmltext import clean, excerpt

_MESSAGE = 4_000
_NAME = 255
_NOWHERE = ("", ".")


def all_findings(result: RunResult, scene: Scene) -> Iterator[Finding]:
    """Yield the findings of all steps in order, ready to be written down.

    Paths start at the repository's top; a finding without one has the pipeline file's. Texts are cleaned and of bounded
    length, lines are at least 1, fingerprints are there and differ. What several steps say alike, such as the members
    of a matrix, is said once.
    """
    paths = dict.fromkeys(_NOWHERE, _from_top(scene.pipeline_file(result.file), scene))
    names: dict[str, str] = {}
    seen: set[Finding] = set()
    taken: dict[str, int] = {}
    several = sum(bool(run.result.findings) for run in result.steps) > 1
    for run in result.steps:
        for finding in _with_fingerprints(run.result):
            path = paths.get(finding.path)
            if path is None:
                path = paths[finding.path] = _from_top(finding.path, scene)
            ready = _ready(finding, path, names)
            if several:
                if ready in seen:
                    continue
                seen.add(ready)
            yield _apart(ready, taken)


def fit_name(text: str) -> str:
    """Return a name as one line of at most 255 characters, the most that GitHub takes."""
    return " ".join(clean(text).split())[:_NAME]


def _with_fingerprints(result: StepResult) -> tuple[Finding, ...]:
    if all(finding.fingerprint for finding in result.findings):
        return result.findings
    made = fingerprinted(result.findings)
    return tuple(old if old.fingerprint else new for old, new in zip(result.findings, made, strict=True))


def _ready(finding: Finding, path: str, names: dict[str, str]) -> Finding:
    """Return the finding as it is to be written; `names` are those that were made fit before."""
    for name in (finding.tool, finding.rule, finding.symbol):
        if name not in names:
            names[name] = fit_name(name)
    rule = names[finding.rule]
    message = finding.message if len(finding.message) <= _MESSAGE else excerpt(finding.message, _MESSAGE)
    if finding.line > 0:
        places = (finding.line, finding.column, finding.end_line, finding.end_column)
        line, column, end_line, end_column = places if min(places) >= 0 else (max(place, 0) for place in places)
    else:
        line, column, end_line, end_column = 1, 0, 0, 0
    return Finding(
        tool=names[finding.tool] or "unknown",
        rule=rule,
        symbol=names[finding.symbol],
        message=clean(message).strip() or rule or "(no message)",
        path=path,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        severity=finding.severity,
        fingerprint=clean(finding.fingerprint[:_NAME]),
        known=finding.known,
    )


def _from_top(path: str, scene: Scene) -> str:
    """Return a path as seen from the repository's top; one outside of it stays as it is."""
    top = scene.repository
    if path.startswith("/"):
        inside = top is not None and path.startswith(f"{top.as_posix()}/")
        return path[len(top.as_posix()) + 1 :] if top is not None and inside else path
    return posixpath.normpath(scene.mask(scene.prefix) + path)


def _apart(finding: Finding, taken: dict[str, int]) -> Finding:
    """Return the finding with a fingerprint that no other one has: GitLab drops all but the first."""
    base = fingerprint = finding.fingerprint
    while fingerprint in taken:
        taken[base] += 1
        fingerprint = f"{base}-{taken[base]}"
    taken[fingerprint] = 1
    return finding if fingerprint == base else msgspec.structs.replace(finding, fingerprint=fingerprint)
