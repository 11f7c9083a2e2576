"""The jslint step: which files, which engine, what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import msgspec

from buildtools.plugin import Cause, Duration, Finding, Kind, Status, StepContext, StepError, StepResult, Tool
from buildtools.steps.jslint import outcome
from buildtools.steps.jslint.options import option_problems
from buildtools.steps.ratchet import Ratchet
from buildtools.system.files import find_files, has_wildcard, pattern_problem

MINIFIED = ("**/*.min.js", "**/*.min.mjs", "**/*.min.cjs")
"""Nobody wrote these, and JSLint's time grows with the square of a line's length."""


class Jslint(Ratchet, frozen=True):
    """Lint JavaScript with JSLint on Node or Rhino."""

    name: ClassVar[str] = "jslint"
    kind: ClassVar[Kind] = Kind.CHECK
    positional: ClassVar[str] = "dir"

    dir: Annotated[Path, msgspec.Meta(description="The folder to lint, or one file.")] = Path()
    include: Annotated[
        tuple[str, ...], msgspec.Meta(description="Files below dir, by Ant's patterns: **/*.js is any depth.")
    ] = ("**/*.js", "**/*.mjs", "**/*.cjs")
    exclude: Annotated[
        tuple[str, ...], msgspec.Meta(description="Files not to lint; vendor/**/*.js is the top-level vendor only.")
    ] = ()
    default_excludes: Annotated[
        bool, msgspec.Meta(description="Leave out *.min.js, node_modules, version control and caches.")
    ] = True
    engine: Annotated[Literal["node", "rhino"], msgspec.Meta(description="What runs JSLint.")] = "node"
    options: Annotated[dict[str, str], msgspec.Meta(description="JSLint's own options, as browser: true.")] = (
        msgspec.field(default_factory=dict)
    )
    globals: Annotated[tuple[str, ...], msgspec.Meta(description="Names that files may use undeclared.")] = ()
    config: Annotated[
        Path | None,
        msgspec.Meta(
            description="A JSON file of JSLint's options, with globals as a list; "
            "default: the nearest .jslintrc from dir up to the project's root."
        ),
    ] = None
    jslint_js: Annotated[
        Path | None,
        msgspec.Meta(description="JSLint's own file; default: the project's node_modules, else fetched by npm."),
    ] = None
    rhino_jar: Annotated[Path | None, msgspec.Meta(description="Rhino's jar; default: where systems put it.")] = None
    node: Annotated[str, msgspec.Meta(description="Node: a program's name or path.")] = ""
    java: Annotated[str, msgspec.Meta(description="Java: a program's name or path.")] = ""
    file_timeout: Annotated[Duration, msgspec.Meta(description="Longest time for one file; 0 for no limit.")] = 10.0
    max_warnings: Annotated[int, msgspec.Meta(ge=0, description="So many warnings still pass.")] = 0
    allow_empty: Annotated[bool, msgspec.Meta(description="No file to lint is no error.")] = False

    def check_options(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with patterns, option values and names."""
        for option, patterns in (("include", self.include), ("exclude", self.exclude)):
            yield from ((option, problem) for pattern in patterns if (problem := pattern_problem(pattern)))
        if not self.include:
            yield "include", "no pattern includes no file"
        yield from option_problems(self.options, self.globals)

    def tools(self, root: Path, env: Mapping[str, str]) -> Iterator[Tool]:
        """Yield the engines' programs and JSLint itself."""
        from buildtools.steps.jslint.diagnosis import needed

        yield from needed(self, root, env)

    def run(self, ctx: StepContext) -> StepResult:
        """Lint the files and tell the outcome."""
        files = self._files(ctx)
        if not files:
            return self._nothing(ctx)
        if ctx.changed_files is not None:
            changed = {path.resolve() for path in ctx.changed_files}
            total = len(files)
            files = [path for path in files if path.resolve() in changed]
            if not files:
                return StepResult(reason=f"none of the {total} JavaScript files has changed")
        from buildtools.steps.jslint.linting import lint_files

        verdicts, known = lint_files(self, ctx, files)
        return outcome.result(verdicts, max_warnings=self.max_warnings, known=known)

    def closes(self, findings: tuple[Finding, ...]) -> bool:
        """Hold new findings against the same bar."""
        return outcome.closes(findings, self.max_warnings)

    def _files(self, ctx: StepContext) -> list[Path]:
        place = ctx.workdir / self.dir.expanduser()
        if place.is_file():
            return [place]
        if not place.is_dir():
            raise StepError(f"dir: {place} is not there", remedy="Name a folder, or a file, that exists.")
        exclude = (*self.exclude, *(MINIFIED if self.default_excludes else ()))
        try:
            files = find_files(place, self.include, exclude, default_excludes=self.default_excludes)
        except OSError as error:
            raise StepError(f"dir: {error.filename}: {error.strerror}") from None
        for pattern in self.include:
            if not has_wildcard(pattern) and not (place / pattern).is_file():
                raise StepError(f"include: {pattern} is not in {place}", remedy="Correct the name, or take it out.")
        return files

    def _nothing(self, ctx: StepContext) -> StepResult:
        reason = f"no file in {ctx.workdir / self.dir} matches {', '.join(self.include)}"
        if self.allow_empty:
            return StepResult(reason=reason)
        remedy = "Correct dir, include or exclude, or say `allow-empty: true`."
        return StepResult(status=Status.ERROR, cause=Cause.EMPTY, reason=reason, remedy=remedy)
