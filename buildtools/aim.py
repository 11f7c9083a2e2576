"""Which target on which hosts: from the pipeline file's step `upload`, from flags, or from both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import msgspec

from buildtools.core.errors import InvalidPipeline, UsageProblem
from buildtools.core.step import Step
from buildtools.core.wording import did_you_mean
from buildtools.deploy.layout import name_problem
from buildtools.engine.plan import Plan, Selection, make_plan
from buildtools.pipeline.load import require
from buildtools.pipeline.model import Configured, Outputs, Pipeline, StepSpec
from buildtools.pipeline.options import FlagValue, configured
from buildtools.steps.pack import Pack
from buildtools.steps.upload import Upload

Given = Mapping[str, FlagValue]
"""options of the step `upload` that stand on the command line, by their names in kebab-case, as text"""


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """A target, the options by which its hosts are reached and changed, and the pipeline whose values hold there.

    The option `archive` of `upload` means nothing here. `env` and `cwd` are the step's.
    """

    target: str
    upload: Upload
    pipeline: Pipeline
    env: Mapping[str, str] = {}
    cwd: str = ""

    def around(self, step: Step) -> Configured:
        """Return a step that works where and with what the step `upload` does."""
        return Configured(step=step, env=self.env, cwd=self.cwd)


class _Unknown(dict[str, str]):
    """The outputs of a step that has not run: each has the same value."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self.value = value

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return self.value


def aim_by_file(
    pipeline: Pipeline, step: str | None, target: str | None, given: Given, secrets: Iterable[str] = ()
) -> Aim:
    """Return what the pipeline's step `upload` aims at, the flags laid over it; without `step` there must be only one.

    Without `target` it is the one that the step `pack` makes; `secrets` are values among the flags that must be hidden.
    Raises `UsageProblem` for what cannot be told, and `InvalidPipeline` if the step uses a secret that is not set.
    """
    spec = _chosen(pipeline, step)
    require([spec])
    known, other = (spec.configure({each.id: _Unknown(value) for each in pipeline.steps}) for value in ("1", "2"))
    upload = known.step
    assert isinstance(upload, Upload)
    for name in upload.__struct_fields__:
        option = name.replace("_", "-")
        if name != "archive" and option not in given and getattr(upload, name) != getattr(other.step, name):
            raise UsageProblem(
                f"the step {spec.id} takes its option `{option}` from another step, so it is known in a run only",
                remedy="Name the hosts and the root by flags: --host, --root.",
            )
    aim = aim_by_step(upload, pipeline, _packed_target(pipeline) if target is None else target, given, secrets)
    return msgspec.structs.replace(aim, env=known.env, cwd=known.cwd)


def aim_by_step(upload: Upload, pipeline: Pipeline, target: str, given: Given, secrets: Iterable[str] = ()) -> Aim:
    """Return the aim of a configured step with the flags laid over it."""
    return Aim(
        target=_checked(target),
        upload=_over(upload, given),
        pipeline=msgspec.structs.replace(pipeline, secrets=(*pipeline.secrets, *secrets)),
    )


def aim_by_flags(root: Path, target: str | None, given: Given, secrets: Iterable[str] = ()) -> Aim:
    """Return what flags alone aim at; `root` is the folder in which `local:` hosts are, `secrets` are to be hidden."""
    if target is None:
        raise UsageProblem(
            "no target is named, and --host says that no pipeline file is to be read", remedy="Name the target."
        )
    upload = configured(Upload, {"archive": "-", **given}, name="upload")
    assert isinstance(upload, Upload)
    return aim_by_step(upload, Pipeline(name="", file=Path(), root=root, steps=()), target, {}, secrets)


def upload_steps(pipeline: Pipeline) -> list[StepSpec]:
    """Return the steps that deploy."""
    return [spec for spec in pipeline.steps if issubclass(spec.plugin, Upload)]


def targets(pipeline: Pipeline) -> list[str]:
    """Return the targets that the pipeline's steps `pack` make, as far as that can be told before they run."""
    found: dict[str, None] = {}
    for spec in pipeline.steps:
        if issubclass(spec.plugin, Pack) and not spec.unmet:
            texts = {_target_of(spec, pipeline, value) for value in ("1", "2")}
            if len(texts) == 1:
                found.update(dict.fromkeys(texts))
    return [text for text in found if text]


def pack_step(pipeline: Pipeline) -> Pack:
    """Return the pipeline's only step `pack`; without any, one with the default options."""
    specs = [spec for spec in pipeline.steps if issubclass(spec.plugin, Pack)]
    if not specs:
        return Pack()
    if len(specs) > 1:
        raise UsageProblem(f"{pipeline.file}: several steps pack: {', '.join(spec.id for spec in specs)}")
    require(specs)
    step = _configured(specs[0], pipeline, "1")
    if not isinstance(step, Pack):
        raise UsageProblem(f"the step {specs[0].id} takes options from another step, so they are known in a run only")
    return step


def plan_packing(pipeline: Pipeline, step: Pack, aim: Aim | None = None) -> Plan:
    """Return the plan that packs, and then deploys what was packed, if there is an aim."""

    def deploying(outputs: Outputs) -> Configured:
        assert aim is not None
        return aim.around(msgspec.structs.replace(aim.upload, archive=Path(outputs["pack"]["archive"])))

    specs = [_spec("pack", Pack, lambda _outputs: Configured(step=step))]
    if aim is not None:
        pipeline = aim.pipeline
        specs.append(_spec("upload", Upload, deploying))
    return make_plan(msgspec.structs.replace(pipeline, name=specs[-1].id, steps=tuple(specs)), Selection(), {})


def _spec(name: str, plugin: type[Step], configure: Callable[[Outputs], Configured]) -> StepSpec:
    return StepSpec(id=name, base=name, uses=name, plugin=plugin, kind=plugin.kind, configure=configure)


def packed(pipeline: Pipeline, target: str) -> list[str]:
    """Return the names of a target's releases that lie packed where the steps `pack` put them."""
    found: dict[str, None] = {}
    for spec in pipeline.steps:
        step = _configured(spec, pipeline, "1") if issubclass(spec.plugin, Pack) else None
        if isinstance(step, Pack):
            for path in sorted((pipeline.root / step.archive_dir).glob(f"{target}.*.manifest.json")):
                found[path.name.removeprefix(f"{target}.").removesuffix(".manifest.json")] = None
    return list(found)


def _configured(spec: StepSpec, pipeline: Pipeline, value: str) -> Step | None:
    """Return the step as far as it can be told before the steps above it have run; `None` if it cannot."""
    try:
        return spec.configure({each.id: _Unknown(value) for each in pipeline.steps}).step
    except InvalidPipeline:
        return None


def _target_of(spec: StepSpec, pipeline: Pipeline, value: str) -> str:
    step = _configured(spec, pipeline, value)
    if not isinstance(step, Pack):
        return ""
    return step.target or pipeline.properties.get("target", "") or pipeline.root.name


def _packed_target(pipeline: Pipeline) -> str:
    found = targets(pipeline) or [text for text in (pipeline.properties.get("target", ""),) if text]
    if len(found) == 1:
        return found[0]
    what = f"there are several: {', '.join(found)}" if found else "no step `pack` of the pipeline says which"
    raise UsageProblem(f"no target is named, and {what}", remedy="Name the target.")


def _checked(target: str) -> str:
    if problem := name_problem(target):
        raise UsageProblem(f"target: {problem}")
    return target


def _chosen(pipeline: Pipeline, step: str | None) -> StepSpec:
    deploying = upload_steps(pipeline)
    if not deploying:
        raise UsageProblem(
            f"{pipeline.file}: no step of it deploys (`uses: upload`)", remedy="Name the hosts: --host, --root."
        )
    chosen = [spec for spec in deploying if step in (spec.id, spec.base)] if step is not None else deploying
    if len(chosen) == 1:
        return chosen[0]
    names = [spec.id for spec in chosen or deploying]
    if not chosen:
        raise UsageProblem(f"--step: no step called {step!r} deploys.{did_you_mean(step or '', names)}")
    raise UsageProblem(f"several steps deploy: {', '.join(names)}", remedy="Name one of them: --step NAME.")


def _over(upload: Upload, given: Given) -> Upload:
    """Return the options with those of the command line laid over them."""
    if not given:
        return upload
    typed = configured(Upload, {"archive": "-", "hosts": list(upload.hosts), **given}, name="upload")
    names = [name.replace("-", "_") for name in given]
    changed = msgspec.structs.replace(upload, **{name: getattr(typed, name) for name in names})
    for option, problem in changed.check_options():
        raise UsageProblem(f"{option}: {problem}")
    return changed
