"""Where a run took place: what a report may show beside the result itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec


def _run_alone(step: str) -> str:
    return f"buildtools run {step}"


def _as_it_is(text: str) -> str:
    return text


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """The surroundings of a run, for the reports that show more than results.

    `root` is the project, whose files may be quoted, `record` the run's folder with the logs; both are `None` where
    the result comes from elsewhere. Whatever is read there must go through `mask`, since only the result is masked
    beforehand. `rerun` returns the command that runs one step again.
    """

    root: Path | None = None
    record: Path | None = None
    mask: Callable[[str], str] = _as_it_is
    rerun: Callable[[str], str] = _run_alone


ELSEWHERE = Scene()
"""The scene of a result of which nothing but itself is known."""
