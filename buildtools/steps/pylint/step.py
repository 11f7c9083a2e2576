"""The step `pylint`: its options, and one run of it."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from buildtools.core.wording import count
from buildtools.plugin import (
    Cause,
    Completed,
    Kind,
    Status,
    StepContext,
    StepError,
    StepResult,
    Tool,
    ToolMissing,
)
from buildtools.steps.interpreter import found, install, interpreter, package_tool
from buildtools.steps.locate import locator
from buildtools.steps.owncode import everything
from buildtools.steps.pylint import report
from buildtools.steps.pylint.command import changed, listed
from buildtools.steps.ratchet import Ratchet

_DRIVER = Path(__file__).with_name("driver.py")
_CACHE = "BUILDTOOLS_PYLINT_CACHE"
"""Names the folder where the driver keeps what it found; see there"""
_NEEDED = "pylint>=3"
_NAME = "BUILDTOOLS_PYLINT_NAME"
"""Tells the driver two steps apart that have the same arguments"""


def _doc(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class Pylint(Ratchet, frozen=True):
    """Lint Python code with pylint.

    It runs in the project's own interpreter, with the project's own configuration, and reports exactly what pylint
    reports. The gate closes as pylint's exit status says: on any message, unless `fail-under` allows a lower score.
    """

    paths: Annotated[
        tuple[str, ...],
        _doc(
            "Files, folders and modules; default: all Python code of the work folder but environments and build output"
        ),
    ] = ()
    rcfile: Annotated[str, _doc("pylint's configuration file; default: the one that pylint finds")] = ""
    fail_under: Annotated[float | None, _doc("Pass when the score is at least this, whatever was found")] = None
    fail_on: Annotated[
        tuple[str, ...], _doc("Messages or categories that fail in spite of the score, e.g. `E` or `unused-import`")
    ] = ()
    disable: Annotated[tuple[str, ...], _doc("Messages or categories to leave out")] = ()
    enable: Annotated[tuple[str, ...], _doc("Messages or categories to check for, after `disable`")] = ()
    jobs: Annotated[
        Annotated[int, msgspec.Meta(ge=0)] | None,
        _doc("Processes that lint, which find what one process finds; 0 or none: one per processor"),
    ] = None
    verify: Annotated[
        bool | Annotated[float, msgspec.Meta(ge=0, le=1)],
        _doc("Let pylint alone lint everything too, and fail if it finds anything else; or in which share of the runs"),
    ] = False
    recursive: Annotated[bool, _doc("Folders that are no packages stand for all Python files below them")] = True
    args: Annotated[tuple[str, ...], _doc("Further arguments for pylint")] = ()
    python: Annotated[
        str, _doc("The interpreter whose packages pylint sees, or a virtual environment; default: the running one")
    ] = ""
    allow_empty: Annotated[bool, _doc("It is no error if no file was checked")] = False

    kind: ClassVar[Kind] = Kind.CHECK
    positional: ClassVar[str] = "paths"
    provides: ClassVar[tuple[str, ...] | None] = ("score", "messages")

    def check_options(self) -> Iterator[tuple[str, str]]:
        """Refuse arguments that would take away pylint's report."""
        for word in self.args:
            # pylint takes abbreviations, and values glued to a letter.
            if word.startswith(("--ou", "-f")):
                yield "args", f"{word}: the report's form is not to be chosen, it is read by the step"
            elif word.startswith(("-j", "--jo")):
                yield "args", f"{word}: say `jobs: N` instead"
            elif word.startswith("--fr"):
                yield "args", f"{word}: a step's standard input is empty, which would always pass"
        if any(not path for path in self.paths):
            yield "paths", "holds an empty path"

    def tools(self, root: Path, env: Mapping[str, str]) -> Iterator[Tool]:
        """Yield pylint, as it is installed in the interpreter."""
        yield package_tool(self.python, _NEEDED, (root, env))

    def run(self, ctx: StepContext) -> StepResult:
        """Lint; a missing or too old pylint raises `ToolMissing`."""
        paths = self.paths or everything(ctx.workdir)
        if not paths:
            return self._allow(report.nothing(f"there is no Python file in {ctx.workdir}"))
        only = None
        if ctx.changed_files is not None:
            only = changed(ctx.changed_files, paths, ctx.workdir)
            if not only:
                return StepResult(
                    reason="no Python file among the changed ones", outputs={"score": "", "messages": "0"}
                )
        outcome, said = self._lint(ctx, paths, only)
        result = self._result(ctx, outcome, said)
        if self._verifies() and outcome.files:
            result = self._verified(ctx, result, outcome, self._lint(ctx, paths, only, plain=True)[0])
        if only is not None and result.cause is Cause.EMPTY:
            return msgspec.structs.replace(
                result,
                status=Status.PASSED,
                cause=Cause.NONE,
                remedy="",
                reason="no Python file among the changed ones",
            )
        return self._allow(result)

    def arguments(self, paths: tuple[str, ...], jobs: int) -> tuple[str, ...]:
        """Return pylint's command line."""
        words: tuple[str, ...] = (f"--rcfile={self.rcfile}",) if self.rcfile else ()
        # Without it, pylint keeps each score in the user's home, to compare with the next one.
        words += ("--persistent=n",)
        words += listed("disable", self.disable) + listed("enable", self.enable) + listed("fail-on", self.fail_on)
        words += ("--recursive=y",) if self.recursive else ()
        words += (f"--jobs={jobs}",)
        words += (f"--fail-under={self.fail_under}",) if self.fail_under is not None else ()
        return (*words, *self.args, "--", *paths)

    def _verifies(self) -> bool:
        if isinstance(self.verify, bool):
            return self.verify
        import random

        return random.random() < self.verify

    def _verified(
        self, ctx: StepContext, result: StepResult, ours: report.Outcome, plain: report.Outcome
    ) -> StepResult:
        """Return the result, or an error if pylint alone finds something else."""
        from buildtools.steps.pylint.verify import difference

        found = difference(ours, plain)
        if not found:
            ctx.output(f"verified: pylint alone finds the same, {count(len(plain.messages), 'message')}\n")
            return result
        remedy = "Say `jobs: 1` and `cache: false` for now, and please report it: this is a mistake in buildtools."
        reason = f"what was found is not what pylint alone finds: {found}"
        return msgspec.structs.replace(result, status=Status.ERROR, reason=reason, remedy=remedy)

    def _lint(
        self, ctx: StepContext, paths: tuple[str, ...], only: tuple[str, ...] | None, *, plain: bool = False
    ) -> tuple[report.Outcome, str]:
        """Lint; with `plain` by pylint alone, one process without a cache."""
        import tempfile

        # A new folder for each attempt: what an earlier one left must not be taken for this one's.
        folder = Path(tempfile.mkdtemp(prefix="pylint-", dir=ctx.temp))
        out, restrict = folder / "report.json", folder / "files.json"
        if only is not None:
            restrict.write_bytes(msgspec.json.encode(only))
        python = interpreter(ctx, self.python)
        tail: deque[str] = deque(maxlen=20)

        def show(line: bytes) -> None:
            text = line.decode("utf-8", "replace")
            tail.append(text)
            ctx.output(text + "\n")

        # Which cycle of imports R0401 names, and even how many, hangs on the hash seed.
        env = {"PYTHONHASHSEED": ctx.env.get("PYTHONHASHSEED") or "0", _CACHE: ""}
        if ctx.cache is not None and not plain:
            env[_CACHE] = str(ctx.cache.folder)
            env[_NAME] = f"{ctx.step} {os.path.relpath(ctx.workdir, ctx.root)}"
        jobs = 1 if plain else self.jobs or 0
        argv = (python, _DRIVER, out, "-" if only is None else restrict, *self.arguments(paths, jobs))
        with found():
            done = ctx.run(argv, env=env, on_line=show)
        outcome = _read(out, done, tail)
        if outcome.problem:
            what = f"pylint {outcome.pylint} (3 or newer is needed)" if outcome.pylint else f"pylint in {python}"
            raise ToolMissing(what, remedy=install(python, _NEEDED))
        _check(outcome, _last(done, tail))
        self._tell(ctx, outcome)
        return outcome, _last(done, tail)

    def _tell(self, ctx: StepContext, outcome: report.Outcome) -> None:
        """Say how it was done."""
        if outcome.plain:
            ctx.output(f"pylint runs in one process: {outcome.plain}\n")
        if outcome.cached:
            ctx.output(f"{count(outcome.cached, 'file')} from the cache, {outcome.linted} linted\n")
        if outcome.lost:
            ctx.warn(f"the cache cannot be written: {outcome.lost}; the next run lints all anew")
        if ctx.cache is None:
            return
        if outcome.unkept:
            ctx.output(f"nothing is kept for the next run: {outcome.unkept}\n")
        if outcome.unkept or outcome.plain:
            ctx.cache.explain("", f"nothing is kept: {outcome.unkept or outcome.plain}")
        locate = locator(ctx.root, ctx.workdir)
        # A reason names files by their absolute paths.
        roots = "|".join(map(re.escape, {os.fspath(ctx.root), os.path.realpath(ctx.root)}))
        inside = re.compile(rf"(?<!\S)(?:{roots})/")
        for file, why in outcome.why:
            ctx.cache.explain(locate(str(ctx.workdir / file)), inside.sub("", why))

    def _result(self, ctx: StepContext, outcome: report.Outcome, said: str) -> StepResult:
        locate = locator(ctx.root, ctx.workdir)
        findings = report.findings(outcome.messages, locate)
        return msgspec.structs.replace(
            report.verdict(outcome, findings, said),
            findings=findings,
            cases=report.clean_files(outcome, findings, locate),
            metrics=report.metrics(outcome, bar=self.fail_under),
            outputs={
                "score": "" if outcome.score is None else report.rated(outcome.score),
                "messages": str(len(findings)),
            },
        )

    def _allow(self, result: StepResult) -> StepResult:
        if result.cause is Cause.EMPTY and self.allow_empty:
            return msgspec.structs.replace(result, status=Status.PASSED, cause=Cause.NONE, remedy="")
        return result


def _read(out: Path, done: Completed, tail: deque[str]) -> report.Outcome:
    try:
        return report.decode(out.read_bytes())
    except (OSError, msgspec.DecodeError):
        raise StepError(f"pylint broke down ({done.ending}): {_last(done, tail) or 'it wrote nothing'}") from None


def _check(outcome: report.Outcome, said: str) -> None:
    """Raise `StepError` for a run of pylint that would pass without having looked, or by other rules than asked for."""
    if outcome.unread:
        raise StepError(
            f"pylint cannot read its configuration: {'; '.join(outcome.unread)}", remedy="Correct the file."
        )
    if outcome.stdin:
        raise StepError(
            "from-stdin: a step's standard input is empty, which would always pass",
            remedy="Take it out of pylint's configuration, and name the files in `paths`.",
        )
    if not outcome.ended and not outcome.status:
        raise StepError(
            f"pylint ended before it had linted anything: {said or 'without a word'}",
            remedy="Correct `args`, or the `init-hook` or plugin that ends it.",
        )


def _last(done: Completed, tail: deque[str]) -> str:
    """Return the last line that was said, on stderr if there is one."""
    for lines in (done.stderr.decode("utf-8", "replace").splitlines(), list(tail)):
        said = [line.strip() for line in lines if line.strip()]
        if said:
            return said[-1]
    return ""
