"""From the step's options to an engine that can be started."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from buildtools.plugin import StepContext
from buildtools.steps.jslint import programs
from buildtools.steps.jslint.engine import Engine
from buildtools.steps.jslint.provision import find_edition, place_module, place_script, runner_folder

if TYPE_CHECKING:
    from buildtools.steps.jslint.step import Jslint


def prepare(step: Jslint, ctx: StepContext, start: Path) -> Engine:
    """Find programs and edition, fetching what may be fetched. Raises `ToolMissing` or `StepError` with the remedy."""
    # Rhino needs Node only if JSLint must be transpiled, and npm only if something must be fetched: so find them late.
    node = cache(partial(programs.find_node, ctx.env, step.node, ctx.workdir))

    def npm() -> tuple[str, ...]:
        return programs.find_npm(ctx.env, node())

    asked = ctx.workdir / step.jslint_js.expanduser() if step.jslint_js else None
    runners = runner_folder()
    if step.engine == "node":
        program = node()
        edition = place_module(ctx, find_edition(ctx, asked, start, npm))
        return Engine(step.engine, (program, runners / "node.mjs", edition), file_timeout=step.file_timeout)

    java = programs.find_java(ctx.env, step.java, ctx.workdir)
    jar = programs.find_rhino(ctx.workdir / step.rhino_jar.expanduser() if step.rhino_jar else None)
    edition = place_script(ctx, find_edition(ctx, asked, start, npm), npm, node)
    # JSLint recurses as deep as the code nests. The quick compiler and the simple collector halve a short run.
    flags = ("-Xss64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    argv = (java, *flags, "-jar", jar, runners / "rhino.js", runners / "lint.js", edition)
    return Engine(step.engine, argv, {"LC_ALL": "C.UTF-8"}, step.file_timeout)
