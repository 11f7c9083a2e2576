"""The cache's files."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from buildtools.steps.jslint import store


def test_the_folder_can_be_moved(tmp_path: Path) -> None:
    assert store.cache_folder({"BUILDTOOLS_CACHE_DIR": str(tmp_path)}) == tmp_path / "jslint"
    assert store.cache_folder({}).parts[-2:] == ("buildtools", "jslint")


def test_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    texts = [bytes([number]) * 300_000 for number in range(8)]
    threads = [threading.Thread(target=store.save, args=(tmp_path / "new/x", text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.load(tmp_path / "new/x") in texts
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["x"]


def test_a_folder_that_cannot_be_made_is_said_not_raised(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "File exists" in store.save(tmp_path / "file/x", b"")
    assert store.load(tmp_path / "file/x") is None


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    assert store.save(tmp_path / "x", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("path", ["missing", "."])
def test_what_cannot_be_read_is_not_there(tmp_path: Path, path: str) -> None:
    assert store.load(tmp_path / path) is None
