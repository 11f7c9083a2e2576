"""From the step's options to an engine that can be started: first what there is, then what must be fetched or made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from buildtools.plugin import StepContext
from buildtools.steps.jslint import programs
from buildtools.steps.jslint.engine import Engine
from buildtools.steps.jslint.provision import locate_edition, place_module, place_script, read_edition, runner_folder
from buildtools.steps.jslint.registry import Package

if TYPE_CHECKING:
    from buildtools.steps.jslint.step import Jslint

# JSLint recurses as deep as the code nests. The quick compiler and the simple collector halve a short run.
JAVA_FLAGS = ("-Xss64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class Found(msgspec.Struct, frozen=True):
    """What will lint: nothing of it was started, fetched or read yet. `program` is node or java, `jar` Rhino's."""

    engine: str
    program: Path
    jar: Path | None
    edition: Path | Package

    def runners(self) -> Iterator[Path]:
        """Yield the files of ours that the engine runs."""
        yield runner_folder() / ("node.mjs" if self.jar is None else "rhino.js")
        yield runner_folder() / "lint.js"


def find(step: Jslint, ctx: StepContext, start: Path) -> Found:
    """Find programs and edition; `start` is the folder being linted. Raises `ToolMissing` or `StepError`."""
    asked = ctx.workdir / step.jslint_js.expanduser() if step.jslint_js else None
    edition = locate_edition(asked, start, ctx.root)
    if step.engine == "node":
        return Found(step.engine, programs.find_node(ctx.env, step.node, ctx.workdir), None, edition)
    java = programs.find_java(ctx.env, step.java, ctx.workdir)
    jar = programs.find_rhino(ctx.workdir / step.rhino_jar.expanduser() if step.rhino_jar else None)
    return Found(step.engine, java, jar, edition)


def prepare(found: Found, step: Jslint, ctx: StepContext) -> Engine:
    """Put the edition in place, fetching what may be fetched. Raises `ToolMissing` or `StepError` with the remedy."""
    # Rhino needs Node only if JSLint must be transpiled, and npm only if something must be fetched: so find them late.
    node = cache(partial(programs.find_node, ctx.env, step.node, ctx.workdir))

    def npm() -> tuple[str, ...]:
        return programs.find_npm(ctx.env, node())

    edition = read_edition(ctx, found.edition, npm)
    runner, lint = found.runners()
    if found.jar is None:
        return Engine(found.engine, (found.program, runner, place_module(ctx, edition)), file_timeout=step.file_timeout)
    script = place_script(ctx, edition, npm, node)
    argv = (found.program, *JAVA_FLAGS, "-jar", found.jar, runner, lint, script)
    return Engine(found.engine, argv, {"LC_ALL": "C.UTF-8"}, step.file_timeout)
