"""The published schemas of report formats, no part of this project: `BUILDTOOLS_SCHEMAS` names their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_FOLDER = os.environ.get("BUILDTOOLS_SCHEMAS", "")  # read before the tests' environment is sheltered


def schema(name: str) -> Path:
    """Return a schema's file, or skip the test."""
    path = Path(_FOLDER, name)
    if not _FOLDER or not path.is_file():
        pytest.skip(f"BUILDTOOLS_SCHEMAS names no folder with {name}")
    return path
