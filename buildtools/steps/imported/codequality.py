"""GitLab's code quality JSON, an array in CodeClimate's manner."""

from __future__ import annotations

import msgspec

from buildtools.plugin import Finding, Severity, StepResult
from buildtools.steps.imported.imported import Imported, decoded

_SEVERITY = {
    "blocker": Severity.ERROR,
    "critical": Severity.ERROR,
    "major": Severity.ERROR,
    "minor": Severity.WARNING,
    "info": Severity.INFO,
}


class _Point(msgspec.Struct):
    line: int = 0
    column: int = 0


class _Lines(msgspec.Struct):
    begin: int | _Point = 0
    end: int | _Point | None = None


class _Location(msgspec.Struct):
    path: str
    lines: _Lines | None = None
    positions: _Lines | None = None


class _Entry(msgspec.Struct):
    description: str
    location: _Location
    check_name: str = ""
    severity: str = ""
    engine_name: str = ""
    type: str = "issue"

    def finding(self) -> Finding:
        tool, separator, rule = self.check_name.partition(": ")
        lines = self.location.positions or self.location.lines or _Lines()
        begin, end = _point(lines.begin), _point(lines.end)
        return Finding(
            tool=tool if separator else self.engine_name or "codequality",
            rule=rule if separator else self.check_name,
            message=self.description or self.check_name or "(no message)",
            path=self.location.path,
            line=begin.line,
            column=begin.column,
            end_line=end.line,
            end_column=end.column,
            severity=_SEVERITY.get(self.severity, Severity.WARNING),
        )


def read(data: bytes) -> Imported:
    """Read the entries that are issues. Raises `Unreadable`."""
    entries = decoded(data, list[_Entry])
    return Imported(result=StepResult(findings=tuple(one.finding() for one in entries if one.type == "issue")))


def _point(value: int | _Point | None) -> _Point:
    return value if isinstance(value, _Point) else _Point(line=value or 0)
