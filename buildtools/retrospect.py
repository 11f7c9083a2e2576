"""What is done with runs that are over: reading them back, joining them, writing their reports anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from buildtools.core.errors import BuildtoolsError, StepError
from buildtools.core.results import RunResult


def one_run(named: str | None, file: Path | None) -> tuple[RunResult, Path | None]:
    """Return a run, by its id or its run.json, by default the project's last one, and its record if it is there."""
    from buildtools.session import state_folder

    if named is not None and (named.endswith(".json") or os.sep in named or Path(named).is_file()):
        return read_run(Path(named)), None
    folder = state_folder(file) / "runs"
    if named is None:
        finished = sorted(path.parent for path in folder.glob("*/run.json"))
        if not finished:
            raise StepError(f"{folder}: no run is in it", remedy="Run the pipeline once, or name a run.json.")
        record = finished[-1]
    else:
        record = folder / named
        if Path(named).name != named or not (record / "run.json").is_file():
            raise StepError(f"{named}: no run of this id is kept", remedy=f"See which ones are in {folder}.")
    return read_run(record / "run.json"), record


def read_run(path: Path) -> RunResult:
    """Read a run.json. Raises `StepError` for one that cannot be read, or is none."""
    from buildtools.steps.imported import runjson
    from buildtools.steps.imported.imported import Unreadable

    try:
        return runjson.read_run(path.read_bytes())
    except OSError as error:
        raise StepError(f"{path}: cannot be read: {error.strerror}") from None
    except Unreadable as error:
        raise StepError(f"{path}: is no run.json of buildtools: {error}") from None


def merged_runs(named: Sequence[str]) -> RunResult:
    """Read `[NAME=]RUN.json` files and join them; a name that is not given is that of the file's folder."""
    from buildtools.reports.merging import merged

    runs: dict[str, RunResult] = {}
    for text in named:
        name, separator, place = text.partition("=")
        path = Path(place if separator and not Path(text).is_file() else text)
        if path == Path(text):
            name = path.absolute().parent.name
        base, number = name or "run", 1
        while name in runs or not name:
            number += 1
            name = f"{base}-{number}"
        runs[name] = read_run(path)
    return merged(runs)


def foreign_run(files: Sequence[str], form: str, project: Path | None) -> RunResult:
    """Read files of a form (see `buildtools.steps.imported.forms`; `auto`: by content) as one run, a step for each.

    Of a run.json, all steps are there as they are. Raises `StepError` for what cannot be read.
    """
    from buildtools.reports.merging import merged
    from buildtools.session import project_of

    root = project_of(project)[1]
    runs: dict[str, RunResult] = {}
    for file in files:
        path = Path(file)
        name, number = path.stem or path.name, 1
        while name in runs:
            number += 1
            name = f"{path.stem}-{number}"
        runs[name] = _read_foreign(path, form, name, root)
    return next(iter(runs.values())) if len(runs) == 1 else merged(runs)


def _read_foreign(path: Path, form: str, name: str, root: Path) -> RunResult:
    from buildtools.core.model import Kind, Severity, Status
    from buildtools.core.results import StepRun
    from buildtools.steps.imported import forms, verdict
    from buildtools.steps.imported.imported import Unreadable
    from buildtools.steps.imported.whereabouts import whereabouts

    try:
        data = forms.data_of(path, str(path))
        written = path.stat().st_mtime
        form = forms.sniffed(data) if form == "auto" else form
    except OSError as error:
        raise StepError(f"{path}: cannot be read: {error.strerror}") from None
    except Unreadable as error:
        raise StepError(f"{path}: {error}", remedy="Name its form by --from.") from None
    if form == "json":
        return read_run(path)
    imported = forms.read(data, form, str(path))
    result = verdict.together([verdict.located(imported, whereabouts(root, Path.cwd(), imported.sources))])
    grave = any(finding.severity is not Severity.INFO and not finding.known for finding in result.findings)
    reasons = verdict.beside(result)
    result = msgspec.structs.replace(
        result,
        status=Status.FAILED if grave or reasons else Status.PASSED,
        reason="; ".join(part for part in (*reasons, verdict.found(result.findings)) if part),
    )
    seconds = sum(case.seconds for case in result.cases)
    step = StepRun(id=name, plugin="report", kind=Kind.CHECK, result=result, started=0.0, seconds=seconds)
    return RunResult(pipeline=name, id=name, steps=(step,), started=max(written - seconds, 0.0), seconds=seconds)


def rewrite(result: RunResult, wanted: Sequence[tuple[str, str]], file: Path | None, record: Path | None) -> None:
    """Write reports of a run. Raises `ReportError` for what could not be written."""
    from buildtools.core.errors import ReportError
    from buildtools.reports.files import write
    from buildtools.reports.scene import Scene
    from buildtools.session import project_of, repository_of

    root = project_of(file)[1]
    scene = Scene(root=root, record=record, repository=repository_of(root), mask=_mask(file))
    here = Path.cwd()
    problems = write(result, [(kind, here / path) for kind, path in wanted], scene)
    if problems:
        raise ReportError("\n".join(problems))


def _mask(file: Path | None) -> Callable[[str], str]:
    """Return what masks the files that a report quotes: all of it, where nobody knows what is secret."""
    from buildtools.core.masking import Masker
    from buildtools.session import open_pipeline

    try:
        return Masker(open_pipeline(file, {}).secrets).text
    except BuildtoolsError:
        return lambda _text: ""
