"""The step `ruff`. Format: `ruff check --output-format=json`, docs.astral.sh/ruff/settings/#output-format."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from buildtools.core.decoding import from_json
from buildtools.plugin import Completed, Finding, Severity
from buildtools.steps.linters.linter import PythonLinter
from buildtools.steps.linters.report import Report
from buildtools.steps.linters.spelling import Spelling


class _Place(msgspec.Struct):
    row: int
    column: int


class _Diagnostic(msgspec.Struct):
    message: str
    filename: str
    location: _Place
    end_location: _Place
    code: str | None = None
    name: str = ""

    def finding(self) -> Finding:
        # Without a code, as `invalid-syntax`, or of the class E9: the file could not be read or understood.
        rule = self.code or "invalid-syntax"
        return Finding(
            tool="ruff",
            rule=rule,
            symbol=self.name,
            message=self.message,
            path=self.filename,
            line=self.location.row,
            column=self.location.column,
            end_line=self.end_location.row,
            end_column=self.end_location.column,
            severity=Severity.ERROR if rule.startswith(("invalid-syntax", "E9")) else Severity.WARNING,
        )


class Ruff(PythonLinter, frozen=True):
    """Lint Python code with ruff.

    Its result is never taken from a cache: ruff keeps one of its own, by file, and what counts as first-party depends
    on which folders there are.
    """

    tool: ClassVar[str] = "ruff"
    suffixes: ClassVar[tuple[str, ...]] = (".py", ".pyi", ".ipynb")
    ours: ClassVar[tuple[str, ...]] = (
        *("--output-format", "-o", "--output-file", "--statistics"),
        *("--fix", "--fix-only", "--add-noqa", "--add-ignore"),
        *("-w", "--watch", "--stdin-filename", "-h", "--help"),
        *("-q", "--quiet", "-s", "--silent"),  # they keep back that there was no file
    )
    spelling: ClassVar[Spelling] = Spelling(flags="ehnqsvw", files=True)

    def words(self) -> tuple[str, ...]:
        """Ask for JSON, and that named files (the changed ones) be excluded as found ones are."""
        config = (f"--config={self.config}",) if self.config else ()
        return ("check", "--output-format=json", "--no-fix", "--no-fix-only", "--force-exclude", *config)

    def read(self, done: Completed) -> Report:
        """Read the list of diagnostics; that no file was found, ruff says on stderr, and exits with 0."""
        findings = tuple(each.finding() for each in from_json(done.stdout, list[_Diagnostic]))
        return Report(findings=findings, empty=b"No Python files found" in done.stderr)
