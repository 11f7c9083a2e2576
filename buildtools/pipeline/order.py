"""The order rule: which step waits for which, in one place for the loader and the engine.

A step without `needs` of its own waits by where it stands: an action for every step above it, a check for every action
above it. A step's own `needs` replace the rule for that step alone: the steps below still wait for it if it is an
action, and every action below still waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from buildtools.core.model import Kind
from buildtools.pipeline.model import StepSpec


def effective_needs(specs: Iterable[StepSpec]) -> dict[str, tuple[str, ...]]:
    """Return for each step, in written order, the ids that it waits for directly; what these wait for is left out.

    An action under the rule is a barrier: it waits for everything since the barrier above it, and so, through that
    one, for everything. So the edges are linear in the steps, whatever kinds alternate; only checks that stand between
    actions with `needs` of their own must name each of these, since nothing else leads to them.
    """
    needs: dict[str, tuple[str, ...]] = {}
    barrier: tuple[str, ...] = ()
    free: list[str] = []  # actions since the barrier which, by their own needs, do not lead to it
    since: list[str] = []  # every step since the barrier
    covered = False  # one of `since` waits for the barrier
    for spec in specs:
        if spec.needs is not None:
            needs[spec.id] = spec.needs
            covered = covered or bool(barrier and barrier[0] in spec.needs)
        elif spec.kind is Kind.CHECK:
            needs[spec.id] = (*barrier, *free)
            covered = covered or bool(barrier)
        else:
            needs[spec.id] = tuple(since) if covered else (*barrier, *since)
            barrier, free, since, covered = (spec.id,), [], [], False
            continue
        since.append(spec.id)
        if spec.kind is Kind.ACTION:
            free.append(spec.id)
    return needs


def find_cycle(needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return one cycle, `a` needs `b` needs … `a`, with its first step at both ends; empty if there is none.

    Names that are no steps are passed over. Linear in steps and edges, and no deeper on the stack for long chains.
    """
    done: set[str] = set()
    for start in needs:
        if start in done:
            continue
        path: dict[str, None] = {start: None}
        stack = [iter(needs[start])]
        while stack:
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
                done.add(path.popitem()[0])
            elif step in path:
                names = list(path)
                return (*names[names.index(step) :], step)
            elif step in needs and step not in done:
                path[step] = None
                stack.append(iter(needs[step]))
    return ()


def ancestors(needs: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return for each step of a graph without cycles the steps it waits for, as bits numbered by `needs`' order."""
    bits = {step: 1 << number for number, step in enumerate(needs)}
    above: dict[str, int] = {}
    for start in needs:
        stack = [start]
        while stack:
            step = stack[-1]
            missing = [need for need in needs[step] if need in needs and need not in above]
            if missing and step not in above:
                stack.extend(missing)
                continue
            stack.pop()
            if step not in above:
                mask = 0
                for need in needs[step]:
                    mask |= above.get(need, 0) | bits.get(need, 0)
                above[step] = mask
    return above
