"""What the steps of a plan would do, as far as they can tell before any has run."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from buildtools.core.errors import InvalidPipeline
from buildtools.core.model import Kind, Status
from buildtools.core.results import StepResult
from buildtools.core.step import Step, StepContext
from buildtools.engine.plan import Plan
from buildtools.session import ask, plan_within


class _Looking(Step, frozen=True):
    """Ask a step what it would do."""

    of: Step

    def run(self, ctx: StepContext) -> StepResult:
        return StepResult(outputs={"lines": "\n".join(self.of.preview(ctx))})


def previews(plan: Plan) -> Iterator[tuple[str, StepResult]]:
    """Yield what those steps that can tell would do, by their ids: the lines are the result's output `lines`.

    What is wrong now, for a step behind an action, may be right once that has run, so it is no error yet.
    """
    acted = False
    for planned in plan.steps:
        spec = plan.specs[planned.id]
        behind, acted = acted, acted or (not planned.skip and planned.kind is Kind.ACTION)
        if planned.skip or spec.plugin.preview is Step.preview:
            continue
        try:
            configured = spec.configure({})
        except InvalidPipeline:
            needed = "a secret that is not set" if spec.unmet else "what the steps before it make"
            yield spec.id, StepResult(outputs={"lines": f"that depends on {needed}"})
            continue
        looking = msgspec.structs.replace(configured, step=_Looking(of=configured.step))
        result = ask(plan_within(plan.pipeline, spec.id, looking)).steps[0].result
        if behind and result.status is Status.ERROR:
            lines = f"that cannot be told before the steps above it have run: {result.reason}"
            result = StepResult(outputs={"lines": lines})
        yield spec.id, result
