"""The step `biome`. Its JSON is not promised to stay: read are the forms of Biome 1.9 to 2.6."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from buildtools.plugin import Completed, Finding, Severity
from buildtools.steps.linters.linter import SCRIPTS, NodeLinter
from buildtools.steps.linters.report import Report, decode

_SEVERITY = {
    "fatal": Severity.ERROR,
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "information": Severity.INFO,
    "info": Severity.INFO,
    "hint": Severity.INFO,
}


class _Point(msgspec.Struct):
    line: int = 0
    column: int = 0


class _Path(msgspec.Struct):
    file: str = ""


class _Location(msgspec.Struct, rename="camel"):
    path: str | _Path | None = None
    start: _Point | None = None
    end: _Point | None = None
    span: tuple[int, int] | None = None
    source_code: str | None = None

    def points(self) -> tuple[_Point, _Point]:
        """Return where it begins and ends; older editions give bytes of the source, which they enclose."""
        if self.start and self.end:
            return self.start, self.end
        if not self.span or self.source_code is None:
            return _Point(), _Point()
        source = self.source_code.encode()
        before = (source[: max(at, 0)].decode("utf-8", "ignore") for at in self.span)
        begin, end = (_Point(text.count("\n") + 1, len(text) - text.rfind("\n")) for text in before)
        return begin, end


class _Diagnostic(msgspec.Struct):
    severity: str
    location: _Location
    category: str | None = None
    description: str = ""
    message: str | list[object] = ""

    def finding(self) -> Finding:
        rule = self.category or "biome"
        begin, end = self.location.points()
        path = self.location.path
        # What is no rule's (`parse`, `internalError/io`, `lint` for a file too large) means: not, or not all, linted.
        plain = rule in ("lint", "parse") or rule.startswith(("internalError", "fs/"))
        return Finding(
            tool="biome",
            rule=rule,
            message=self.message if isinstance(self.message, str) else self.description,
            path=path.file if isinstance(path, _Path) else path or "",
            line=begin.line,
            column=begin.column,
            end_line=end.line,
            end_column=end.column,
            severity=Severity.ERROR if plain else _SEVERITY.get(self.severity, Severity.WARNING),
        )


class _Summary(msgspec.Struct, rename="camel"):
    changed: int
    unchanged: int
    diagnostics_not_printed: int = 0


class _Output(msgspec.Struct):
    summary: _Summary
    diagnostics: list[_Diagnostic]


class Biome(NodeLinter, frozen=True):
    """Lint JavaScript, TypeScript, JSON, CSS and GraphQL with the project's Biome.

    Its result is never taken from a cache: rules for a whole project read installed packages, and it is about as quick
    as a look at all its files.
    """

    tool: ClassVar[str] = "biome"
    package: ClassVar[str] = "@biomejs/biome"
    suffixes: ClassVar[tuple[str, ...]] = (*SCRIPTS, ".json", ".jsonc", ".css", ".graphql", ".gql", ".html")
    ours: ClassVar[tuple[str, ...]] = (
        *("--reporter", "--json", "--json-pretty", "--reporter-file", "--max-diagnostics"),
        *("--write", "--fix", "--apply", "--apply-unsafe", "--suppress"),
        *("--watch", "--stdin-file-path"),
    )

    def words(self) -> tuple[str, ...]:
        """Ask for JSON, of all that is found: Biome keeps to twenty otherwise."""
        config = (f"--config-path={self.config}",) if self.config else ()
        return ("lint", "--reporter=json", "--max-diagnostics=none", "--colors=off", *config)

    def read(self, done: Completed) -> Report:
        """Read diagnostics and the number of files. Errors of syntax come twice, word for word."""
        output = decode(done.stdout, _Output)
        findings = tuple(dict.fromkeys(diagnostic.finding() for diagnostic in output.diagnostics))
        checked, lost = output.summary.changed + output.summary.unchanged, output.summary.diagnostics_not_printed
        problem = f"it kept {lost} findings to itself" if lost else ""
        return Report(findings=findings, checked=checked, empty=checked == 0, problem=problem)
