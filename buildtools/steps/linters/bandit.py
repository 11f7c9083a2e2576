"""The step `bandit`. Format: bandit.readthedocs.io/en/latest/formatters/json.html."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from buildtools.core.errors import BuildtoolsError
from buildtools.plugin import Completed, Finding, Inputs, Severity, StepContext
from buildtools.steps.interpreter import interpreter
from buildtools.steps.linters.linter import PythonLinter, doc
from buildtools.steps.linters.report import Report, decode
from buildtools.steps.linters.spelling import Spelling
from buildtools.steps.owncode import everything
from buildtools.system.files import find_files
from buildtools.system.query import query

_INSTALLED = """
import platform
from importlib.metadata import entry_points, version
points = [point for group in ("plugins", "blacklists", "formatters") for point in entry_points(group=f"bandit.{group}")]
found = sorted({f"{point.dist.name} {point.dist.version}" for point in points})
print("python", platform.python_version())
print("bandit", version("bandit"))
print("plugins", ", ".join(found))
"""
_INI = ".bandit"
_LEADS_ON = re.compile(rb"^\s*(?:configfile|baseline|targets)\b|include", re.MULTILINE | re.IGNORECASE)
"""In a configuration or a file `.bandit`: what names files that are not looked for here."""
_SEVERITY = {"HIGH": Severity.ERROR, "MEDIUM": Severity.WARNING}


class _Issue(msgspec.Struct):
    filename: str
    test_id: str
    test_name: str
    issue_text: str
    issue_severity: str
    line_number: int
    line_range: list[int]
    col_offset: int = -1
    end_col_offset: int = -1

    def finding(self) -> Finding:
        return Finding(
            tool="bandit",
            rule=self.test_id,
            symbol=self.test_name,
            message=self.issue_text,
            path=self.filename,
            line=self.line_number,
            column=self.col_offset + 1,
            end_line=self.line_range[-1] if self.line_range else 0,
            end_column=self.end_col_offset + 1,
            severity=_SEVERITY.get(self.issue_severity, Severity.INFO),
        )


class _Unchecked(msgspec.Struct):
    filename: str
    reason: str

    def finding(self) -> Finding:
        return Finding(
            tool="bandit", rule="unchecked", message=self.reason, path=self.filename, severity=Severity.ERROR
        )


class _Output(msgspec.Struct):
    errors: list[_Unchecked]
    results: list[_Issue]
    metrics: dict[str, object]


class Bandit(PythonLinter, frozen=True):
    """Look for security problems in Python code with bandit."""

    tool: ClassVar[str] = "bandit"
    suffixes: ClassVar[tuple[str, ...]] = (".py", ".pyw")
    ours: ClassVar[tuple[str, ...]] = ("-f", "--format", "-o", "--output", "-h", "--help", "--version")
    spelling: ClassVar[Spelling] = Spelling(flags="dhilqrv", shortened=True)

    fail_on: Annotated[Severity, doc("The least severity that closes the gate; bandit's LOW is info")] = Severity.INFO

    def everything(self, workdir: Path) -> tuple[str, ...]:
        """Return the Python files and folders of the work folder, without environments, which bandit would enter."""
        return everything(workdir) or (".",)

    def inputs(self, ctx: StepContext) -> Inputs | None:
        """Return all Python files below the paths, what configures it, and the versions of Python and of its plugins.

        bandit looks at each file by itself. `None` for a run that is restricted to changed files, for a configuration
        that may name further files or kinds of files, and for a Python older than 3.10, which cannot tell of plugins.
        """
        try:
            return None if ctx.changed_files is not None else self._inputs(ctx)
        except (OSError, BuildtoolsError):  # which the run meets too, and tells
            return None

    def words(self) -> tuple[str, ...]:
        """Ask for JSON."""
        return ("--format", "json", "--quiet", "--recursive", *(("--configfile", self.config) if self.config else ()))

    def read(self, done: Completed) -> Report:
        """Read what was found, and what could not be checked: for that, bandit exits with 0."""
        output = decode(done.stdout, _Output)
        files = tuple(name for name in output.metrics if name != "_totals")
        findings = (*(error.finding() for error in output.errors), *(issue.finding() for issue in output.results))
        return Report(findings=findings, files=files, empty=not files)

    def _inputs(self, ctx: StepContext) -> Inputs | None:
        argv = (interpreter(ctx, self.python), "-c", _INSTALLED)
        status, installed, _ = query(argv, cwd=ctx.workdir, env=ctx.env)
        named = [path for word in (self.config, *self.args) for path in _named(word, ctx.workdir)]
        paths = [*(ctx.workdir / path for path in self.paths or self.everything(ctx.workdir)), *named]
        patterns = [*(f"**/*{suffix}" for suffix in self.suffixes), f"**/{_INI}"]
        files: list[Path] = []
        for path in paths:
            files += find_files(path, patterns, default_excludes=False) if path.is_dir() else [path]
        settings = [path for path in files if path.is_file() and (path in named or path.name == _INI)]
        if status or any(_LEADS_ON.search(path.read_bytes()) for path in settings):
            return None
        pairs = (line.partition(" ") for line in installed.decode("utf-8", "replace").splitlines())
        return Inputs(files=tuple(dict.fromkeys(files)), tools=tuple((name, version) for name, _, version in pairs))


def _named(word: str, workdir: Path) -> Iterator[Path]:
    """Yield what an argument may name: `conf`, `--ini=conf`, `-cconf`, `-rqc=conf`. Only of the latter, it must be."""
    if word.startswith("-") and not word.startswith("--"):
        ends = (workdir / word[at:] for at in range(2, len(word)))
        yield from (path for path in ends if path.exists())
    elif name := word.partition("=")[2] if word.startswith("--") else word:
        yield workdir / name
