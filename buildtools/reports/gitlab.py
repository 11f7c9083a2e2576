"""GitLab's job log: each step in a section that can be folded, and a line for its coverage expression.

The markers are those of https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from buildtools.core.events import AnyEvent, RunFinished, RunStarted, StepFinished
from buildtools.core.results import RunResult, StepRun
from buildtools.reports.style import bad

_NOT_NAME = re.compile(r"[^a-z0-9_.-]+")


class GitLab:
    """A console's text with sections."""

    def __init__(self) -> None:
        self._started = 0.0
        self._number = 0

    def event(self, event: AnyEvent, text: str) -> str:
        """Return the text of an event, as `Dress` says."""
        match event:
            case RunStarted():
                self._started = event.started or event.time
                return text
            case StepFinished():
                return self._step(event.run, text)
            case RunFinished():
                return text + "".join(_coverage(event.result))
            case _:
                return text

    def note(self, text: str) -> str:
        """Return the text as it is."""
        return text

    def _step(self, run: StepRun, text: str) -> str:
        title, _, rest = text.partition("\n")
        if not rest.strip():
            return text
        self._number += 1
        # Names of sections must differ within a job, also if their steps' names don't in these characters.
        name = f"step_{self._number}_{_NOT_NAME.sub('_', run.id.lower())[:40]}"
        begin = int(self._started + (run.started or 0.0))
        fold = "" if bad(run) else "[collapsed=true]"
        # GitLab takes the duration that it shows from the two times.
        return (
            f"\x1b[0Ksection_start:{begin}:{name}{fold}\r\x1b[0K{title}\n{rest.rstrip()}\n"
            f"\x1b[0Ksection_end:{begin + round(run.seconds)}:{name}\r\x1b[0K\n"
        )


def _coverage(result: RunResult) -> Iterator[str]:
    r"""Yield a line such as `TOTAL coverage 87.12%`, for `coverage: '/TOTAL.*? (\d+(?:\.\d+)?)%/'`."""
    found = [metric for run in result.steps for metric in run.result.metrics if metric.name == "coverage"]
    if found:
        yield f"TOTAL coverage {min(metric.value for metric in found):.2f}%\n"
