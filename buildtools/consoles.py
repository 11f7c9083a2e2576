"""What is shown on stdout while a run goes on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from buildtools.concluding import RunRequest, scene_of
from buildtools.core.errors import ReportError
from buildtools.core.events import AnyEvent, RunFinished, Sink
from buildtools.core.masking import Masker
from buildtools.engine.plan import Plan

if TYPE_CHECKING:
    from buildtools.reports.plain import Dress
    from buildtools.reports.style import Style

OutputMode = Literal["live", "plain", "teamcity", "github", "gitlab", "jsonl"]


class OutputChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What to show on stdout. `rerun` returns the command line that runs one step alone."""

    rerun: Callable[[str], str]
    mode: OutputMode = "plain"
    color: bool = False
    verbosity: int = 0
    complain: Callable[[str], None] = lambda _problem: None
    """called for each problem of the run that stdout, gone or full, did not take"""


class Witnessed:
    """A sink on stdout that remembers which problems of the run it has told, if it came that far."""

    name = "standard output"

    def __init__(self, sink: Sink) -> None:
        self.told: tuple[str, ...] = ()
        self._sink = sink
        if hasattr(sink, "tick"):
            self.tick = sink.tick

    def handle(self, event: AnyEvent) -> None:
        """Hand an event on. Raises `ReportError` where stdout cannot be written."""
        try:
            self._sink.handle(event)
        except BrokenPipeError:
            raise  # nobody listens any more: no problem of ours
        except OSError as error:
            raise ReportError(f"standard output cannot be written: {error.strerror}") from None
        if isinstance(event, RunFinished):
            self.told = event.result.problems

    def close(self) -> None:
        """Close the sink."""
        self._sink.close()


def sink_of(choice: OutputChoice, plan: Plan, request: RunRequest) -> Sink:
    """Return what shows a run as the choice says."""
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

        return TeamCity(prefix=scene_of(plan, choice.rerun).prefix)
    if choice.mode == "gitlab":
        from buildtools.reports.gitlab import GitLab

        return GitLab()
    if choice.mode == "github":
        from buildtools.reports.github import Files, GitHub

        summary, outputs = (os.environ.get(name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"))
        files = Files(summary=Path(summary) if summary else None, outputs=Path(outputs) if outputs else None)
        return GitHub(files=files, scene=scene_of(plan, choice.rerun), hidden=tuple(plan.pipeline.secrets))
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
