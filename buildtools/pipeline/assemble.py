"""From drafts to specs: options made, needs resolved, the order and the references between steps checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from buildtools.core.model import Kind
from buildtools.pipeline.convert import BAD, Converter
from buildtools.pipeline.draft import Draft
from buildtools.pipeline.model import Configured, Outputs, StepSpec
from buildtools.pipeline.options import Plugin, late_options, texts_in
from buildtools.pipeline.order import effective_needs, find_cycle
from buildtools.pipeline.outputs import References, known
from buildtools.pipeline.problems import InvalidFile, Problem, Problems
from buildtools.pipeline.source import Entries, Text, shown
from buildtools.pipeline.values import UNKNOWN, Scope, Values, uses_steps


class Late:
    """Configures a step when it starts, since it uses outputs of others, or secrets that were not set at load."""

    def __init__(self, draft: Draft, values: Values) -> None:
        self.draft = draft
        self.values = values

    def __call__(self, outputs: Outputs) -> Configured:
        """Return the configured step. Raises `InvalidFile`, with place, if an output's value does not fit."""
        problems = Problems()
        scope = Scope(problems=problems, unset=problems, matrix=self.draft.scope.matrix, outputs=known(outputs))
        configured = _configure(self.draft, self.values, scope)
        problems.stop()
        if configured is None:
            raise InvalidFile([Problem(file="", message=f"{self.draft.id}: its options do not fit")])
        return configured


def specs_of(names: Iterable[str], drafts: Sequence[Draft], values: Values, problems: Problems) -> list[StepSpec]:
    """Return the specs of all drafts; problems are noted. `names` are all steps', also of those without a draft."""
    members: dict[str, list[str]] = {name: [] for name in names}
    whole = [draft for draft in drafts if draft.scope.matrix is not UNKNOWN]
    for draft in whole:
        members[draft.base].append(draft.id)
    specs = []
    for draft in drafts:
        needs = _needs(draft, members, problems)
        spec = None if draft.plugin is None else _spec(draft, draft.plugin, needs, values)
        if spec is not None and draft.scope.matrix is not UNKNOWN:
            specs.append(spec)
    drafts = whole
    if len(specs) == len(drafts) and _ordered(drafts, specs, problems):
        _check_references(drafts, specs, values, members)
    unset = {draft.id: tuple(draft.scope.unset.found) for draft in drafts if draft.scope.unset.found}
    return [msgspec.structs.replace(spec, unmet=unset[spec.id]) if spec.id in unset else spec for spec in specs]


def _spec(draft: Draft, plugin: Plugin, needs: tuple[str, ...] | None, values: Values) -> StepSpec:
    late = late_options(draft.options)
    other = [*draft.env.values(), *([draft.cwd] if draft.cwd else [])]
    configured = None
    if late or any(uses_steps(text.value) for text in other):
        plugin.check(draft.options, _converter(values, draft.scope), late)
        for text in other:
            if not uses_steps(text.value):
                values.text(text, draft.scope)
    else:
        configured = _configure(draft, values, draft.scope)
    settings = draft.settings
    return StepSpec(
        id=draft.id,
        base=draft.base,
        uses=draft.uses,
        plugin=plugin.cls,
        kind=_kind(draft, plugin, configured),
        configure=Late(draft, values) if configured is None else Ready(configured),
        needs=needs,
        when=draft.when,
        timeout=settings.timeout,
        retries=settings.retries,
        allow_failure=settings.allow_failure,
        cache=settings.cache,
        description=settings.description,
        tags=tuple(settings.tags),
    )


class Ready:
    """Hands out a step that was configured at load."""

    def __init__(self, configured: Configured) -> None:
        self.configured = configured

    def __call__(self, _outputs: Outputs) -> Configured:
        """Return it, whatever the outputs."""
        return self.configured


def _converter(values: Values, scope: Scope) -> Converter:
    return Converter(scope.problems, lambda text: values.text(text, scope))


def _configure(draft: Draft, values: Values, scope: Scope) -> Configured | None:
    assert draft.plugin is not None
    step = draft.plugin.configure(draft.options, _converter(values, scope))
    env = {name: values.text(text, scope) for name, text in draft.env.items()}
    cwd = "" if draft.cwd is None else values.text(draft.cwd, scope)
    for name, text in draft.env.items():
        wrong = wrong_variable(name)
        if wrong:
            scope.problems.add(text, wrong)
    whole = {name: text for name, text in env.items() if text is not None}
    if step is None or cwd is None or len(whole) < len(env):
        return None
    return Configured(step=step, env=whole, cwd=cwd)


def wrong_variable(name: str) -> str:
    """Return why a name cannot be an environment variable's, `""` if it can."""
    return f"{shown(name)} cannot name a variable" if not name or "=" in name else ""


def _kind(draft: Draft, plugin: Plugin, configured: Configured | None) -> Kind:
    """Return the kind of the step; of one whose options are not all known, as if the unknown ones were as written."""
    if configured is not None:
        return _said_kind(draft, plugin, configured)
    try:
        raw = Converter(Problems(), lambda text: text.value)
        attributes, _ = raw.fields(draft.options, plugin.fields, plugin.name)
        given = {name: value for name, value in attributes.items() if value is not BAD}
        return Kind(plugin.cls(**given).effective_kind())
    except Exception:  # it may be for want of the unknown ones: then its class decides
        return plugin.cls.kind


def _said_kind(draft: Draft, plugin: Plugin, configured: Configured) -> Kind:
    """Return what a configured step says that it is; what is no kind is a problem."""
    assert isinstance(draft.node.value, Entries)
    try:
        said = configured.step.effective_kind()
        if said in tuple(Kind):
            return Kind(said)
        message = f"the plugin {plugin.name} says that its kind is {shown(str(said))}"
    except Exception as error:  # foreign code, as in `Plugin.build`
        what = f"{type(error).__name__}: {error}"
        message = f"the plugin {plugin.name} failed to say its kind: {what}"
    hint = "Its effective_kind() must return Kind.CHECK or Kind.ACTION, whatever its options."
    draft.scope.problems.add(draft.node.value.get("uses") or draft.node.key, message, hint)
    return plugin.cls.kind


def _needs(draft: Draft, members: dict[str, list[str]], problems: Problems) -> tuple[str, ...] | None:
    if draft.needs is None:
        return None
    ids: dict[str, None] = {}
    for text in draft.needs:
        base = text.value.partition("[")[0]
        if members.get(base) == []:
            continue  # that step has problems of its own
        found = members.get(text.value) or ([text.value] if text.value in members.get(base, ()) else [])
        if not found:
            known_members = members.get(base, ()) if "[" in text.value else members
            hint = problems.suggest(text.value, known_members or members)
            problems.add(text, f"needs: no step is called {shown(text.value)}", hint)
        elif draft.id in found:
            problems.add(text, f"the step {shown(draft.base)} needs itself")
        else:
            ids.update(dict.fromkeys(found))
    return tuple(ids)


def _ordered(drafts: Sequence[Draft], specs: Sequence[StepSpec], problems: Problems) -> bool:
    """Note a cycle, and say whether there is an order."""
    needs = effective_needs(specs)
    cycle = find_cycle(needs)
    if not cycle:
        return True
    by_id = {spec.id: spec for spec in specs}
    # Told at a step that wrote its needs: the rule alone makes no cycle.
    first = next(index for index, step in enumerate(cycle) if by_id[step].needs is not None)
    turned = (*cycle[first:-1], *cycle[:first], cycle[first])
    draft = next(draft for draft in drafts if draft.id == turned[0])
    where = next((text for text in draft.needs or () if text.value in (turned[1], by_id[turned[1]].base)), None)
    ruled = [step for step in turned[:-1] if by_id[step].needs is None]
    hint = ""
    if ruled:
        hint = f"{ruled[0]} has no `needs`, so it waits for the steps above it: move it, or give it `needs`."
    problems.add(where or draft.node.key, f"the steps wait for each other: {_chain(turned)}", hint)
    return False


def _chain(steps: tuple[str, ...]) -> str:
    if len(steps) > 12:
        steps = (*steps[:6], "...", *steps[-5:])
    return " -> ".join(steps)


def _check_references(
    drafts: Sequence[Draft], specs: Sequence[StepSpec], values: Values, members: dict[str, list[str]]
) -> None:
    """Note the references to steps that are unknown, not waited for, or have no such output."""
    using: list[tuple[Draft, list[Text]]] = []
    for draft in drafts:
        texts = [*texts_in(draft.options), *draft.env.values(), *([draft.cwd] if draft.cwd else [])]
        late = [text for text in texts if uses_steps(text.value)]
        if late:
            using.append((draft, late))
    if not using:
        return
    provides = {spec.id: spec.plugin.provides for spec in specs}
    bases = {name: tuple(ids) for name, ids in members.items() if name not in provides}
    references = References(effective_needs(specs), provides, bases, using[0][0].scope.problems.suggest)
    for draft, texts in using:
        scope = msgspec.structs.replace(draft.scope, outputs=references.of(draft.id))
        for text in texts:
            values.text(text, scope)
