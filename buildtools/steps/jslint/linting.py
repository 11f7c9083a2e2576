"""From files to verdicts: what is known already is not linted, and where all is known no engine is even looked into."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from buildtools.plugin import StepContext
from buildtools.steps.jslint.conditions import conditions
from buildtools.steps.jslint.config import Config, find_config, read_config
from buildtools.steps.jslint.engine import lint
from buildtools.steps.jslint.options import settings
from buildtools.steps.jslint.protocol import Settings, Source, Verdict
from buildtools.steps.jslint.remembered import Remembered, text_digest
from buildtools.steps.jslint.setup import Found, find, prepare
from buildtools.steps.jslint.sources import digest, read_source, shown_path

if TYPE_CHECKING:
    from buildtools.steps.jslint.step import Jslint


def lint_files(step: Jslint, ctx: StepContext, files: list[Path]) -> tuple[list[tuple[str, Verdict]], int | None]:
    """Return each file's shown path and verdict, in the files' order, and how many verdicts came from the cache.

    That number is `None` if there is no cache. Raises `StepError` and `ToolMissing`, the same with and without one.
    """
    place = ctx.workdir / step.dir.expanduser()
    start = place if place.is_dir() else place.parent
    chosen = settings(step.options, step.globals, _config(step, ctx, start))
    found = find(step, ctx, start)
    shown = [shown_path(path, ctx) for path in files]
    remembered = _remembered(ctx, found, chosen)
    verdicts = _known(ctx, remembered, files, shown) if remembered else {}
    known = len(verdicts)
    if known:
        ctx.output(f"{known} of {len(files)} files from the cache\n")
        ctx.progress(known, len(files))
    texts: dict[int, str] = {}

    def sources() -> Iterator[tuple[int, Source]]:
        for number, path in enumerate(files):
            if number in verdicts:
                continue
            source = read_source(path, shown[number])
            if isinstance(source, Verdict):
                verdicts[number] = source
                continue
            if remembered:
                texts[number] = text_digest(source.text)
                remembered.explain(shown[number])
            yield number, source

    asked = sources()
    first = next(asked, None)
    try:
        for number, verdict in lint(ctx, prepare(found, step, ctx), chosen, chain((first,), asked)) if first else ():
            if number in verdicts:
                raise AssertionError(f"{shown[number]} was judged twice")
            verdicts[number] = verdict
            if remembered:
                remembered.learn(texts[number], verdict)
            ctx.progress(len(verdicts), len(files), shown[number])
    finally:
        if remembered:
            remembered.save()
    if len(verdicts) != len(files):
        raise AssertionError(f"{len(files)} files, but {len(verdicts)} verdicts")
    return [(shown[number], verdicts[number]) for number in range(len(files))], known if remembered else None


def _config(step: Jslint, ctx: StepContext, start: Path) -> Config:
    asked = ctx.workdir / step.config.expanduser() if step.config else None
    path = find_config(asked, start, ctx.root)
    if path is None:
        return Config()
    shown = shown_path(path, ctx)
    if asked is None:
        ctx.output(f"JSLint's options are those of {shown}\n")
    return read_config(path, shown)


def _remembered(ctx: StepContext, found: Found, chosen: Settings) -> Remembered | None:
    if ctx.cache is None:
        return None
    try:
        around = conditions(ctx.cache, found, chosen, ctx.env)
    except OSError:
        # An edition that cannot be read, most likely; whoever needs it will say so.
        return None
    return Remembered(ctx.cache, ctx.step, around)


def _known(ctx: StepContext, remembered: Remembered, files: list[Path], shown: list[str]) -> dict[int, Verdict]:
    """Return verdicts from earlier runs by the files' numbers."""
    verdicts: dict[int, Verdict] = {}
    if remembered.empty or ctx.cache is None:
        return verdicts
    for number, path in enumerate(files):
        if (text := digest(path, ctx.cache)) and (verdict := remembered.recall(text, shown[number])):
            verdicts[number] = verdict
    return verdicts
