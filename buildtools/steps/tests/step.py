"""The step `tests`: its options, and one run of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from buildtools.core.decoding import from_json
from buildtools.plugin import (
    Cause,
    Inputs,
    Kind,
    Status,
    Step,
    StepContext,
    StepError,
    StepResult,
    Tool,
    ToolMissing,
)
from buildtools.steps.interpreter import found, install, interpreter, package_tool
from buildtools.steps.locate import locator
from buildtools.steps.tests import measure, records
from buildtools.steps.tests.covered import covered_files
from buildtools.steps.tests.measure import FORMS, Coverage
from buildtools.steps.tests.progress import followed
from buildtools.steps.tests.verdict import judge

_ENTRY = Path(__file__).with_name("runners") / "_buildtools_entry.py"
_NEEDS = {"pytest": "pytest>=7", "coverage": "coverage>=7.10"}


def _doc(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class Tests(Step, frozen=True):
    """Run tests with pytest or unittest, and measure their coverage.

    They run in the project's own interpreter, which needs pytest and coverage only where these are used.
    """

    __test__: ClassVar[bool] = False  # not a test class, whatever its name tells pytest

    runner: Annotated[Literal["pytest", "unittest"], _doc("What runs the tests")] = "pytest"
    paths: Annotated[
        tuple[str, ...],
        _doc("Files, folders, tests' own ids or dotted names; default: what the runner finds by itself"),
    ] = ()
    args: Annotated[tuple[str, ...], _doc("Further arguments for the runner")] = ()
    python: Annotated[
        str, _doc("The interpreter to test with, or a virtual environment's folder; default: the running one")
    ] = ""
    coverage: Annotated[Coverage | None, _doc("Measure coverage")] = None
    pattern: Annotated[str, _doc("unittest: the names of test files; default: test*.py")] = ""
    top: Annotated[str, _doc("unittest: the folder that modules are imported from; default: above the package")] = ""
    sources: Annotated[
        tuple[str, ...],
        _doc(
            "Patterns of all files that the tests read: as long as these, the interpreter and its packages are the "
            "same, a passed result comes from the cache"
        ),
    ] = msgspec.field(name="inputs", default=())
    inputs_env: Annotated[tuple[str, ...], _doc("Names of variables that the result depends on as well")] = ()
    allow_empty: Annotated[bool, _doc("It is no error if no test ran")] = False

    kind: ClassVar[Kind] = Kind.CHECK
    version: ClassVar[str] = "2"
    positional: ClassVar[str] = "paths"
    provides: ClassVar[tuple[str, ...] | None] = ("tests", "failures", "coverage")

    def check_options(self) -> Iterator[tuple[str, str]]:
        """Refuse options of the other runner."""
        if self.runner == "pytest":
            for name in ("pattern", "top"):
                if getattr(self, name):
                    yield name, "is for `runner: unittest`; pytest has `python_files` and `pythonpath` in its settings"
        if any(not path for path in self.paths):
            yield "paths", "holds an empty path"
        if self.sources or self.inputs_env:
            from buildtools.steps import declared

            yield from declared.problems(self.sources, (), self.inputs_env)

    def tools(self, root: Path, env: Mapping[str, str]) -> Iterator[Tool]:
        """Yield the runner's and coverage's packages, as they are installed in the interpreter."""
        if self.runner == "pytest":
            yield package_tool(self.python, _NEEDS["pytest"], (root, env))
        if self.coverage is not None:
            yield package_tool(self.python, _NEEDS["coverage"], (root, env))

    def inputs(self, ctx: StepContext) -> Inputs | None:
        """Return what the file says, with the settings, interpreter and packages that every test depends on."""
        if not self.sources or ctx.cache is None:
            return None
        from buildtools.steps.tests.inputs import Named, Reading

        named = Named(
            paths=self.paths,
            others=(*self.args, self.coverage.rcfile if self.coverage else ""),
            top=self.top,
            python=interpreter(ctx, self.python),
            env=self.inputs_env,
            made=measure.written(self.coverage, ctx) if self.coverage else (),
        )
        return Reading(ctx, ctx.cache, named).inputs(self.sources)

    def settle(self, ctx: StepContext, result: StepResult) -> StepResult:
        """Hold the coverage against the changed lines and the last run."""
        if self.coverage is None or result.status not in (Status.PASSED, Status.FAILED):
            return result
        from buildtools.steps.tests.ratchet import held

        return held(result, self.coverage, ctx)

    def run(self, ctx: StepContext) -> StepResult:
        """Run the tests, then report their coverage; a missing pytest or coverage raises `ToolMissing`."""
        import tempfile

        folder = Path(tempfile.mkdtemp(prefix="tests-", dir=ctx.temp))
        python = interpreter(ctx, self.python)
        wanted = measure.destinations(self.coverage, ctx) if self.coverage else {}
        measuring = measure.settings(self.coverage, folder, wanted) if self.coverage else None
        result = self._test(ctx, python, folder, measuring)
        outputs = {
            "tests": str(len(result.cases)),
            "failures": str(sum(case.status in (Status.FAILED, Status.ERROR) for case in result.cases)),
            "coverage": "",
        }
        result = msgspec.structs.replace(result, outputs=outputs)
        if self.coverage is None or measuring is None or not result.cases:
            return result
        summary = _report(ctx, python, folder, measuring)
        if summary.problem:
            return _unmeasured(result, summary.problem, self.coverage)
        artifacts = measure.publish(folder, wanted, self.coverage, ctx)
        files = covered_files(folder / FORMS["json"], locator(ctx.root, ctx.workdir))
        return _with_coverage(msgspec.structs.replace(result, artifacts=artifacts, coverage=files), summary)

    def _test(self, ctx: StepContext, python: str, folder: Path, measuring: dict[str, Any] | None) -> StepResult:
        log = folder / "events.jsonl"
        words = (*self.args, *self.paths) if self.runner == "pytest" else self.args
        settings = {
            "runner": self.runner,
            "events": str(log),
            "args": words,
            "paths": self.paths,
            "pattern": self.pattern,
            "top": self.top,
            "coverage": measuring,
        }
        with found(), followed(ctx, log):
            # Unbuffered: on a pipe, the runner's dots would come in blocks of 8 KiB.
            done = ctx.run(_argv((python, "-u"), "run", folder, settings))
        try:
            events = records.read(log.read_bytes())
        except FileNotFoundError:
            raise StepError(f"{python} could not begin with the tests ({done.ending}): see its output") from None
        session = records.fold(events, self.runner, locator(ctx.root, ctx.workdir))
        if session.missing is not None:
            tool = session.missing.tool
            raise ToolMissing(f"{tool} in {python}", remedy=install(python, _NEEDS[tool]))
        return judge(session, done, self.runner, allow_empty=self.allow_empty)


def _argv(python: tuple[str, ...], task: str, folder: Path, settings: dict[str, Any]) -> tuple[str | Path, ...]:
    file = folder / f"{task}.json"
    file.write_bytes(msgspec.json.encode(settings))
    return (*python, _ENTRY, task, file)


def _report(ctx: StepContext, python: str, folder: Path, measuring: dict[str, Any]) -> measure.Summary:
    done = ctx.run(_argv((python,), "coverage", folder, measuring))
    try:
        return from_json(Path(measuring["summary"]).read_bytes(), measure.Summary)
    except (OSError, msgspec.DecodeError):
        raise StepError(f"the coverage report broke down ({done.ending}): see its output") from None


def _unmeasured(result: StepResult, problem: str, coverage: Coverage) -> StepResult:
    """Add to a result that its coverage is not known: an error, unless the tests are worse already."""
    reason = f"coverage: {problem}"
    if coverage.source:
        reason += f" (source: {', '.join(coverage.source)})"
    if result.status is not Status.PASSED:
        return msgspec.structs.replace(result, warnings=(*result.warnings, reason))
    return msgspec.structs.replace(result, status=Status.ERROR, cause=Cause.NONE, reason=reason)


def _with_coverage(result: StepResult, summary: measure.Summary) -> StepResult:
    shown = measure.shown(summary)
    result = msgspec.structs.replace(
        result, metrics=measure.metrics(summary), outputs={**result.outputs, "coverage": f"{shown:g}"}
    )
    if not summary.missed:
        return result
    reason = f"coverage is {shown:g} %, under {summary.fail_under:g} %"
    if result.status is Status.PASSED:
        return msgspec.structs.replace(result, status=Status.FAILED, reason=reason)
    return msgspec.structs.replace(result, reason=f"{result.reason}; {reason}")
