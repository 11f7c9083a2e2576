"""Digests of files: never an old one for new content, and hardly ever a second look at an old file."""

from __future__ import annotations

import os
import shutil
import time
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buildtools.system.digests import Digests
from buildtools.system.store import Store

LONG_AGO = time.time() - 1_000


def wait_until_old(*paths: Path) -> None:
    """Wait until files' times of change, which nobody can set, are old enough to be believed."""
    while time.time() - max(path.stat().st_ctime for path in paths) < 2.1:
        time.sleep(0.05)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def digests(root: Path, *, fresh: bool = False) -> Digests:
    return Digests(root, Store(root.parent / "cache"), fresh=fresh)


def remembered(root: Path) -> set[str]:
    """Return the paths in the memo."""
    from buildtools.system import digests as module

    return set(module._load(Store(root.parent / "cache")))


def test_a_file_that_has_not_changed_is_not_read_again(root: Path) -> None:
    file, young = root / "a", root / "young"
    file.write_bytes(b"content")
    wait_until_old(file)
    young.write_bytes(b"young")
    first = digests(root)
    assert first.of(file) == sha256(b"content").hexdigest()
    assert first.of(young) == sha256(b"young").hexdigest()
    first.save()
    assert remembered(root) == {"a"}

    # Another content behind the same size, times and inode cannot be made by honest means: forge the memo instead.
    from buildtools.system import digests as module

    memo = module._load(Store(root.parent / "cache"))
    memo["a"].digest = "from the memo"
    Store(root.parent / "cache").put(module._NAME, module._encoded(memo))
    assert digests(root).of(file) == "from the memo"
    assert digests(root, fresh=True).of(file) == sha256(b"content").hexdigest()


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from("abc"), st.binary(min_size=3, max_size=3), st.booleans()), max_size=12))
def test_edits_of_the_same_size_within_the_same_tick_are_seen(
    tmp_path: Path, steps: list[tuple[str, bytes, bool]]
) -> None:
    root = tmp_path / os.urandom(8).hex() / "root"
    root.mkdir(parents=True)
    memo = digests(root)
    for name, content, again in steps:
        file = root / name
        file.write_bytes(content)
        os.utime(file, (LONG_AGO, LONG_AGO))  # the same time of change for all, and long ago
        assert memo.of(file) == sha256(content).hexdigest()
        if again:
            memo.save()
            memo = digests(root)
        assert memo.of(file) == sha256(content).hexdigest()


def test_a_clock_that_went_back_hides_no_edit(root: Path) -> None:
    file = root / "a"
    file.write_bytes(b"old")
    os.utime(file, (LONG_AGO, LONG_AGO))
    wait_until_old(file)
    memo = digests(root)
    memo.of(file)
    memo.save()
    assert remembered(root) == {"a"}
    file.write_bytes(b"new")
    os.utime(file, (LONG_AGO, LONG_AGO))
    assert digests(root).of(file) == sha256(b"new").hexdigest()


def test_times_in_the_future_are_not_believed(root: Path) -> None:
    file = root / "a"
    file.write_bytes(b"content")
    wait_until_old(file)
    os.utime(file, (time.time() + 1_000, time.time() + 1_000))
    memo = digests(root)
    memo.of(file)
    memo.save()
    assert remembered(root) == set()


def test_a_project_that_was_moved_keeps_what_it_knows(root: Path) -> None:
    file, outside = root / "sub/a", root.parent / "outside"
    file.parent.mkdir()
    file.write_bytes(b"content")
    outside.write_bytes(b"outside")
    wait_until_old(file, outside)
    memo = digests(root)
    memo.of(file)
    memo.of(str(outside))
    memo.save()
    assert remembered(root) == {"sub/a", str(outside)}
    moved = root.rename(root.with_name("moved"))
    assert digests(moved).of(moved / "sub/a") == sha256(b"content").hexdigest()
    copied = Path(shutil.copytree(moved, moved.with_name("copied")))
    (copied / "sub/a").write_bytes(b"changed")
    assert digests(copied).of(copied / "sub/a") == sha256(b"changed").hexdigest()


def test_two_runs_keep_what_both_have_seen(root: Path) -> None:
    for name in "ab":
        (root / name).write_text(name)
    wait_until_old(root / "a", root / "b")
    first, second = digests(root), digests(root)
    first.of(root / "a")
    second.of(root / "b")
    first.save()
    second.save()
    assert remembered(root) == {"a", "b"}


def test_what_nobody_asked_for_in_a_month_is_forgotten(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from buildtools.system import digests as module

    for name in "ab":
        (root / name).write_text(name)
    wait_until_old(root / "a", root / "b")
    memo = digests(root)
    memo.of(root / "a")
    memo.of(root / "b")
    memo.save()
    later = time.time() + 40 * 86_400
    monkeypatch.setattr(module.time, "time", lambda: later)
    after = digests(root)
    after.of(root / "b")
    after.save()
    assert remembered(root) == {"b"}


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x81\xa1a\x01", b"null"])
def test_a_damaged_memo_is_an_empty_one(root: Path, damage: bytes) -> None:
    from buildtools.system import digests as module

    (root / "a").write_text("a")
    Store(root.parent / "cache").put(module._NAME, damage)
    assert digests(root).of(root / "a") == sha256(b"a").hexdigest()


def test_names_that_are_no_utf8_are_digested_and_not_remembered(root: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(root) + b"/\xff"))
    odd.write_bytes(b"odd")
    (root / "plain").write_bytes(b"plain")
    wait_until_old(odd, root / "plain")
    memo = digests(root)
    assert memo.of(odd) == sha256(b"odd").hexdigest()
    memo.of(root / "plain")
    memo.save()
    assert remembered(root) == {"plain"}


@pytest.mark.parametrize("what", ["missing", "folder", "pipe", "loop"])
def test_what_is_no_file_raises_os_error_and_does_not_hang(root: Path, what: str) -> None:
    path = root / "x"
    match what:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to("x")
    with pytest.raises(OSError, match=r"x"):
        digests(root).of(path)
