"""Deploying into what another tool has left, as docs/deploy.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.deploy.hooks import Hook, Hooks
from buildtools.plugin import StepError
from tests.support.context import LoneContext
from tests.support.releases import current, names, pack, upload, write

FAILING = Hooks(after_switch=(Hook(run="exit 3"),))


def capistrano(root: Path) -> tuple[Path, str]:
    """Return ROOT/TARGET as Capistrano leaves it, and the text of `current`."""
    site = root / "site/demo"
    write(site, {f"releases/2024010{day}120000/index.html": str(day) for day in (1, 2, 3)})
    write(site, {"shared/log/production.log": "lines", "repo/HEAD": "ref", "revisions.log": "Branch main"})
    target = str(site / "releases/20240103120000")
    (site / "releases/20240103120000/log").symlink_to("../../shared/log")
    (site / "current").symlink_to(target)
    return site, target


def test_from_capistrano(tmp_path: Path) -> None:
    site, before = capistrano(tmp_path)
    archive = pack(tmp_path, {"index.html": "new"})
    with pytest.raises(StepError, match="ended with status 3"):
        upload(tmp_path, archive, shared=("log/",), hooks=FAILING)
    assert current(tmp_path) == before
    upload(tmp_path, archive, shared=("log/",), keep=1)
    assert current(tmp_path) == "releases/1.0.r1"
    assert (site / "current/log/production.log").read_text() == "lines"
    upload(tmp_path, pack(tmp_path, {"index.html": "newer"}, revision="r2"), shared=("log/",), keep=1)
    upload(tmp_path, pack(tmp_path, {"index.html": "newest"}, revision="r3"), shared=("log/",), keep=1)
    assert names(site / "releases") == ["1.0.r2", "1.0.r3", *(f"2024010{day}120000" for day in (1, 2, 3))]
    assert {"repo", "revisions.log", "shared"} <= set(names(site))


def test_from_a_script_that_made_folders_by_version(tmp_path: Path) -> None:
    site = tmp_path / "site/demo"
    write(site, {"1.0/index.html": "old"})
    (site / "current").symlink_to("1.0")
    archive = pack(tmp_path, {"index.html": "new"})
    with pytest.raises(StepError, match="ended with status 3"):
        upload(tmp_path, archive, hooks=FAILING)
    assert (current(tmp_path), (site / "current/index.html").read_text()) == ("1.0", "old")
    context = LoneContext(tmp_path)
    upload(tmp_path, archive, context=context)
    assert (current(tmp_path), (site / "1.0/index.html").read_text()) == ("releases/1.0.r1", "old")
    assert context.warnings == ["local: 1.0 is not a link and stays as it is"]


def test_what_is_shared_must_not_be_in_the_release(tmp_path: Path) -> None:
    capistrano(tmp_path)
    with pytest.raises(StepError, match="shared: 'log' is in the release too"):
        upload(tmp_path, pack(tmp_path, {"index.html": "new", "log/x": ""}), shared=("log/",))
