"""The base of every linter plugin: its options, and one run of the tool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar

import msgspec

from buildtools.plugin import (
    Cause,
    Completed,
    Finding,
    Kind,
    Severity,
    StepContext,
    StepError,
    StepResult,
    Tool,
    ToolMissing,
)
from buildtools.steps.interpreter import found, install, interpreter, package_tool
from buildtools.steps.linters import programs, targets, verdict
from buildtools.steps.linters.report import Report, said
from buildtools.steps.linters.spelling import Spelling
from buildtools.steps.locate import locator
from buildtools.steps.ratchet import Ratchet
from buildtools.system.files import find_files, pattern_problem
from buildtools.system.tools import program_version

SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte", ".astro")
"""How names of files with JavaScript or TypeScript in them end."""


def doc(text: str) -> msgspec.Meta:
    """Return an option's description."""
    return msgspec.Meta(description=text)


class Linter(Ratchet, frozen=True):
    """A tool that checks files and prints a report.

    A plugin sets `tool`, says in `words` how the tool is asked for its report, and reads that in `read`. It derives
    from `NodeLinter`, `PythonLinter`, `ProgramLinter` or `FileLinter`, which know where the tool is.
    """

    kind: ClassVar[Kind] = Kind.CHECK
    positional: ClassVar[str] = "paths"
    provides: ClassVar[tuple[str, ...] | None] = ("findings",)

    tool: ClassVar[str] = ""
    """The program's or module's name; the findings carry it."""
    package: ClassVar[str] = ""
    """The package that has it, where that is called otherwise."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """How the names of its files end; of the changed files, it gets these."""
    statuses: ClassVar[tuple[int, ...]] = (0, 1)
    """Exit statuses with which it has done its work, well or badly. With any other, its report does not count."""
    globs: ClassVar[bool] = False
    """Whether it takes patterns as paths."""
    ours: ClassVar[tuple[str, ...]] = ()
    """Options that `args` may not hold: those for the report's form, those that change files, those that do not end."""
    spelling: ClassVar[Spelling] = Spelling()
    """How these may be written."""

    paths: Annotated[tuple[str, ...], doc("Files and folders to check; default: the work folder")] = ()
    config: Annotated[str, doc("The tool's configuration file; default: the one that it finds")] = ""
    args: Annotated[tuple[str, ...], doc("Further arguments for the tool")] = ()
    fail_on: Annotated[Severity, doc("The least severity that closes the gate")] = Severity.WARNING
    max_warnings: Annotated[int, msgspec.Meta(ge=0, description="So many findings below error still pass")] = 0
    allow_empty: Annotated[bool, doc("It is no error if there was no file to check")] = False

    def words(self) -> tuple[str, ...]:
        """Return the tool's arguments, without the user's `args` and the paths: they come behind."""
        raise NotImplementedError(f"{type(self).__name__} has no words()")

    def read(self, done: Completed) -> Report:
        """Read what the tool wrote, whole. What cannot be read raises `ValueError` or `msgspec.DecodeError`."""
        raise NotImplementedError(f"{type(self).__name__} has no read()")

    def start(self, ctx: StepContext) -> tuple[str | Path, ...]:
        """Return the words that start the tool; raises `ToolMissing` with the remedy."""
        raise NotImplementedError(f"{type(self).__name__} says not where its tool is")

    def call(self, ctx: StepContext, words: Sequence[str]) -> Completed:
        """Run the tool to its end, with these arguments."""
        return ctx.run((*self.start(ctx), *words), capture=True)

    def everything(self, workdir: Path) -> tuple[str, ...]:  # noqa: ARG002 - for subclasses
        """Return what `paths` is where the user names none."""
        return (".",)

    def targets(self, ctx: StepContext, paths: Sequence[str]) -> Sequence[str] | None:
        """Return what the tool is called with; `None` if nothing that concerns it has changed."""
        if ctx.changed_files is None:
            return paths
        below = paths or (".",)
        return tuple(targets.changed(ctx.changed_files, below, self.suffixes, ctx.workdir)) or None

    def check_options(self) -> Iterator[tuple[str, str]]:
        """Refuse arguments that would take away the report or change files, and paths that look like arguments."""
        for word in self.args:
            if self.spelling.hides(word):
                yield "args", f"{word}: write the arguments of that file here: some are not for the step"
            elif self.spelling.names(word, self.ours):
                yield "args", f"{word}: the step reads the tool's report, and leaves the files as they are"
        for path in self.paths:
            if not path or path.startswith("-") or self.spelling.hides(path):
                yield "paths", "holds an empty path" if not path else f"{path}: write ./{path}"

    def run(self, ctx: StepContext) -> StepResult:
        """Run the tool and judge its report; its exit status alone never opens the gate."""
        paths = self.paths or self.everything(ctx.workdir)
        targets.present(paths, ctx.workdir, globs=self.globs)
        if self.config and "=" not in self.config:
            targets.present((self.config,), ctx.workdir, option="config")
        called = self.targets(ctx, paths)
        if called is None:
            return StepResult(reason=f"nothing for {self.tool} among the changed files", outputs={"findings": "0"})
        report = Report(empty=True)
        if called or not paths:
            report = self.judge(self.call(ctx, (*self.words(), *self.args, *called)))
        result = verdict.result(self.tool, report, self._bar, locator(ctx.root, ctx.workdir))
        if result.cause is Cause.EMPTY and (self.allow_empty or ctx.changed_files is not None):
            result = StepResult(reason=result.reason)
        return msgspec.structs.replace(result, outputs={"findings": str(len(result.findings))})

    def closes(self, findings: tuple[Finding, ...]) -> bool:
        """Hold new findings against the same bar."""
        return self._bar.closes(findings)

    @property
    def _bar(self) -> verdict.Bar:
        return verdict.Bar(self.fail_on, self.max_warnings)

    def judge(self, done: Completed) -> Report:
        """Return the report of a finished tool; `StepError` with its words for one that did not do its work."""
        if done.returncode not in self.statuses:
            raise StepError(f"{self.tool} broke down ({done.ending}): {said(done)}")
        try:
            report = self.read(done)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            what = said(done, error)
            raise StepError(f"{self.tool} left no report that can be read ({done.ending}): {what}") from None
        if report.problem:
            raise StepError(f"{self.tool}: {report.problem}")
        if done.returncode and not report.findings and not report.empty:
            raise StepError(f"{self.tool} failed, but reported nothing ({done.ending}): {said(done)}")
        return report


class ProgramLinter(Linter, frozen=True):
    """A tool that is a program on PATH."""

    remedy: ClassVar[str] = ""
    """How to get it, beginning with a capital."""

    program: Annotated[str, doc("The program: a name on PATH, or a path; default: the project's own")] = ""

    def find(self, workdir: Path, env: Mapping[str, str]) -> Path:
        """Return the program; raises `ToolMissing`."""
        if self.program:
            return programs.asked_for(self.program, workdir, env)
        where = "Install it and add its folder to PATH, or name it with the option `program:`."
        return programs.on_path(self.tool, env, f"{self.remedy}\n{where}".strip())

    def start(self, ctx: StepContext) -> tuple[str | Path, ...]:
        """Return the program's path."""
        return (self.find(ctx.workdir, ctx.env),)

    def tools(self, root: Path, env: Mapping[str, str]) -> Iterator[Tool]:
        """Yield the tool, as it is installed."""
        try:
            version = program_version((str(self.find(root, env)), "--version"), cwd=root, env=env)
        except ToolMissing as error:
            yield Tool(name=error.tool, remedy=error.remedy)
        else:
            yield Tool(name=self.tool, version=version, remedy=f"`{self.tool} --version` says nothing: install it anew")


class NodeLinter(ProgramLinter, frozen=True):
    """A tool from the project's `node_modules`, the nearest upwards from the work folder; else from PATH."""

    def find(self, workdir: Path, env: Mapping[str, str]) -> Path:
        """Return the program; raises `ToolMissing`, for Node too."""
        own = None if self.program else programs.of_packages(self.tool, workdir)
        if own is None and not self.program:
            remedy = (
                f"Install it in the project: npm install --save-dev {self.package or self.tool}\n"
                f"(looked for in node_modules/.bin of {workdir} and above, and on PATH; `program:` names another place)"
            )
            own = programs.on_path(self.tool, env, remedy)
        program = own or programs.asked_for(self.program, workdir, env)
        programs.need_node(program, env)
        return program

    def start(self, ctx: StepContext) -> tuple[str | Path, ...]:
        """Return the program's path; say so if it is not the project's own."""
        program = self.find(ctx.workdir, ctx.env)
        if not self.program and program != programs.of_packages(self.tool, ctx.workdir):
            ctx.output(f"{self.tool} is not in the project's node_modules: {program}, from PATH, is used\n")
        return (program,)


class PythonLinter(Linter, frozen=True):
    """A tool that is a package in the project's interpreter, started as `python -m TOOL`."""

    python: Annotated[
        str, doc("The interpreter that has the tool, or a virtual environment; default: the running one")
    ] = ""

    def start(self, ctx: StepContext) -> tuple[str | Path, ...]:
        """Return the interpreter and the module."""
        return (interpreter(ctx, self.python), "-m", self.tool)

    def call(self, ctx: StepContext, words: Sequence[str]) -> Completed:
        """Run the tool; raises `ToolMissing` for an interpreter that is not there, or has no such package."""
        with found():
            done = super().call(ctx, words)
        last = done.stderr.rstrip().rpartition(b"\n")[2]
        if done.returncode and re.search(rf": No module named '?{re.escape(self.tool)}'?$".encode(), last):
            python = done.argv[0]
            raise ToolMissing(f"{self.tool} in {python}", remedy=install(python, self.package or self.tool))
        return done

    def tools(self, root: Path, env: Mapping[str, str]) -> Iterator[Tool]:
        """Yield the package, as it is installed in the interpreter."""
        yield package_tool(self.python, self.package or self.tool, (root, env))


class FileLinter(ProgramLinter, frozen=True):
    """A tool that is a program and takes files only: folders stand for the files in them that `include` matches."""

    include: Annotated[tuple[str, ...], doc("Files below a folder, by Ant's patterns: **/*.js is any depth")] = ("**",)
    exclude: Annotated[tuple[str, ...], doc("Files below a folder not to check, by Ant's patterns")] = ()

    def check_options(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the patterns, too."""
        yield from super().check_options()
        for option, patterns in (("include", self.include), ("exclude", self.exclude)):
            yield from ((option, problem) for pattern in patterns if (problem := pattern_problem(pattern)))

    def targets(self, ctx: StepContext, paths: Sequence[str]) -> Sequence[str] | None:
        """Return the files; version control, installed packages and caches are left out."""
        files: dict[str, None] = {}
        for path in paths:
            place = ctx.workdir / path
            below = find_files(place, self.include, self.exclude) if place.is_dir() else [place]
            files.update((str(file), None) for file in below)
        if ctx.changed_files is None:
            return tuple(files)
        real = {path.resolve() for path in ctx.changed_files}
        return tuple(file for file in files if Path(file).resolve() in real) or None
