"""`ctx.cache` as a plugin sees it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from buildtools.core.errors import StepError
from buildtools.core.masking import Masker
from buildtools.engine.cache import RunCache, StepCache
from tests.support.context import LoneContext


def cache(folder: Path, plugin: str = "lint", version: str = "1", *, refresh: bool = False) -> StepCache:
    return StepCache(RunCache(folder / "cache", folder, Masker(["hunter2"]), refresh=refresh), plugin, version)


def test_each_plugin_and_version_has_names_of_its_own(tmp_path: Path) -> None:
    cache(tmp_path).put("key", b"value")
    assert cache(tmp_path).get("key") == b"value"
    assert cache(tmp_path, "other").get("key") is None
    assert cache(tmp_path, version="2").get("key") is None
    assert cache(tmp_path, "lint\x001", "").get("key") is None


def test_nothing_of_earlier_runs_is_taken_when_refreshing_but_results_are_kept(tmp_path: Path) -> None:
    before = cache(tmp_path)
    before.put("key", b"old")
    (before.folder / "state").write_text("old")
    refreshing = cache(tmp_path, refresh=True)
    assert refreshing.get("key") is None
    assert [*refreshing.folder.iterdir()] == []
    (refreshing.folder / "state").write_text("new")
    assert (refreshing.folder / "state").read_text() == "new", "emptied once in a run"
    refreshing.put("key", b"new")
    assert refreshing.get("key") is None
    assert cache(tmp_path).get("key") == b"new"


def test_a_secret_is_not_kept(tmp_path: Path) -> None:
    secretive = cache(tmp_path)
    secretive.put("key", b"a hunter2 inside")
    secretive.put("base64", b"aHVudGVyMg==")
    assert secretive.get("key") is None
    assert secretive.get("base64") is None


@pytest.mark.parametrize("plugin", ["./steps/large.py:Large", "../../etc", "pkg.mod:Class", "ä" * 200, ".."])
def test_the_folder_lies_in_the_cache_whatever_the_plugin_is_called(tmp_path: Path, plugin: str) -> None:
    folder = cache(tmp_path, plugin).folder
    assert folder.is_dir()
    assert folder.parent == tmp_path / "cache/tools"


def test_without_a_place_it_warns_once_and_the_folder_is_a_passing_one(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    here = cache(tmp_path)
    warnings: list[str] = []
    here.warn = warnings.append
    with pytest.raises(StepError, match="cannot be made"):
        _ = here.folder
    here.spare = lambda: tmp_path / "spare"
    assert here.folder == tmp_path / "spare"
    assert here.folder.is_dir()
    here.put("a", b"1")
    assert here.get("a") is None
    assert len(warnings) == 1, warnings
    assert "the run goes on without" in warnings[0]


def test_reasons_are_noted_as_text_that_a_file_can_hold(tmp_path: Path) -> None:
    here = cache(tmp_path)
    here.explain("src/a.py", "changed")
    here.explain(os.fsdecode(b"\xff"), "new")
    assert [(why.subject, why.why) for why in here.whys] == [("src/a.py", "changed"), ("\ufffd", "new")]


def test_the_context_for_tests_has_a_real_one(tmp_path: Path) -> None:
    assert LoneContext(tmp_path).cache is None
    here = LoneContext(tmp_path, cache=tmp_path / "cache").cache
    assert here is not None
    here.put("a", b"1")
    assert here.get("a") == b"1"
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert here.digest(file).startswith("e3b0c442")


def test_what_cannot_be_put_away_is_not_taken_when_refreshing(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/tools").symlink_to("/")  # whose `proc`, a mount, not even root can rename
    assert cache(tmp_path, "proc").folder == tmp_path / "cache/tools/proc"
    here = cache(tmp_path, "proc", refresh=True)
    warnings: list[str] = []
    here.warn = warnings.append
    here.spare = lambda: tmp_path / "spare"
    assert [here.folder, here.folder] == [tmp_path / "spare"] * 2
    assert len(warnings) == 1, warnings
    assert "the cache cannot be written" in warnings[0]


def test_what_was_put_away_goes_at_the_end_of_the_run(tmp_path: Path) -> None:
    (cache(tmp_path).folder / "state").write_text("old")
    for _ in range(3):
        refreshing = cache(tmp_path, refresh=True)
        (refreshing.folder / "state").write_text("new")
        assert len([*(tmp_path / "cache/tools").iterdir()]) == 2
        refreshing.run.close()
        assert [path.name for path in (tmp_path / "cache/tools").iterdir()] == ["lint"]


def test_the_clean_up_comes_round_where_a_plugin_s_folder_is_all_there_is(tmp_path: Path) -> None:
    killed = tmp_path / "cache/tools/.lint.00112233"
    killed.mkdir(parents=True)
    (tmp_path / "cache/swept").touch()
    os.utime(tmp_path / "cache/swept", (0, 0))
    here = cache(tmp_path)
    assert here.folder.is_dir()
    here.run.close()
    assert not killed.exists()
