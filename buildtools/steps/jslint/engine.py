"""Running the engine: one process for many files; whoever kills it or keeps it busy is found out and left behind."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from buildtools.plugin import Completed, StepContext, StepError
from buildtools.steps.jslint.options import rejection
from buildtools.steps.jslint.protocol import (
    Conversation,
    ProtocolError,
    Settings,
    Source,
    Verdict,
    encode_request,
    unlinted,
)

BATCH = 16 * 1024 * 1024
"""Characters in one request: bounds our memory and the engine's; a start costs little beside linting so much."""

_DEATHS_IN_A_ROW = 10


class Engine(msgspec.Struct, frozen=True):
    """How JSLint is run: `argv` awaits the request's path; `file_timeout` is seconds a file, 0 for no limit."""

    name: str
    argv: tuple[str | Path, ...]
    env: Mapping[str, str] = {}
    file_timeout: float = 10.0


def lint(
    ctx: StepContext, engine: Engine, settings: Settings, sources: Iterable[tuple[int, Source]]
) -> Iterator[tuple[int, Verdict]]:
    """Yield each source's number with its verdict, every one exactly once, in no promised order.

    Raises `StepError` when the engine does not work at all, as opposed to failing on some file.
    """
    for batch in _batches(sources):
        yield from _lint_batch(ctx, engine, settings, batch)


def _batches(sources: Iterable[tuple[int, Source]]) -> Iterator[dict[int, Source]]:
    batch: dict[int, Source] = {}
    size = 0
    for number, source in sources:
        if batch and size + len(source.text) > BATCH:
            yield batch
            batch, size = {}, 0
        batch[number] = source
        size += len(source.text)
    if batch:
        yield batch


def _lint_batch(
    ctx: StepContext, engine: Engine, settings: Settings, batch: dict[int, Source]
) -> Iterator[tuple[int, Verdict]]:
    """Lint one batch, with as many processes as it takes."""
    left = dict(batch)
    suspects: set[int] = set()
    deaths = 0
    while left:
        ctx.check_cancelled()
        talk, completed = _one_process(ctx, engine, settings, left)
        if talk.rejected:
            raise rejection(talk.rejected, talk.edition, settings.places)
        for number, verdict in talk.verdicts.items():
            del left[number]
            yield number, verdict
        if talk.done and not left:
            return
        culprit = talk.current
        if talk.fault or culprit is None:
            raise _broken(engine, talk, completed)
        deaths = 1 if talk.verdicts else deaths + 1
        if deaths > _DEATHS_IN_A_ROW:
            raise _broken(engine, talk, completed)
        if completed.stalled:
            message = f"JSLint did not finish this file within {engine.file_timeout:g} s"
            yield culprit, unlinted(left.pop(culprit).path, "timeout", message)
        elif culprit in suspects:
            message = f"JSLint's engine {engine.name} died of this file ({completed.ending})"
            yield culprit, unlinted(left.pop(culprit).path, "engine-died", message)
        else:
            # It may have died of what came before: a fresh process begins with this file, so that the verdict
            # does not depend on its neighbours.
            suspects.add(culprit)
            left = {culprit: left.pop(culprit), **left}


def _one_process(
    ctx: StepContext, engine: Engine, settings: Settings, asked: dict[int, Source]
) -> tuple[Conversation, Completed]:
    """Let one process lint what it can."""
    talk = Conversation(asked)
    begun = time.monotonic()

    def hear(line: bytes) -> None:
        nonlocal begun
        number = talk.current
        if not talk.hear(line, time.monotonic() - begun):
            ctx.output(line.decode("utf-8", "replace") + "\n")
        if talk.current != number:
            begun = time.monotonic()

    request = ctx.temp / "request.jsonl"
    request.write_bytes(encode_request(settings, asked.items()))
    try:
        completed = ctx.run(
            (*engine.argv, request), env=engine.env, on_line=hear, silence=engine.file_timeout or None, cwd=ctx.temp
        )
    except ProtocolError as error:
        raise StepError(f"JSLint's runner on {engine.name} does not make sense: {error}") from None
    finally:
        request.unlink(missing_ok=True)
    return talk, completed


def _broken(engine: Engine, talk: Conversation, completed: Completed) -> StepError:
    """Return the error for an engine that fails by itself, not over some file."""
    told = completed.stderr.decode("utf-8", "replace").strip()[-2000:]
    said = talk.fault or told or "it said nothing"
    return StepError(
        f"JSLint on {engine.name} failed ({completed.ending}): {said}",
        remedy="Check that engine and edition fit together: node needs a current Node.js; Rhino an edition in ES5, "
        "or one that was transpiled here.",
    )
