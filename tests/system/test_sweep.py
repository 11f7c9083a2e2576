"""Keeping a cache below a size."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from buildtools.system.store import Store
from buildtools.system.sweep import clear, contents, sweep, sweep_now_and_then

NOW = time.time()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache of ten blobs of about 1,000 bytes, the first used ten days ago, the second nine, and so on."""
    store = Store(tmp_path / "cache")
    for number in range(10):
        store.put(f"{number}", bytes(950))
        newest = max(store.folder.glob("*/*"), key=lambda path: path.stat().st_mtime)
        os.utime(newest, (NOW - (10 - number) * 86_400,) * 2)
    return store.folder


def held(folder: Path) -> str:
    """Return the names of the blobs that are left; asking for them does not count as a use in these tests."""
    return "".join(f"{number}" for number in range(10) if Store(folder).holds(f"{number}"))


def test_what_was_used_longest_ago_goes_first(folder: Path) -> None:
    assert Store(folder).get("0") is not None, "used just now"
    swept = sweep(folder, 4_100)
    assert swept.removed == 6
    assert swept.bytes <= 4_100
    assert held(folder) == "0789"
    assert sweep(folder, 4_100).removed == 0
    assert sweep(folder, 0).bytes == 0


def test_a_tools_folder_is_kept_or_removed_whole(folder: Path) -> None:
    tool = folder / "tools/mypy"
    (tool / "3.11").mkdir(parents=True)
    (tool / "3.11/a.json").write_bytes(bytes(2_000))
    (tool / "3.11/b.json").write_bytes(bytes(2_000))
    os.utime(tool / "3.11/a.json", (NOW - 20 * 86_400,) * 2)
    found = contents(folder)
    assert (found.blobs, found.tools, found.tool_bytes) == (10, ("mypy",), 4_000)
    sweep(folder, 6_000)
    assert (tool / "3.11/a.json").exists(), "its newest file counts"
    for path in (tool / "3.11/b.json", tool):
        os.utime(path, (NOW - 20 * 86_400,) * 2)
    sweep(folder, 1_900)
    assert not tool.exists()
    assert held(folder) == "9"


def test_what_cut_off_runs_left_behind_goes(folder: Path) -> None:
    inner = next(folder.glob("*/*")).parent
    old, young = inner / ".x.1-00.tmp", inner / ".y.1-00.tmp"
    old.write_bytes(b"x")
    young.write_bytes(b"y")
    os.utime(old, (NOW - 7_200,) * 2)
    (folder / "tools/.mypy.0011").mkdir(parents=True)
    (folder / "tools/.mypy.0011/x").write_bytes(b"x")
    sweep(folder, 10**9)
    assert not old.exists()
    assert young.exists(), "somebody may be writing it"
    assert not (folder / "tools/.mypy.0011").exists()
    assert held(folder) == "0123456789"


def test_it_happens_by_itself_once_a_day(folder: Path) -> None:
    sweep_now_and_then(folder, 2_000)
    assert held(folder) == "0123456789", "the first run only begins to count"
    sweep_now_and_then(folder, 2_000)
    assert len(list(folder.glob("??/*"))) == 10
    for age in (90_000, -90_000):
        os.utime(folder / "swept", (NOW - age,) * 2)
        sweep_now_and_then(folder, 2_000)
        assert (folder / "swept").stat().st_mtime > NOW - 100
        assert len(list(folder.glob("??/*"))) == 2


def test_it_happens_at_once_where_much_was_written(folder: Path) -> None:
    sweep_now_and_then(folder, 4_100, written=500)
    assert len(list(folder.glob("??/*"))) == 10
    sweep_now_and_then(folder, 4_100, written=520)
    assert len(list(folder.glob("??/*"))) == 4


def test_clearing_removes_everything(folder: Path) -> None:
    assert clear(folder).blobs == 10
    assert not folder.exists()
    assert [*folder.parent.iterdir()] == []
    assert clear(folder).blobs == 0


def test_a_link_stays_and_what_it_leads_to_is_emptied(folder: Path) -> None:
    link = folder.parent / "project/cache"
    link.parent.mkdir()
    link.symlink_to(folder)
    assert clear(link).blobs == 10
    assert link.is_symlink()
    assert [*link.parent.iterdir()] == [link]
    assert [*folder.iterdir()] == []
    folder.rmdir()
    assert clear(link).blobs == 0
    assert link.is_symlink()


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("mount") is None, reason="only root can mount")
def test_a_mount_is_emptied(folder: Path) -> None:
    if subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        assert clear(folder).blobs == 10
        assert [*folder.iterdir()] == []
    finally:
        subprocess.run(["umount", folder], check=True)


def test_what_a_killed_clearing_left_beside_it_goes(folder: Path) -> None:
    left, others = folder.with_name(".cache.0011aaff"), folder.with_name(".cache.notes")
    for clean in (lambda: sweep(folder, 10**9), lambda: clear(folder)):
        (left / "ab").mkdir(parents=True)
        (left / "ab/cd").write_bytes(b"x")
        others.mkdir(exist_ok=True)
        clean()
        assert not left.exists()
        assert others.exists()


def test_what_cannot_be_removed_is_told(folder: Path) -> None:
    inner = next(folder.glob("*/*")).parent
    inner.chmod(0o555)
    try:
        if os.access(inner, os.W_OK):
            pytest.skip("root may write anywhere")
        swept = sweep(folder, 0)
    finally:
        inner.chmod(0o755)
    stuck = [*inner.iterdir()]
    assert (swept.stuck, swept.removed) == (len(stuck), 10 - len(stuck))
    assert swept.bytes == sum(path.stat().st_size for path in stuck)
    assert swept.problem.startswith(str(inner))
    assert swept.problem.endswith(": Permission denied")


def test_a_folder_that_is_none_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "cache"
    file.write_text("x")
    assert contents(file).bytes == 0
    assert sweep(file, 0).removed == 0
    sweep_now_and_then(file)
    assert file.read_text() == "x"
