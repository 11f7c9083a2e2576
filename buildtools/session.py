"""The composition root: load → plan → execute → report. Knows every room, decides nothing that a room can decide."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from buildtools import __version__
from buildtools.concluding import (
    RunRequest,
    forget_earlier,
    history_of,
    make_room,
    previous,
    repository_of,
    write_reports,
)
from buildtools.consoles import OutputChoice, OutputMode, Witnessed, sink_of
from buildtools.core.errors import InvalidPipeline
from buildtools.core.events import PlannedStep
from buildtools.core.masking import Masker
from buildtools.core.results import RunResult
from buildtools.core.step import Step
from buildtools.engine.plan import Plan, Selection, make_plan
from buildtools.engine.settings import RunSettings
from buildtools.pipeline.model import Configured, Pipeline, StepSpec

_T = TypeVar("_T")


def project_of(file: Path | None) -> tuple[Path | None, Path]:
    """Return the pipeline file, found from here upwards if it is not given, and the project's folder.

    Where none is found, that is for `open_pipeline` to say: then it is no file, and the current folder.
    """
    from buildtools.pipeline.find import find_file, root_of

    try:
        file = file or find_file(Path.cwd())
    except InvalidPipeline:
        return None, Path.cwd()
    return file, root_of(file)


def state_folder(file: Path | None) -> Path:
    """Return the work folder `.buildtools` of a pipeline file's project, or the next one from here upwards.

    It need not exist. Raises `InvalidPipeline` for a file that is named and not there.
    """
    if file is not None and not file.is_file():
        raise InvalidPipeline(f"{file}: {'it is a directory' if file.is_dir() else 'no such file'}")
    if file is None:
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / ".buildtools").is_dir():
                return folder / ".buildtools"
    return project_of(file)[1] / ".buildtools"


def open_pipeline(file: Path | None, properties: Mapping[str, str]) -> Pipeline:
    """Load `file`, or the pipeline file that is found from the current folder upwards.

    Raises `InvalidPipeline` with every problem that the file has.
    """
    from buildtools.pipeline.load import find_file, load

    return load(file or find_file(Path.cwd()), properties=properties, env=os.environ)


def plan_of(pipeline: Pipeline, selection: Selection) -> Plan:
    """Select and order the steps; conditions (`when`) are decided here, before anything runs."""
    return make_plan(pipeline, selection, _skips(pipeline))


def planned_steps(pipeline: Pipeline) -> tuple[PlannedStep, ...]:
    """Return all steps of a pipeline in order; none is not an error here."""
    return plan_of(pipeline, Selection()).steps if pipeline.steps else ()


def shown(pipeline: Pipeline, value: _T) -> _T:
    """Return text, or a value with texts in it, as people may see it: without the pipeline's secrets."""
    return Masker(pipeline.secrets).value(value)


def plan_of_step(name: str, step: Step, root: Path) -> Plan:
    """Return the plan that runs one configured step without any file."""
    return plan_within(Pipeline(name=name, file=Path(), root=root, steps=()), name, Configured(step=step))


def plan_within(pipeline: Pipeline, name: str, configured: Configured) -> Plan:
    """Return the plan that runs one configured step instead of a pipeline's own, among its values and secrets."""
    spec = StepSpec(
        id=name,
        base=name,
        uses=name,
        plugin=type(configured.step),
        kind=configured.step.kind,  # it has no neighbours to be ordered with
        configure=lambda _outputs: configured,
    )
    return make_plan(msgspec.structs.replace(pipeline, name=name, steps=(spec,)), Selection(), {})


def run(plan: Plan, request: RunRequest, choice: OutputChoice) -> RunResult:
    """Execute `plan`, show it, write the reports, and return what became of it.

    Raises, before anything runs, `InvalidPipeline` if a step that is to run uses a secret that is not set, and
    `UsageProblem` for a report in a place where none can be.
    """
    lacking = [plan.specs[step.id] for step in plan.steps if not step.skip and plan.specs[step.id].unmet]
    if lacking:
        from buildtools.pipeline.load import require

        require(lacking)
    make_room(request, plan.pipeline.sources)
    return _shown_run(plan, request, choice)


def perform(plan: Plan, choice: OutputChoice | None) -> RunResult:
    """Execute a plan that is no gate: it is recorded and, with a choice, shown; the last gate's reports stay there."""
    from buildtools.engine.executor import execute

    return _shown_run(plan, _apart(plan), choice) if choice else execute(plan, _settings(plan, _apart(plan)), [])


def ask(plan: Plan) -> RunResult:
    """Execute a plan that only looks at something: nothing is shown, and nothing recorded."""
    import tempfile

    from buildtools.engine.executor import execute

    with tempfile.TemporaryDirectory(prefix="buildtools-", ignore_cleanup_errors=True) as folder:
        settings = _settings(plan, _apart(plan))
        aside = msgspec.structs.replace(settings, record=Path(folder), reports=Path(folder) / "reports")
        return execute(plan, aside, [])


def _apart(plan: Plan) -> RunRequest:
    return RunRequest(reports=plan.pipeline.root / "build/reports", cache="off", reported=False)


def _settings(plan: Plan, request: RunRequest) -> RunSettings:
    return RunSettings(
        env=os.environ,
        reports=request.reports,
        masker=Masker(plan.pipeline.secrets),
        jobs=request.jobs,
        keep_going=request.keep_going,
        timeout=request.timeout,
        offline=request.offline,
        updating=request.updating,
        cache=request.cache,
        revision=_revision(plan.pipeline.root),
        version=__version__,
    )


def _shown_run(plan: Plan, request: RunRequest, choice: OutputChoice) -> RunResult:
    from buildtools.engine.executor import execute

    settings = _settings(plan, request)
    if request.reported:
        write = partial(write_reports, plan, request, rerun=choice.rerun, complain=choice.complain)
        settings = msgspec.structs.replace(settings, conclude=write, previous=partial(previous, plan, request))
    console = Witnessed(sink_of(choice, plan, request))
    result = execute(plan, settings, [console])
    for problem in result.problems:
        if problem not in console.told:
            choice.complain(problem)
    return result


def _skips(pipeline: Pipeline) -> dict[str, str]:
    if all(spec.when is None for spec in pipeline.steps):
        return {}
    from buildtools.pipeline.conditions import Facts, why_not

    facts = Facts(root=pipeline.root, env=os.environ, properties=pipeline.properties)
    reasons = ((spec.id, why_not(spec.when, facts)) for spec in pipeline.steps if spec.when is not None)
    return {identity: reason for identity, reason in reasons if reason is not None}


def _revision(root: Path) -> str:
    """Return the revision for the record, without asking git where plainly no repository is."""
    if repository_of(root) is not None:
        from buildtools.core.errors import BuildtoolsError
        from buildtools.system.git import Repository

        try:
            return Repository(root).revision
        except BuildtoolsError:
            return ""  # no git here, or no commit yet: nothing that a run depends on
    return ""


__all__ = [
    "OutputChoice",
    "OutputMode",
    "RunRequest",
    "ask",
    "forget_earlier",
    "history_of",
    "open_pipeline",
    "perform",
    "plan_of",
    "plan_of_step",
    "plan_within",
    "planned_steps",
    "project_of",
    "repository_of",
    "run",
    "shown",
    "state_folder",
]
