"""What a step says that its result depends on. A mistake in that costs the cache, not the step."""

from __future__ import annotations

from pathlib import Path

from buildtools.core.errors import BuildtoolsError, Cancelled
from buildtools.core.step import Inputs, Step
from buildtools.engine.context import EngineContext


def declared_inputs(step: Step, uses: str, ctx: EngineContext) -> Inputs | None:
    """Return it; `None` if it says nothing, or cannot say. `uses` is the plugin's name."""
    if type(step).inputs is Step.inputs or ctx.cache is None:
        return None
    try:
        inputs = step.inputs(ctx)
        if inputs is not None:
            _check(inputs)
    except Cancelled:
        return None  # the step will hear of it too
    except (BuildtoolsError, OSError) as error:
        words = str(error).partition("\n")[0]
        ctx.cache.explain("", f"not kept: {words}")
        return None
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        ctx.aside(f"its result is not kept: plugin {uses} cannot say what it depends on: {words}")
        return None
    return inputs


def _check(inputs: object) -> None:
    """Raise `TypeError` or `ValueError` for what a plugin must not return from `inputs`."""
    if not isinstance(inputs, Inputs):
        raise TypeError(f"inputs() returned {type(inputs).__name__} instead of Inputs")
    words = [*inputs.env, *inputs.outputs, *(word for pair in inputs.tools for word in pair)]
    if not all(isinstance(file, (str, Path)) for file in inputs.files) or not all(isinstance(w, str) for w in words):
        raise TypeError("inputs() returned an Inputs whose fields are not of their types")
    if not inputs.outputs:
        return
    from buildtools.system.files import pattern_problem
    from buildtools.system.outputs import outputs_problem

    for pattern in inputs.outputs:
        if problem := pattern_problem(pattern) or outputs_problem(pattern):
            raise ValueError(problem)
