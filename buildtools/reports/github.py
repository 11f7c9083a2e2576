"""GitHub Actions: groups of a log, annotations on files, a job summary, and outputs for later steps and jobs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from buildtools.core.errors import ReportError
from buildtools.core.events import AnyEvent, RunFinished, RunStarted, StepFinished
from buildtools.core.model import Severity, Status
from buildtools.core.results import Finding, RunResult, StepRun, TestCase
from buildtools.core.wording import count
from buildtools.reports.scene import ELSEWHERE, Scene
from buildtools.reports.style import bad
from buildtools.reports.workflowcommands import assignment, command, literally, masks
from buildtools.reports.xmltext import excerpt

_OF_A_KIND = 9
"""GitHub shows ten annotations of each kind for one of its steps; the tenth says how many more there are."""
_MESSAGE = 4_000
_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


class Files(msgspec.Struct, frozen=True, kw_only=True):
    """Where GitHub wants the job summary and the outputs, and no file where it does not want them."""

    summary: Path | None = None
    outputs: Path | None = None


class _Annotation(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    message: str
    title: str
    file: str = ""
    place: tuple[int, int, int, int] = (0, 0, 0, 0)


class GitHub:
    """A console's text with workflow commands; `hidden` are the secrets, which the runner is to mask as well."""

    def __init__(self, *, files: Files, scene: Scene = ELSEWHERE, hidden: Sequence[str] = ()) -> None:
        self._files = files
        self._scene = scene
        self._hidden = hidden
        self._token = secrets.token_hex(16)

    def event(self, event: AnyEvent, text: str) -> str:
        """Return the text of an event, as `Dress` says. Raises `ReportError` if a file of GitHub's can't be written."""
        match event:
            case RunStarted():
                return masks(self._hidden) + self.note(text)
            case StepFinished():
                return self._step(event.run, text)
            case RunFinished():
                annotations = "".join(_commands(_annotations(event.result, self._scene.prefix)))
                self._write_files(event.result)
                return annotations + self.note(text)
            case _:
                return self.note(text)

    def note(self, text: str) -> str:
        """Return text in which no line is a command."""
        return literally(text, self._token)

    def _step(self, run: StepRun, text: str) -> str:
        title, _, rest = text.partition("\n")
        # What went wrong is not folded away; what has nothing more to say needs no fold.
        if not rest.strip() or bad(run):
            return self.note(text)
        return f"::group::{title}\n{self.note(rest.rstrip() + chr(10))}::endgroup::\n"

    def _write_files(self, result: RunResult) -> None:
        from buildtools.reports.markdown import render

        if self._files.summary is not None:
            _append(self._files.summary, render(result, self._scene))
        if self._files.outputs is not None:
            _append(self._files.outputs, "".join(_outputs(result)).encode("utf-8", "replace"))


def _append(path: Path, data: bytes) -> None:
    try:
        with path.open("ab") as file:
            file.write(data)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror}") from None


def _outputs(result: RunResult) -> Iterator[str]:
    yield assignment("status", "passed" if not result.exit_code else "failed")
    yield assignment("exit-code", str(int(result.exit_code)))
    for run in result.steps:
        for name, value in run.result.outputs.items():
            yield assignment(f"{run.id}-{name}", value)


def _annotations(result: RunResult, prefix: str) -> Iterator[_Annotation]:
    for problem in result.problems:
        yield _Annotation(kind="error", message=problem, title="buildtools")
    for run in result.steps:
        if not bad(run):
            continue
        found = [
            *(_of_finding(finding, prefix) for finding in run.result.findings if not finding.known),
            *(_of_case(case, run, prefix) for case in run.result.cases if case.status in (Status.FAILED, Status.ERROR)),
        ]
        reason = run.result.reason or run.result.status.value
        own = _Annotation(kind="error", message="\n".join(filter(None, (reason, run.result.remedy))), title=run.id)
        for one in found or [own]:
            # What is allowed to fail breaks nothing.
            yield msgspec.structs.replace(one, kind="warning") if run.allowed and one.kind == "error" else one


def _of_finding(finding: Finding, prefix: str) -> _Annotation:
    named = " ".join(part for part in (finding.tool, finding.rule, finding.symbol) if part)
    return _Annotation(
        kind=_KINDS[finding.severity],
        message=finding.message or named,
        title=named,
        file=prefix + finding.path if finding.path else "",
        place=(finding.line, finding.end_line, finding.column, finding.end_column),
    )


def _of_case(case: TestCase, run: StepRun, prefix: str) -> _Annotation:
    named = "::".join(part for part in (case.classname, case.name) if part)
    file = prefix + case.file if case.file and not case.file.startswith("/") else ""
    told = "\n".join(filter(None, (case.message, case.details))) or case.status.value
    return _Annotation(kind="error", message=told, title=f"{run.id}: {named}", file=file, place=(case.line, 0, 0, 0))


def _commands(found: Iterator[_Annotation]) -> Iterator[str]:
    kinds: dict[str, list[_Annotation]] = {kind: [] for kind in _KINDS.values()}
    left_out = dict.fromkeys(kinds, 0)
    for one in found:
        if len(kinds[one.kind]) < _OF_A_KIND:
            kinds[one.kind].append(one)
        else:
            left_out[one.kind] += 1
    for kind, shown in kinds.items():
        for one in shown:
            yield _command(one)
        if left_out[kind]:
            yield command(kind, f"{count(left_out[kind], f'more {kind}')} in the summary and the reports")


def _command(one: _Annotation) -> str:
    line, end_line, column, end_column = one.place
    # A range of columns is one within a line.
    within = end_line in (0, line)
    return command(
        one.kind,
        excerpt(one.message, _MESSAGE - 100),
        file=one.file,
        line=str(line) if line > 0 and one.file else "",
        endLine=str(end_line) if end_line > line > 0 and one.file else "",
        col=str(column) if column > 0 and line > 0 and within and one.file else "",
        endColumn=str(end_column) if end_column > column > 0 and line > 0 and within and one.file else "",
        title=one.title[:255],
    )
