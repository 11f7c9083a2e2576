"""The step `oxlint`. Its JSON is described at oxc.rs/docs/guide/usage/linter/output-formats; seen with oxlint 1."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from buildtools.plugin import Completed, Finding, Severity
from buildtools.steps.linters.linter import SCRIPTS, NodeLinter
from buildtools.steps.linters.report import Report, decode

_UNREAD = re.compile(r"Failed to open file (.+) with error ")


class _Span(msgspec.Struct):
    line: int = 0
    column: int = 0


class _Label(msgspec.Struct):
    span: _Span


class _Diagnostic(msgspec.Struct):
    message: str
    severity: str
    code: str = ""
    filename: str = ""
    labels: list[_Label] = []

    def finding(self) -> Finding:
        # For a file that it cannot read, it names the file in words alone.
        unread = _UNREAD.match(self.message)
        span = self.labels[0].span if self.labels else _Span()
        return Finding(
            tool="oxlint",
            rule=self.code or "oxlint",
            message=self.message,
            path=self.filename or (unread[1] if unread else ""),
            line=span.line,
            column=span.column,
            severity={"error": Severity.ERROR, "advice": Severity.INFO}.get(self.severity, Severity.WARNING),
        )


class _Output(msgspec.Struct):
    diagnostics: list[_Diagnostic]
    number_of_files: int


class Oxlint(NodeLinter, frozen=True):
    """Lint JavaScript and TypeScript with the project's Oxlint.

    Its result is never taken from a cache: what it leaves out, git's global settings say too, and it is about as quick
    as a look at all its files.
    """

    tool: ClassVar[str] = "oxlint"
    suffixes: ClassVar[tuple[str, ...]] = SCRIPTS
    ours: ClassVar[tuple[str, ...]] = (
        *("-f", "--format", "--silent", "--lsp"),
        *("--fix", "--fix-suggestions", "--fix-dangerously", "--suppress-all", "--prune-suppressions", "--init"),
    )

    def words(self) -> tuple[str, ...]:
        """Ask for JSON, without installed packages: Oxlint leaves them out only where git does."""
        config = (f"--config={self.config}",) if self.config else ()
        return ("--format=json", "--ignore-pattern=node_modules", *config)

    def read(self, done: Completed) -> Report:
        """Read diagnostics and the number of files; findings that are only warnings leave the exit status 0."""
        output = decode(done.stdout, _Output)
        findings = tuple(diagnostic.finding() for diagnostic in output.diagnostics)
        return Report(findings=findings, checked=output.number_of_files, empty=output.number_of_files == 0)
