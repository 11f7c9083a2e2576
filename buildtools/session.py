"""The composition root: load → plan → execute → report. Knows every room, decides nothing that a room can decide."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from buildtools import __version__
from buildtools.core.errors import InvalidPipeline, ReportError
from buildtools.core.events import AnyEvent, PlannedStep, RunFinished, Sink
from buildtools.core.masking import Masker
from buildtools.core.results import RunResult
from buildtools.core.step import Step
from buildtools.engine.plan import Plan, Selection, make_plan
from buildtools.engine.settings import RunSettings
from buildtools.pipeline.model import Configured, Pipeline, StepSpec

if TYPE_CHECKING:
    from buildtools.reports.html.trends import Trend
    from buildtools.reports.plain import Dress
    from buildtools.reports.scene import Scene
    from buildtools.reports.style import Style

_T = TypeVar("_T")
OutputMode = Literal["live", "plain", "teamcity", "github", "gitlab", "jsonl"]


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How to execute a plan, and which reports to write; all paths are absolute, `timeout` is in seconds."""

    reports: Path
    jobs: int = 1
    keep_going: bool = False
    timeout: float | None = None
    offline: bool = False
    updating: bool = False
    """steps' baselines are to be brought up to date"""
    cache: Literal["on", "off", "refresh"] = "on"
    wanted: tuple[tuple[str, Path], ...] = ()
    """further reports: (kind, path)"""
    history: Path | None = None
    """default: `.buildtools/history.sqlite` in the project"""
    reported: bool = True
    """whether there are to be reports at all"""


class OutputChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What to show on stdout. `rerun` returns the command line that runs one step alone."""

    rerun: Callable[[str], str]
    mode: OutputMode = "plain"
    color: bool = False
    verbosity: int = 0
    complain: Callable[[str], None] = lambda _problem: None
    """called for each problem of the run that stdout, gone or full, did not take"""


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

    It need not exist.
    """
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

    Raises `InvalidPipeline`, before anything runs, if a step that is to run uses a secret that is not set.
    """
    lacking = [plan.specs[step.id] for step in plan.steps if not step.skip and plan.specs[step.id].unmet]
    if lacking:
        from buildtools.pipeline.load import require

        require(lacking)
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
        write = partial(_write_reports, plan, request, choice)
        settings = msgspec.structs.replace(settings, conclude=write, previous=partial(_previous, plan, request))
    console = _Witnessed(_sink(choice, plan, request))
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


def repository_of(root: Path) -> Path | None:
    """Return the top of the work tree that `root` lies in."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


class _Witnessed:
    """A sink on stdout that remembers which problems of the run it has told, if it came that far."""

    name = "standard output"

    def __init__(self, sink: Sink) -> None:
        self.told: tuple[str, ...] = ()
        self._sink = sink
        if hasattr(sink, "tick"):
            self.tick = sink.tick

    def handle(self, event: AnyEvent) -> None:
        try:
            self._sink.handle(event)
        except BrokenPipeError:
            raise  # nobody listens any more: no problem of ours
        except OSError as error:
            raise ReportError(f"standard output cannot be written: {error.strerror}") from None
        if isinstance(event, RunFinished):
            self.told = event.result.problems

    def close(self) -> None:
        self._sink.close()


def _sink(choice: OutputChoice, plan: Plan, request: RunRequest) -> Sink:
    if choice.mode == "jsonl":
        from buildtools.reports.jsonl import JsonLines

        return JsonLines(sys.stdout.buffer)
    style = _style(choice, Masker(plan.pipeline.secrets), request)
    if choice.mode == "live":
        from buildtools.reports.live import LiveConsole

        return LiveConsole(sys.stdout, style=style)
    from buildtools.reports.plain import PlainConsole

    return PlainConsole(sys.stdout, style=style, dress=_dress(choice, plan))


def _dress(choice: OutputChoice, plan: Plan) -> Dress | None:
    if choice.mode == "teamcity":
        from buildtools.reports.teamcity import TeamCity

        return TeamCity(prefix=_scene(plan, choice.rerun).prefix)
    if choice.mode == "gitlab":
        from buildtools.reports.gitlab import GitLab

        return GitLab()
    if choice.mode == "github":
        from buildtools.reports.github import Files, GitHub

        summary, outputs = (os.environ.get(name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"))
        files = Files(summary=Path(summary) if summary else None, outputs=Path(outputs) if outputs else None)
        return GitHub(files=files, scene=_scene(plan, choice.rerun), hidden=tuple(plan.pipeline.secrets))
    return None


def _style(choice: OutputChoice, masker: Masker, request: RunRequest) -> Style:
    from buildtools.reports.style import Style, shows_unicode

    return Style(
        color=choice.color,
        unicode=shows_unicode(sys.stdout),
        verbosity=choice.verbosity,
        rerun=lambda step: masker.text(choice.rerun(step)),
        junit=os.path.relpath(request.reports / "junit.xml"),
    )


def forget_reports(request: RunRequest) -> None:
    """Remove the reports that an earlier run left: if this one never comes to write its own, none may pass for it."""
    from buildtools.reports.files import forget, places

    forget(places(request.reports, request.wanted))


def _write_reports(plan: Plan, request: RunRequest, choice: OutputChoice, result: RunResult) -> tuple[str, ...]:
    """Write the usual reports, what else was asked for, and the history; return what could not be written."""
    from buildtools.reports.files import places, write

    record = plan.pipeline.root / ".buildtools/runs" / result.id
    scene = _scene(plan, choice.rerun, record)
    problems: tuple[str, ...] = ()
    if plan.pipeline.file.name:
        from buildtools.reports.history import HistoryError

        try:
            scene = msgspec.structs.replace(scene, trends=_remember(plan, request, result))
        except HistoryError as error:
            if request.history is not None:
                problems = (f"the history could not be written: {error}",)
            else:
                choice.complain(f"the history could not be written: {error}")
    return (*problems, *write(result, places(request.reports, request.wanted), scene))


def _remember(plan: Plan, request: RunRequest, result: RunResult) -> tuple[Trend, ...]:
    """Add a run to the history, and return how its numbers went. Raises `HistoryError`."""
    from buildtools.reports.history import History, tested
    from buildtools.reports.trends import RUNS, trends

    history = History(request.history or history_of(plan.pipeline.root))
    # To ask git for changes takes a while, and only a test's verdicts are compared between runs of one state.
    clean = any(map(tested, result.steps)) and not _dirty(plan.pipeline.root)
    history.add(result, result.revision if clean else "")
    return trends(history.steps(result.pipeline, RUNS), result.id)


def _previous(plan: Plan, request: RunRequest, step: str, metric: str) -> float | None:
    from buildtools.core.errors import StepError
    from buildtools.reports.history import History, HistoryError

    try:
        return History(request.history or history_of(plan.pipeline.root)).previous(plan.pipeline.name, step, metric)
    except HistoryError as error:
        raise StepError(str(error), remedy="Remove the file, or name another by --history.") from None


def history_of(root: Path) -> Path:
    """Return where a project's history is, if nobody says otherwise."""
    return root / ".buildtools/history.sqlite"


def _dirty(root: Path) -> bool:
    from buildtools.core.errors import BuildtoolsError
    from buildtools.system.git import Repository

    try:
        return Repository(root).dirty
    except BuildtoolsError:
        return True


def _scene(plan: Plan, rerun: Callable[[str], str], record: Path | None = None) -> Scene:
    from buildtools.reports.scene import Scene

    root, mask = plan.pipeline.root, Masker(plan.pipeline.secrets).text
    return Scene(
        root=root,
        record=record,
        repository=repository_of(root),
        host=mask(os.uname().nodename),
        mask=mask,
        rerun=lambda step: mask(rerun(step)),
    )
