"""The finished run as JUnit XML."""

from __future__ import annotations

from buildtools.core.results import RunResult


def render(result: RunResult) -> bytes:
    """Return the run as JUnit XML."""
    raise NotImplementedError
