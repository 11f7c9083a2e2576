"""The step `mypy`. Format: `mypy --output=json` (since 1.11), one object a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec

from buildtools.core.decoding import from_json
from buildtools.plugin import Completed, Finding, Severity, StepContext
from buildtools.steps.linters.linter import PythonLinter
from buildtools.steps.linters.report import Report
from buildtools.steps.linters.spelling import Spelling

_BLOCKER = re.compile(r"(?P<file>(?!mypy:).+?)(?::(?P<line>\d+))?: error: (?P<message>.+?)(?:  \[(?P<code>[\w-]+)\])?")
"""As which an error comes that ends the run at once: of bytes that are no text, in older editions of syntax too."""
_ASIDE = re.compile(r"Generated \w+ report\b.*")
"""What stands among the findings and is none, if a report such as `--html-report` was asked for."""
_REMARK = re.compile(
    r".+: note: unused section\(s\): .+|Warning: unused section\(s\) in .+"  # the latter of older ones, on stderr
    r"|Warning: --strict-concatenate is deprecated\b.*|Warning: .+ is already enabled by default"
    r"|Warning: Failed to load quickstart file: .+"
    r"|Warning: disabling incremental mode may severely reduce performance"
    r"|If this is intentional, delete '.+' to suppress this warning"
)
"""What it remarks in words, of itself or its configuration, and succeeds all the same."""
_ABSENT = "Cannot read file: No such file or directory"
"""The error of a path that its configuration names and that is not there; those of `paths` are looked for before."""
_SETTINGS = ("mypy.ini", "pyproject.toml", "setup.cfg")


class _Error(msgspec.Struct):
    file: str
    line: int
    column: int
    message: str
    severity: str
    code: str | None = None
    end_line: int = 0
    end_column: int = -1

    def finding(self) -> Finding:
        # Columns count from 0, but for errors of syntax, which come from Python's parser as they are.
        shift = 0 if self.code == "syntax" else 1
        return Finding(
            tool="mypy",
            rule=self.code or "mypy",
            message=self.message,
            path=self.file,
            line=self.line,
            column=self.column + shift if self.line > 0 and self.column >= 0 else 0,
            end_line=self.end_line,
            end_column=self.end_column + shift if self.end_line > 0 and self.end_column >= 0 else 0,
            severity=Severity.INFO if self.severity == "note" else Severity.ERROR,
        )


class Mypy(PythonLinter, frozen=True):
    """Check the types of Python code with mypy.

    Without `paths`, it checks what its configuration names. If any Python file has changed, it checks all of them: a
    change in one file is an error in another. Its result is never taken from a cache, since it depends on all that is
    installed in the interpreter; mypy keeps a cache of its own.
    """

    tool: ClassVar[str] = "mypy"
    package: ClassVar[str] = "mypy>=1.11"
    suffixes: ClassVar[tuple[str, ...]] = (".py", ".pyi")
    statuses: ClassVar[tuple[int, ...]] = (0, 1, 2)  # 2: files that cannot be parsed, but wrong usage too
    ours: ClassVar[tuple[str, ...]] = (
        *("-O", "--output", "--error-summary", "--install-types"),
        *("-V", "--version", "-h", "--help"),
    )
    spelling: ClassVar[Spelling] = Spelling(flags="hvV", shortened=True, files=True)

    def everything(self, workdir: Path) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: then mypy checks what its configuration names."""
        return ()

    def targets(self, ctx: StepContext, paths: Sequence[str]) -> Sequence[str] | None:
        """Return all paths if a file below them has changed."""
        return None if super().targets(ctx, paths) is None else paths

    def words(self) -> tuple[str, ...]:
        """Ask for JSON."""
        return ("--output=json", "--no-error-summary", *((f"--config-file={self.config}",) if self.config else ()))

    def read(self, done: Completed) -> Report:
        """Read a line each; what is none must not pass: `--help`, say, or a configuration that mypy goes on without."""
        findings = [error.finding() for error in _errors(done.stdout)]
        words, complaints = _words(done.stdout), _words(done.stderr)
        lines = [*words, *complaints] if done.returncode == 2 else []
        blockers = [*filter(None, map(_BLOCKER.fullmatch, lines))]
        for match in blockers:
            line, code = int((match["line"] or "0")[:9]), match["code"] or "unreadable"
            findings.append(_Error(match["file"], line, -1, match["message"], "error", code).finding())
        names = (*_SETTINGS, Path(self.config).name) if self.config else _SETTINGS
        about = re.compile(rf"\S*(?:{'|'.join(map(re.escape, names))})(?:, line \d+)?: .+")
        problems = [f"{error.file}:{error.line}: {error.message}" for error in _errors(done.stderr)]
        problems += filter(about.fullmatch, complaints)
        absent = [match["file"] for match in blockers if match["message"] == _ABSENT]
        problems += [f"{path} is not there: correct the paths in its configuration" for path in absent]
        alien = [line for line in words if not _ASIDE.fullmatch(line) and not _REMARK.fullmatch(line)]
        alien = alien if done.returncode != 2 else []
        problems += [f"its output is no list of findings: {alien[0].strip()[:200]}"] if alien else []
        return Report(
            findings=tuple(findings),
            empty=b"There are no .py" in done.stderr,
            problem="; ".join(problems),
            warnings=tuple(filter(_REMARK.fullmatch, [*words, *complaints])),
        )


def _errors(stream: bytes) -> list[_Error]:
    return [from_json(line, _Error) for line in stream.splitlines() if line.startswith(b'{"')]


def _words(stream: bytes) -> list[str]:
    """Return the lines that are no findings, without empty ones."""
    lines = (line.decode("utf-8", "replace") for line in stream.splitlines())
    return [line for line in lines if line.strip() and not line.startswith('{"')]
