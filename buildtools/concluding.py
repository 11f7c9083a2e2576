"""What is done when the steps of a run have ended: its reports, its place in the history."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from buildtools.core.masking import Masker
from buildtools.core.results import RunResult
from buildtools.engine.plan import Plan

if TYPE_CHECKING:
    from buildtools.reports.html.trends import Trend
    from buildtools.reports.scene import Scene


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


def forget_earlier(request: RunRequest, root: Path, file: Path | None) -> None:
    """Remove the reports that an earlier run left: if this one never comes to write its own, none may pass for it.

    It is not known yet whether anything will run. In `build/reports` of the project the usual reports go, whatever is
    in them; elsewhere only what begins as a report of the kind does; never the pipeline `file`.
    """
    from buildtools.reports.files import earlier, forget, places, same

    own = places(root / "build/reports", ())
    files = places(request.reports, request.wanted)
    old = [*(place for place in files if place in own), *earlier(files)]
    forget([(kind, path) for kind, path in old if file is None or not same(path, file)])


def make_room(request: RunRequest, sources: tuple[Path, ...]) -> None:
    """Remove whatever is in the place of a report, now that the run begins.

    Raises `UsageProblem`, and removes nothing, for a report that nobody can want: in the place of one of the
    pipeline's `sources`, or of a folder.
    """
    from buildtools.reports.files import forget, places, refuse

    files = places(request.reports, request.wanted)
    refuse(files, sources)
    forget(files)


def write_reports(
    plan: Plan, request: RunRequest, result: RunResult, *, rerun: Callable[[str], str], complain: Callable[[str], None]
) -> tuple[str, ...]:
    """Write the usual reports, what else was asked for, and the history; return what could not be written.

    `complain` hears of a history that nobody asked for and that could not be written.
    """
    from buildtools.reports.files import places, write

    record = plan.pipeline.root / ".buildtools/runs" / result.id
    scene = scene_of(plan, rerun, record)
    problems: tuple[str, ...] = ()
    if plan.pipeline.file.name:
        from buildtools.reports.history import HistoryError

        try:
            scene = msgspec.structs.replace(scene, trends=_remember(plan, request, result))
        except HistoryError as error:
            if request.history is not None:
                problems = (f"the history could not be written: {error}",)
            else:
                complain(f"the history could not be written: {error}")
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


def previous(plan: Plan, request: RunRequest, step: str, metric: str) -> float | None:
    """Return a metric of a step in the last run in which it passed. Raises `StepError`."""
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


def repository_of(root: Path) -> Path | None:
    """Return the top of the work tree that `root` lies in."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


def scene_of(plan: Plan, rerun: Callable[[str], str], record: Path | None = None) -> Scene:
    """Return what reports may show beside the result; what is secret is masked in it."""
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
