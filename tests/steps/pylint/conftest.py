"""A project made of text, linted by the step's driver and by plain pylint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support import same
from tests.support.oracle import Oracle


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    with Oracle() as server:
        yield server


class Compared:
    """A project; called with pylint's arguments, it fails on any difference, and returns our run."""

    def __init__(self, root: Path, oracle: Oracle) -> None:
        self.root = root
        self._oracle = oracle
        root.mkdir()

    def write(self, files: Mapping[str, str | bytes]) -> Compared:
        for name, text in files.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self

    def __call__(self, *arguments: str, jobs: tuple[str, ...] = ("--jobs=2",), **env: str) -> same.Ran:
        mine = same.ours(self.root, (*jobs, *arguments), env=env)
        other = self._oracle.lint(self.root, arguments, env=env)
        assert same.differences(mine, other) == [], mine.said
        return mine


@pytest.fixture
def compare(tmp_path: Path, oracle: Oracle) -> Compared:
    return Compared(tmp_path / "project", oracle)
