"""The step `report`: what other tools have written joins the gate, whatever their exit status was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import msgspec

from buildtools.plugin import Finding, Kind, Severity, Status, StepContext, StepError, StepResult
from buildtools.steps.imported import verdict
from buildtools.steps.imported.forms import data_of, read
from buildtools.steps.imported.imported import Imported
from buildtools.steps.imported.whereabouts import whereabouts
from buildtools.steps.linters.verdict import Bar
from buildtools.steps.locate import shown
from buildtools.steps.ratchet import Ratchet
from buildtools.system.files import find_files, has_wildcard, pattern_problem

Form = Literal[
    "auto",
    "junit",
    "sarif",
    "checkstyle",
    "parseable",
    "codequality",
    "json",
    "pylint-json",
    "cobertura",
    "lcov",
    "go-test",
]
_TICK = 0.05
"""A file's time may lag behind the clock by the kernel's tick, a hundredth of a second or less."""
_COARSE = 2.0
"""Where a file's time is a whole second, the file system may know no finer ones: FAT has even ones only."""


def _doc(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class Report(Ratchet, frozen=True, kw_only=True):
    """Let the reports of other tools join the gate.

    Reads JUnit XML, SARIF, Checkstyle's XML, pylint's JSON and lines, code quality JSON, Cobertura and LCOV coverage,
    `go test -json` and run.json. Findings, failed tests and missed coverage close the gate. It is an action by its
    place: it waits for the steps above it, which make the files.
    """

    kind: ClassVar[Kind] = Kind.ACTION
    positional: ClassVar[str] = "files"
    provides: ClassVar[tuple[str, ...] | None] = ("findings", "tests")

    files: Annotated[tuple[str, ...], _doc("The reports, by Ant's patterns; each must match a file")]
    form: Annotated[Form, _doc("What they are; `auto`: each file's content tells")] = msgspec.field(
        name="format", default="auto"
    )
    fail_on: Annotated[Severity, _doc("The least severity that closes the gate")] = Severity.WARNING
    max_warnings: Annotated[int, msgspec.Meta(ge=0, description="So many findings below error still pass")] = 0
    fail_under: Annotated[
        Annotated[float, msgspec.Meta(ge=0, le=100)] | None, _doc("Fail below this percentage of coverage")
    ] = None
    allow_empty: Annotated[bool, _doc("It is no error if the reports say that nothing was checked")] = False
    allow_old: Annotated[bool, _doc("Take files that were written before this run began")] = False

    def check_options(self) -> Iterator[tuple[str, str]]:
        """Refuse to read nothing, and patterns that cannot be."""
        if not self.files:
            yield "files", "names no file"
        for pattern in self.files:
            if has_wildcard(pattern):
                if problem := pattern_problem(pattern):
                    yield "files", problem
            elif not pattern.strip() or "\0" in pattern:
                yield "files", "holds an empty path" if not pattern.strip() else "a path cannot hold a NUL"

    def run(self, ctx: StepContext) -> StepResult:
        """Read the files and judge them together."""
        paths = tuple(dict.fromkeys(path for pattern in self.files for path in self._matching(pattern, ctx)))
        read_so = []
        for path in paths:
            ctx.check_cancelled()
            read_so.append(self._read(path, ctx))
        results = (verdict.located(one, whereabouts(ctx.root, ctx.workdir, one.sources)) for one in read_so)
        result = verdict.together(results)
        ctx.output(f"read {', '.join(shown(path, ctx.root) for path in paths)}\n")
        if not self.allow_empty:
            if all(one.nothing for one in read_so):
                return verdict.empty("the reports say that nothing was checked")
            if verdict.skipped_all(result.cases) and not (result.findings or result.coverage):
                return verdict.empty("every test was skipped: nothing was checked")
        if self.fail_under is not None:
            if not result.coverage:
                raise StepError("fail-under: no coverage is in the reports", remedy="Name the coverage report, too.")
            result = verdict.barred(result, self.fail_under)
        return self._judged_all(result, self._findings_alone(result))

    def closes(self, findings: tuple[Finding, ...]) -> bool:
        """Hold findings against the bar; those that are known close nothing."""
        return Bar(self.fail_on, self.max_warnings).closes(tuple(one for one in findings if not one.known))

    def settle(self, ctx: StepContext, result: StepResult) -> StepResult:
        """Hold the findings against what was there before; tests and coverage stay as they are."""
        if result.status not in (Status.PASSED, Status.FAILED) or not (self.baseline or self.new_since):
            return result
        return self._judged_all(result, super().settle(ctx, self._findings_alone(result)))

    def _findings_alone(self, result: StepResult) -> StepResult:
        """Return what the findings by themselves would come to."""
        status = Status.FAILED if self.closes(result.findings) else Status.PASSED
        return msgspec.structs.replace(result, status=status, reason=verdict.found(result.findings), metrics=())

    def _judged_all(self, result: StepResult, findings: StepResult) -> StepResult:
        """Return the result with the verdict on its findings, to which that on tests and coverage is added."""
        beside = verdict.beside(result)
        return msgspec.structs.replace(
            findings,
            status=Status.FAILED if beside else findings.status,
            reason="; ".join(part for part in (*beside, findings.reason) if part),
            metrics=(*result.metrics, *findings.metrics),
        )

    def _matching(self, pattern: str, ctx: StepContext) -> list[Path]:
        try:
            if has_wildcard(pattern):
                found = find_files(ctx.workdir, [pattern])
            else:
                found = [ctx.workdir / pattern] if os.path.lexists(ctx.workdir / pattern) else []
        except OSError as error:
            raise StepError(f"files: {error.filename}: cannot be read: {error.strerror}") from None
        if not found:
            what = f"no file matches {pattern}" if has_wildcard(pattern) else f"{pattern} is not there"
            remedy = f"It is looked for in {ctx.workdir}. See that the step that makes it stands above, or in `needs`."
            raise StepError(f"files: {what}", remedy=remedy)
        return found

    def _read(self, path: Path, ctx: StepContext) -> Imported:
        name = shown(path, ctx.root)
        self._check_age(path, name, ctx)
        data = data_of(path, name)
        if not data.strip() and self.allow_empty:
            return Imported(result=StepResult(), nothing=True)
        return read(data, self.form, name)

    def _check_age(self, path: Path, name: str, ctx: StepContext) -> None:
        """Raise `StepError` for a file that an earlier run has left: what it says may long be wrong."""
        try:
            written = path.stat().st_mtime_ns
        except OSError:
            return  # its reader says why
        slack = _TICK if written % 10**9 else _COARSE
        if not self.allow_old and written / 1e9 < ctx.run_started - slack:
            remedy = (
                "Run the step that makes it as well, above this one or in its `needs`; "
                "for a file that comes from elsewhere, say `allow-old: true`."
            )
            raise StepError(f"{name}: is older than this run: no step of it has written it", remedy=remedy)
