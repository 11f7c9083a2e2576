"""The step `eslint`. Formats: eslint.org/docs/latest/use/formatters/#json; seen with ESLint 8, 9 and 10."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from buildtools.plugin import Completed, Finding, Severity
from buildtools.steps.linters.linter import SCRIPTS, NodeLinter
from buildtools.steps.linters.report import Report, decode


class _Message(msgspec.Struct, rename="camel"):
    message: str
    severity: int
    rule_id: str | None = None
    fatal: bool = False
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None

    def finding(self, path: str) -> Finding:
        return Finding(
            tool="eslint",
            rule=self.rule_id or ("fatal" if self.fatal else "eslint"),
            message=self.message,
            path=path,
            line=self.line or 0,
            column=self.column or 0,
            end_line=self.end_line or 0,
            end_column=self.end_column or 0,
            severity=Severity.ERROR if self.fatal or self.severity == 2 else Severity.WARNING,
        )


class _File(msgspec.Struct, rename="camel"):
    file_path: str
    messages: list[_Message]

    @property
    def ignored(self) -> bool:
        """ESLint did not look at the file, and says so by a warning without a place."""
        return any(m.line is None and not m.fatal and m.message.startswith("File ignored") for m in self.messages)


class Eslint(NodeLinter, frozen=True):
    """Lint JavaScript and TypeScript with the project's ESLint.

    Its result is never taken from a cache: the configuration is a program, and rules may read any file.
    """

    tool: ClassVar[str] = "eslint"
    suffixes: ClassVar[tuple[str, ...]] = SCRIPTS
    globs: ClassVar[bool] = True
    ours: ClassVar[tuple[str, ...]] = (
        *("-f", "--format", "-o", "--output-file"),
        *("--fix", "--fix-dry-run", "--suppress-all", "--suppress-rule", "--prune-suppressions", "--init"),
        *("--stdin", "--inspect-config", "--mcp"),
    )

    def words(self) -> tuple[str, ...]:
        """Ask for JSON. A pattern without files must not keep it from the others; none at all shows in the report."""
        config = ("--config", self.config) if self.config else ()
        return ("--format", "json", "--no-error-on-unmatched-pattern", *config)

    def read(self, done: Completed) -> Report:
        """Read the list of files; what ESLint ignored was not checked."""
        files = [file for file in decode(done.stdout, list[_File]) if not file.ignored]
        findings = tuple(message.finding(file.file_path) for file in files for message in file.messages)
        return Report(findings=findings, files=tuple(file.file_path for file in files), empty=not files)
