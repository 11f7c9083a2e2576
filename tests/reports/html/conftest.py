"""Pages to look at, and a browser to look with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import browser as browsers
from tests.support.browser import Browser


@pytest.fixture
def browser(session_folder: Path) -> Iterator[Browser]:
    """A Chromium of its own for the test: none outlives a test."""
    if problem := browsers.missing(session_folder):
        pytest.skip(f"a browser is needed and cannot be had here: {problem}")
    with browsers.browser(session_folder) as made:
        yield made
