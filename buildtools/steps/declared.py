"""The options `inputs` and `outputs`: what a step reads and makes, by patterns."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from buildtools.plugin import StepContext, StepError
from buildtools.system.files import find_files, pattern_problem
from buildtools.system.outputs import missing_outputs, outputs_problem

_NOBODYS = (
    "**/.pytest_cache/**",
    "**/.mypy_cache/**",
    "**/.ruff_cache/**",
    "**/.hypothesis/**",
    "**/.coverage",
    "**/.coverage.*",
)
"""What tools write for themselves: whoever says `**` does not mean it."""


def problems(inputs: Sequence[str], outputs: Sequence[str], env: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the options, as `Step.check_options` does."""
    for option, patterns in (("inputs", inputs), ("outputs", outputs)):
        for pattern in patterns:
            if problem := pattern_problem(pattern) or (outputs_problem(pattern) if option == "outputs" else ""):
                yield option, problem
    for option, values in (("outputs", outputs), ("inputs-env", env)):
        if values and not inputs:
            yield option, "needs `inputs` beside it, such as `inputs: [src/**]`: the files that the result is made from"
    for name in env:
        if not name or "=" in name or "\0" in name:
            yield "inputs-env", f"{name!r} cannot name a variable"


def input_files(ctx: StepContext, inputs: Sequence[str], outputs: Sequence[str] = ()) -> tuple[Path, ...]:
    """Return the files that `inputs` match below the work folder; outputs and reports are none.

    Raises `StepError` if there is not one, since a result that depends on nothing would be taken for ever.
    """
    reports = Path(os.path.normpath(ctx.reports))
    below = [f"{reports.relative_to(ctx.workdir).as_posix()}/**"] if reports.is_relative_to(ctx.workdir) else []
    found = find_files(ctx.workdir, inputs, (*outputs, *below, *_NOBODYS))
    if not found:
        ctx.warn(f"its result is not kept for later runs: no file matches its inputs ({', '.join(inputs)})")
        raise StepError(f"no file matches its inputs: {', '.join(inputs)}")
    return tuple(found)


def absent_outputs(ctx: StepContext, outputs: Sequence[str]) -> list[str]:
    """Return the patterns of `outputs` that nothing matches, also no file behind a link to a folder."""
    missing = missing_outputs(ctx.workdir, outputs)
    return [pattern for pattern in missing if not find_files(ctx.workdir, [pattern], default_excludes=False)]
