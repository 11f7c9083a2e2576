"""The text of a run as it goes on, whatever it is written to."""

from __future__ import annotations

import posixpath

from buildtools.core.events import AnyEvent, Output, RunFinished, RunStarted, StepFinished, StepStarted
from buildtools.core.wording import count
from buildtools.reports.ansi import one_line
from buildtools.reports.block import block
from buildtools.reports.closing import closing
from buildtools.reports.excerpt import Excerpt
from buildtools.reports.style import Style


class Transcript:
    """Gathers each step's output, a bounded part of it, and hands out what becomes due."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._outputs: dict[str, Excerpt] = {}
        self._folder = ""
        self._apart = False
        """the text handed out last ends in an empty line"""

    def take(self, event: AnyEvent) -> str:
        """Return the text that this event makes due, whole lines; empty for most."""
        text = self._due(event)
        if self._apart:
            text = text.removeprefix("\n")
        if text:
            self._apart = text.endswith("\n\n")
        return text

    def _due(self, event: AnyEvent) -> str:
        match event:
            case Output():
                if not self._style.quiet:
                    self._output(event.step).add(event.text)
            case StepStarted() if event.attempt > 1 and not self._style.quiet:
                self._output(event.step).add(f"\n[attempt {event.attempt}]\n")
            case StepFinished():
                run = event.run
                kept = self._outputs.pop(run.id, None)
                log = posixpath.join(self._folder, run.log) if run.log else ""
                output = kept.text(f"; all of it is in {log}" if log else "") if kept else ""
                return block(run, output, self._style)
            case RunStarted():
                return self._begin(event)
            case RunFinished():
                return closing(event.result, self._style)
            case _:
                pass
        return ""

    def _output(self, step: str) -> Excerpt:
        return self._outputs.setdefault(step, Excerpt())

    def _begin(self, event: RunStarted) -> str:
        self._folder = event.folder
        if event.root and event.folder.startswith(f"{event.root}/"):
            self._folder = event.folder[len(event.root) + 1 :]
        if self._style.quiet:
            return ""
        together = min(event.jobs, len(event.steps))
        jobs = f", {together} at a time" if together > 1 else ""
        title = f"{one_line(event.pipeline)}: {count(len(event.steps), 'step')}{jobs}"
        return f"{self._style.paint(title, 'bold')}\n"
