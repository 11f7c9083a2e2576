"""Which steps of a pipeline run, in which order: a pure function of the pipeline and what was asked for.

Steps that were not selected stay in the graph, where they pass on order and failure, and run nothing: leaving out
the middle of `lint → pack → upload` must not let `upload` run beside, or after a failed, `lint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

import msgspec

from buildtools.core.errors import InvalidPipeline, NothingSelected, UsageProblem
from buildtools.core.events import PlannedStep
from buildtools.core.wording import did_you_mean
from buildtools.pipeline.model import Pipeline, StepSpec

Needs = Mapping[str, tuple[str, ...]]


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; names are ids of steps, or names in the file (then all members of the matrix).

    `steps` and `tags` restrict the run to steps that match both, and to what these need (not so with `no_needs`);
    `from_step` to that step and all that comes after it in the order; `skip` takes steps out and counts them as done.
    """

    steps: tuple[str, ...] = ()
    no_needs: bool = False
    skip: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    from_step: str | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What will run. `steps` holds the selected ones in order; `needs` every step of the pipeline, in order."""

    pipeline: Pipeline
    steps: tuple[PlannedStep, ...]
    needs: Needs
    specs: Mapping[str, StepSpec]


def make_plan(pipeline: Pipeline, selection: Selection, skips: Mapping[str, str]) -> Plan:
    """Select and order the steps, in time linear in steps and needs.

    `skips` holds the steps whose `when` does not hold, by id, with the reason. Raises `UsageProblem` for an unknown
    step or tag, `NothingSelected` if no step is left that could run, `InvalidPipeline` for needs that form a cycle.
    """
    from buildtools.pipeline.order import effective_needs

    needs = _ordered(effective_needs(pipeline.steps))
    specs = {spec.id: spec for spec in pipeline.steps}
    names = _Names(pipeline.steps)
    wanted = _wanted(specs, needs, selection, names)
    left_out = set(names.ids(selection.skip, "--skip"))
    chosen = [_planned(specs[step], needs[step], wanted, skips.get(step, "")) for step in needs if step in wanted]
    if all(step.id in left_out for step in chosen):
        raise NothingSelected(
            _emptiness(pipeline, selection), remedy="`buildtools list` shows the steps and their tags."
        )
    steps = (msgspec.structs.replace(s, skip="left out by --skip") if s.id in left_out else s for s in chosen)
    return Plan(pipeline=pipeline, steps=tuple(steps), needs=needs, specs=specs)


class _Names:
    """Finds steps by what people call them."""

    def __init__(self, specs: Iterable[StepSpec]) -> None:
        self._members: dict[str, list[str]] = {}
        for spec in specs:
            self._members.setdefault(spec.id, []).append(spec.id)
            if spec.base != spec.id:
                self._members.setdefault(spec.base, []).append(spec.id)

    def ids(self, names: Iterable[str], where: str = "") -> list[str]:
        found: list[str] = []
        for name in names:
            if name not in self._members:
                option = f"{where}: " if where else ""
                raise UsageProblem(
                    f"{option}no step is called {name!r}.{did_you_mean(name, self._members)}",
                    remedy="`buildtools list` shows the steps.",
                )
            found += self._members[name]
        return found


def _wanted(specs: Mapping[str, StepSpec], needs: Needs, selection: Selection, names: _Names) -> set[str]:
    wanted = set(names.ids(selection.steps)) if selection.steps else set(specs)
    if selection.tags:
        known = {tag for spec in specs.values() for tag in spec.tags}
        for tag in selection.tags:
            if tag not in known:
                raise UsageProblem(f"--tag: no step has the tag {tag!r}.{did_you_mean(tag, known)}")
        wanted = {step for step in wanted if not set(specs[step].tags).isdisjoint(selection.tags)}
    if not selection.no_needs:
        wanted = _with_needs(wanted, needs)
    if selection.from_step is not None:
        first = set(names.ids((selection.from_step,), "--from"))
        order = list(needs)
        start = min(at for at, step in enumerate(order) if step in first)
        wanted &= set(order[start:])
    return wanted


def _with_needs(wanted: set[str], needs: Needs) -> set[str]:
    found, todo = set(wanted), list(wanted)
    while todo:
        for need in needs[todo.pop()]:
            if need not in found:
                found.add(need)
                todo.append(need)
    return found


def _ordered(needs: Needs) -> Needs:
    """Return the needs in the order of the file, as far as the needs themselves allow it."""
    place = {step: at for at, step in enumerate(needs)}
    names = list(needs)
    followers: dict[str, list[int]] = {step: [] for step in needs}
    missing = []
    for at, step in enumerate(names):
        missing.append(len(needs[step]))
        for need in needs[step]:
            followers[need].append(at)
    ready = [at for at, count in enumerate(missing) if not count]
    heapify(ready)
    order: dict[str, tuple[str, ...]] = {}
    while ready:
        at = heappop(ready)
        order[names[at]] = needs[names[at]]
        for follower in followers[names[at]]:
            missing[follower] -= 1
            if not missing[follower]:
                heappush(ready, follower)
    if len(order) < len(place):
        stuck = ", ".join(step for step in names if step not in order)
        raise InvalidPipeline(f"These steps need one another, or a step that does: {stuck}")
    return order


def _planned(spec: StepSpec, needs: tuple[str, ...], wanted: set[str], skip: str) -> PlannedStep:
    return PlannedStep(
        id=spec.id,
        plugin=spec.uses,
        kind=spec.kind,
        description=spec.description,
        needs=tuple(need for need in needs if need in wanted),
        tags=spec.tags,
        skip=skip,
    )


def _emptiness(pipeline: Pipeline, selection: Selection) -> str:
    if not pipeline.steps:
        return f"{pipeline.file}: the pipeline has no steps"
    asked = [
        *selection.steps,
        *(f"--tag {tag}" for tag in selection.tags),
        *((f"--from {selection.from_step}",) if selection.from_step is not None else ()),
        *(f"--skip {step}" for step in selection.skip),
    ]
    return f"Nothing to run: no step is left by {' '.join(asked)}"
