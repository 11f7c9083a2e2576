from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from buildtools.system.replace import replace_file, replacing


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_new_file_in_a_new_folder_is_as_readable_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        replace_file(tmp_path / "a/b/x", b"data")
    finally:
        os.umask(before)
    assert (tmp_path / "a/b/x").read_bytes() == b"data"
    assert stat.S_IMODE((tmp_path / "a/b/x").stat().st_mode) == 0o644
    assert names(tmp_path / "a/b") == ["x"]


def test_the_old_content_stands_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_whoever_is_cut_off_leaves_the_old_content_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def cut_off() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        cut_off()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x"]


def test_a_folder_in_the_way_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(tmp_path / "x", b"data")
    assert names(tmp_path) == ["x"]


def test_a_name_of_the_greatest_length(tmp_path: Path) -> None:
    replace_file(tmp_path / ("x" * 255), b"data")
    assert names(tmp_path) == ["x" * 255]
