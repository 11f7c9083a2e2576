"""Where a run took place: what a report may show beside the result itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from buildtools.reports.html.trends import Trend


def _run_alone(step: str) -> str:
    return f"buildtools run {step}"


def _as_it_is(text: str) -> str:
    return text


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of a run, for the reports that show more than results.

    `root` is the project, whose files may be quoted, `record` the run's folder with the logs, `repository` the top of
    the git work tree around the root; they are `None` where the result comes from elsewhere. Whatever is read there
    must go through `mask`, since only the result is masked beforehand. `rerun` returns the command that runs one step
    again; `host` is the machine's name. `folder` is where the report is being written: its links start there.
    """

    root: Path | None = None
    record: Path | None = None
    repository: Path | None = None
    folder: Path | None = None
    host: str = "localhost"
    mask: Callable[[str], str] = _as_it_is
    rerun: Callable[[str], str] = _run_alone
    trends: tuple[Trend, ...] = ()
    """how numbers went over the last runs, this one included"""

    @property
    def prefix(self) -> str:
        """The root as seen from the repository's top, ending in a slash; empty where they are the same."""
        if self.root is None or self.repository is None or self.root == self.repository:
            return ""
        return f"{self.root.relative_to(self.repository).as_posix()}/"

    def pipeline_file(self, file: str) -> str:
        """Return a run's pipeline file relative to the root, as findings' paths are; `.` where there is none."""
        path = PurePosixPath(file)
        if self.root is not None and path.is_relative_to(self.root):
            path = path.relative_to(self.root)
        return path.name if path.is_absolute() else str(path)


ELSEWHERE = Scene()
"""The scene of a result of which nothing but itself is known."""
