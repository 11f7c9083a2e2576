"""Findings as GitLab's code quality report, an array in CodeClimate's manner.

GitLab takes nothing of a file in which one entry is wrong, tells entries apart by their fingerprint alone, and looks
for paths from the repository's top, without `./` in front. A byte order mark would stop its parser.
"""

from __future__ import annotations

import msgspec

from buildtools.core.encoding import encode
from buildtools.core.model import Severity
from buildtools.core.results import RunResult
from buildtools.reports.findings import all_findings
from buildtools.reports.scene import ELSEWHERE, Scene
from buildtools.reports.xmltext import clean

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


class _Lines(msgspec.Struct, frozen=True):
    begin: int


class _Location(msgspec.Struct, frozen=True):
    path: str
    lines: _Lines


class _Entry(msgspec.Struct, frozen=True, kw_only=True):
    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: _Location


def render(result: RunResult, scene: Scene = ELSEWHERE) -> bytes:
    """Return the findings of the run as a JSON array, an entry on each line."""
    entries = (
        encode(
            _Entry(
                description=finding.message,
                check_name=f"{finding.tool}: {finding.rule}" if finding.rule else finding.tool,
                fingerprint=finding.fingerprint,
                severity=_SEVERITIES[finding.severity],
                location=_Location(clean(finding.path), _Lines(finding.line)),
            )
        )
        for finding in all_findings(result, scene)
    )
    return b"[" + b",\n".join(entries) + b"]\n"
