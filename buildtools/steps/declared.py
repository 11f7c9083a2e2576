"""The options `inputs` and `outputs`: what a step reads and makes, by patterns."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from buildtools.plugin import StepContext, StepError
from buildtools.system.files import find_files, has_wildcard, pattern_problem
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
    found = find_files(ctx.workdir, inputs, (*outputs, *_nobodys(ctx, ctx.workdir)))
    if not found:
        problem = _nothing(ctx, inputs, outputs)
        ctx.warn(f"its result is not kept for later runs: {problem}")
        raise StepError(problem)
    return tuple(found)


def all_files(ctx: StepContext, folder: Path, made: Iterable[Path] = ()) -> list[Path]:
    """Return all files below a folder that can be inputs: none of caches and reports, nor those that are `made`."""
    return find_files(folder, ["**"], tuple(_nobodys(ctx, folder, made)))


def _nobodys(ctx: StepContext, folder: Path, made: Iterable[Path] = ()) -> Iterator[str]:
    """Yield the patterns from `folder` of what is no input, whatever `inputs` say: a path below it for `made` too."""
    yield from _NOBODYS
    base = os.path.normpath(folder)
    for path in (ctx.reports, *made):
        below = os.path.relpath(path, base)
        if below not in (".", "..") and not below.startswith("../") and not has_wildcard(below):
            yield from (below, f"{below}/**")


def _nothing(ctx: StepContext, inputs: Sequence[str], outputs: Sequence[str]) -> str:
    """Say why there is no input."""
    said = ", ".join(inputs)
    if outputs and find_files(ctx.workdir, inputs, tuple(_nobodys(ctx, ctx.workdir))):
        return f"its inputs ({said}) match nothing but its own outputs ({', '.join(outputs)})"
    if left_out := find_files(ctx.workdir, inputs, outputs, default_excludes=False):
        which = left_out[0].relative_to(ctx.workdir).as_posix()
        return f"its inputs ({said}) match only files that never count, such as {which}"
    folder = next((one.rstrip("/") for one in inputs if (ctx.workdir / one).is_dir()), "")
    return f"no file matches its inputs ({said}){f': for all of a folder, write {folder}/**' if folder else ''}"


def absent_outputs(ctx: StepContext, outputs: Sequence[str]) -> list[str]:
    """Return the patterns of `outputs` that nothing matches, also no file behind a link to a folder."""
    missing = missing_outputs(ctx.workdir, outputs)
    return [pattern for pattern in missing if not find_files(ctx.workdir, [pattern], default_excludes=False)]
