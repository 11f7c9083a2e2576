from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.pipelines import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A folder to run pipelines in; no thread of the engine may be left behind."""
    import threading

    before = set(threading.enumerate())
    yield Bench(tmp_path)
    left = [t.name for t in threading.enumerate() if t not in before and t.name.startswith("buildtools-")]
    assert not left
