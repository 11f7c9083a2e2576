"""One attempt of a step: whatever a plugin does becomes a result."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType

import msgspec

from buildtools.core.decoding import from_json
from buildtools.core.encoding import encode, whole
from buildtools.core.errors import BuildtoolsError, Cancelled, ToolMissing
from buildtools.core.model import Cause, Status
from buildtools.core.results import StepResult
from buildtools.core.step import Step
from buildtools.engine.context import EngineContext


def attempt(step: Step, uses: str, ctx: EngineContext) -> StepResult:
    """Run the step once. `uses` is the plugin's name; a traceback goes to the step's output."""
    return _taken(lambda: step.run(ctx), step, uses, ctx)


def settled(result: StepResult, step: Step, uses: str, ctx: EngineContext) -> StepResult:
    """Return a result as the step settles it, see `Step.settle`; most steps don't."""
    if type(step).settle is Step.settle or result.status is Status.CANCELLED:
        return result
    return _taken(lambda: step.settle(ctx, result), step, uses, ctx)


def _taken(call: Callable[[], object], step: Step, uses: str, ctx: EngineContext) -> StepResult:
    try:
        returned = call()
    except BuildtoolsError as error:
        return refused(error)
    except BaseException as error:  # also SystemExit: no plugin ends the run
        return _raised(step, uses, ctx, error)
    if not isinstance(returned, StepResult):
        return _faulty(uses, f"returned {type(returned).__name__} instead of a StepResult")
    try:
        result = _checked(returned)
    except (TypeError, ValueError) as error:  # msgspec's own errors are among these
        return _faulty(uses, f"returned a result that is malformed: {error}")
    if result.status is Status.SKIPPED:
        # It says itself that there was nothing to do. Any other cause is the engine's to give: what needs the step
        # would be skipped as well, without a failure anywhere that closes the gate.
        result = msgspec.structs.replace(result, cause=Cause.WHEN)
    return result


def _checked(result: StepResult) -> StepResult:
    """Return the result as its JSON says it: lists become tuples, and text becomes what UTF-8 can hold.

    Raises `TypeError` or `msgspec.ValidationError`, with the place, for what is not of its field's type.
    """
    return from_json(encode(result), StepResult)


def refused(error: BuildtoolsError) -> StepResult:
    """Return the result of a step that said by an exception that it cannot do its work."""
    if isinstance(error, Cancelled):
        return StepResult(status=Status.CANCELLED, cause=Cause.INTERRUPTED, reason=error.message)
    cause = Cause.TOOL if isinstance(error, ToolMissing) else Cause.NONE
    return StepResult(status=Status.ERROR, cause=cause, reason=whole(error.message), remedy=whole(error.remedy))


def judged(result: StepResult, cause: Cause, *, told: bool, seconds: float | None) -> StepResult:
    """Return what an attempt's result means, given why the engine stopped it, if it did.

    `told`: the plugin learned by `Cancelled` that it was to stop; `seconds` is the timeout. What the plugin has found
    out so far is kept in any case.
    """
    if cause is Cause.TIMEOUT:
        reason = "its time was up" if seconds is None else f"took longer than {seconds:g} s"
        return msgspec.structs.replace(result, status=Status.FAILED, cause=Cause.TIMEOUT, reason=reason, remedy="")
    if cause is Cause.INTERRUPTED:
        if result.status is Status.PASSED and not told:
            return result  # it was through already
        return msgspec.structs.replace(
            result, status=Status.CANCELLED, cause=Cause.INTERRUPTED, reason="stopped, as the run was", remedy=""
        )
    if result.status is Status.CANCELLED:
        return StepResult(status=Status.ERROR, cause=Cause.PLUGIN, reason="stopped, though nobody asked it to")
    return result


def worth_another(result: StepResult) -> bool:
    """Say whether trying again could change anything: a tool does not appear, a plugin does not mend itself."""
    if result.status is Status.FAILED:
        return True
    return result.status is Status.ERROR and result.cause not in (Cause.TOOL, Cause.PLUGIN, Cause.EMPTY)


def _faulty(uses: str, what: str) -> StepResult:
    return StepResult(
        status=Status.ERROR,
        cause=Cause.PLUGIN,
        reason=whole(f"plugin {uses} {what}"),
        remedy="This is a mistake in the plugin, not in what it looked at: tell its author.",
    )


def _raised(step: Step, uses: str, ctx: EngineContext, error: BaseException) -> StepResult:
    import traceback

    frames = traceback.extract_tb(_below_the_engine(error.__traceback__))
    ctx.output("".join(["Traceback (most recent call last):\n", *traceback.format_list(frames)]))
    ctx.output("".join(traceback.format_exception_only(error)))
    own = getattr(sys.modules.get(type(step).__module__), "__file__", None)
    place = next((frame for frame in reversed(frames) if frame.filename == own), frames[-1] if frames else None)
    where = f" at {place.filename}:{place.lineno}" if place else ""
    words = f": {error}" if str(error) else ""
    return _faulty(uses, f"raised {type(error).__name__}{words}{where}")


def _below_the_engine(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_next is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace
