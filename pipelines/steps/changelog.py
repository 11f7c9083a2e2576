"""An example of a plugin: it lives in the folder `steps/` beside the pipeline files, so they can say `uses: changelog`.

How it is put together is told in docs/plugins.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from buildtools.plugin import (
    Finding,
    Inputs,
    Kind,
    Severity,
    Status,
    Step,
    StepContext,
    StepError,
    StepResult,
    fingerprinted,
)

_HEADING = re.compile(r"##\s+\[?(?P<version>[^\s\]]+)\]?(?:\s+-\s+(?P<date>\S+))?\s*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_VERSION = re.compile(r"""^__version__(?:\s*:\s*str)?\s*=\s*["']([^"']+)["']""", re.MULTILINE)


class Changelog(Step, frozen=True):
    """Check that the changelog has an entry for the version, with something in it.

    Headings are those of keep-a-changelog: `## [1.2.0] - 2024-05-31`. The entry of a version that is not released yet
    may have no date, or stand under `## [Unreleased]`, unless `released` asks for more.
    """

    entry: Annotated[str, msgspec.Meta(description="The version that must have an entry")] = ""
    version_from: Annotated[
        Path | None, msgspec.Meta(description="A Python file whose `__version__` is that version")
    ] = None
    file: Annotated[Path, msgspec.Meta(description="The changelog")] = Path("CHANGELOG.md")
    released: Annotated[
        bool, msgspec.Meta(description="The entry must have a date, and `Unreleased` does not count")
    ] = False

    kind: ClassVar[Kind] = Kind.CHECK
    positional: ClassVar[str] = "entry"

    def check_options(self) -> Iterator[tuple[str, str]]:
        """One of the two ways to give the version must be taken, and only one."""
        if bool(self.entry) == (self.version_from is not None):
            yield "entry", "give either `entry` or `version-from`"

    def inputs(self, ctx: StepContext) -> Inputs | None:
        """The result depends on these files alone, and on the options."""
        files = [self.file] if self.version_from is None else [self.file, self.version_from]
        return Inputs(files=tuple(ctx.workdir / file for file in files))

    def run(self, ctx: StepContext) -> StepResult:
        """Return a finding for what is wrong; raise `StepError` for what cannot be read."""
        version = self.entry or _declared(ctx.workdir / (self.version_from or ""))
        lines = _read(ctx.workdir / self.file).splitlines()
        problems = list(_problems(lines, version, released=self.released))
        if not problems:
            return StepResult(reason=f"{self.file} has an entry for {version}")
        path = (ctx.workdir / self.file).relative_to(ctx.root).as_posix()
        findings = fingerprinted(
            Finding(tool="changelog", rule=rule, message=message, path=path, line=line, severity=Severity.ERROR)
            for rule, line, message in problems
        )
        return StepResult(status=Status.FAILED, reason=findings[0].message, findings=findings)


def _problems(lines: list[str], version: str, *, released: bool) -> Iterator[tuple[str, int, str]]:
    """Yield `(rule, line, message)`; lines count from 1."""
    headings = {
        match["version"]: (number, match["date"])
        for number, line in reversed(list(enumerate(lines, 1)))
        if (match := _HEADING.fullmatch(line))
    }
    found = version if version in headings or released or "Unreleased" not in headings else "Unreleased"
    if found not in headings:
        yield (
            "no-entry",
            min((number for number, _ in headings.values()), default=1),
            f"there is no entry for {version}",
        )
        return
    number, date = headings[found]
    if not _says_something(lines[number:]):
        yield "empty-entry", number, f"the entry for {found} is empty"
    if date is None and released:
        yield "no-date", number, f"the entry for {version} has no date"
    if date is not None and not _DATE.fullmatch(date):
        yield "bad-date", number, f"{date!r} is not a date of the form 2024-05-31"


def _says_something(rest: list[str]) -> bool:
    """Whether a line of text comes before the next entry."""
    for line in rest:
        if line.startswith("## "):
            return False
        if line.strip() and not line.startswith("#"):
            return True
    return False


def _declared(file: Path) -> str:
    match = _VERSION.search(_read(file))
    if match is None:
        raise StepError(f"{file}: there is no `__version__ = …` in it", remedy="Give the option `entry` instead.")
    return match[1]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StepError(f"{file}: {getattr(error, 'strerror', None) or 'is not UTF-8 text'}") from None
