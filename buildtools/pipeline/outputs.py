"""`${steps.ID.OUTPUT}`: which steps and outputs a step may refer to, and their values once they are known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from buildtools.pipeline.model import Outputs
from buildtools.pipeline.order import ancestors
from buildtools.pipeline.problems import suggest
from buildtools.pipeline.values import Unresolved


def parted(reference: str, ids: Mapping[str, object]) -> tuple[str, str]:
    """Cut `ID.OUTPUT`, where both may hold dots: the longest known id counts, else all before the last dot."""
    end = len(reference)
    while (end := reference.rfind(".", 0, end)) > 0:
        if reference[:end] in ids:
            return reference[:end], reference[end + 1 :]
    step, _, output = reference.rpartition(".")
    return step, output


class References:
    """Checks references against the plan: the order of the steps and what each provides."""

    def __init__(
        self,
        needs: Mapping[str, tuple[str, ...]],
        provides: Mapping[str, tuple[str, ...] | None],
        members: Mapping[str, tuple[str, ...]],
        suggest: Callable[[str, Collection[str]], str],
    ) -> None:
        """Take the effective needs (without cycles), each id's outputs (`None`: any) and each matrix's members."""
        self._provides = provides
        self._members = members
        self._names = {**members, **provides}
        self._suggest = suggest
        self._above = ancestors(needs)
        self._bits = {step: 1 << number for number, step in enumerate(needs)}

    def of(self, step: str) -> Callable[[str], str]:
        """Return what checks the references in one step: it raises `Unresolved`, or returns an empty text."""

        def check(reference: str) -> str:
            other, output = parted(reference, self._names)
            self._check(step, other, output)
            return ""

        return check

    def _check(self, step: str, other: str, output: str) -> None:
        if not other:
            raise Unresolved(f"`${{steps.{output}}}` names no output", "Write ${steps.STEP.OUTPUT}.")
        if other not in self._provides:
            members = self._members.get(other, ())
            if members:
                hint = f"Name one of them: {', '.join(members[:5])}"
                raise Unresolved(f"the step {other} has a matrix: its members' outputs differ", hint)
            raise Unresolved(f"no step is called {other}", self._suggest(other, self._provides))
        if other == step:
            raise Unresolved(f"the step {step} refers to an output of its own")
        if not self._above[step] & self._bits[other]:
            hint = f"Write it below {other}, or add {other} to its `needs`."
            raise Unresolved(f"the step {step} does not wait for {other}, so its outputs are not known", hint)
        provided = self._provides[other]
        if provided is not None and output not in provided:
            hint = suggest(output, provided, otherwise="" if provided else "It provides none.")
            raise Unresolved(f"the step {other} has no output {output}", hint)


def known(outputs: Outputs) -> Callable[[str], str]:
    """Return what looks references up in the outputs of finished steps; it raises `Unresolved`."""

    def look_up(reference: str) -> str:
        step, output = parted(reference, outputs)
        if step not in outputs:
            hint = f"Run {step} too, or write a default: ${{steps.{reference}:-default}}."
            raise Unresolved(f"the step {step} has no outputs: it did not run", hint)
        if output not in outputs[step]:
            raise Unresolved(f"the step {step} has made no output {output}", suggest(output, outputs[step]))
        return outputs[step][output]

    return look_up
