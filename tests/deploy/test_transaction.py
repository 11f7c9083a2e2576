"""Deploying to this machine by its own sh and tar: what is switched, what is refused, what a kill leaves."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from buildtools.deploy.activate import Wish, activate
from buildtools.deploy.hooks import Hook, Hooks
from buildtools.deploy.host import LocalHost
from buildtools.deploy.inventory import take_stock
from buildtools.deploy.manifest import decode, encode
from buildtools.deploy.owner import where
from buildtools.deploy.plan import Policy, Site
from buildtools.plugin import StepError
from buildtools.steps.deploying import Journal
from buildtools.steps.upload import Upload
from tests.support.context import LoneContext
from tests.support.releases import content, current, pack, residue, upload

ONE = {"index.html": "one", "sub folder/we\\ird $(touch pwned) 'q' \"d\"": "x", "-rf": "dash", "static/a.css": "a"}
TWO = {"index.html": "two", "static/b.css": "b"}


def test_a_first_deployment_stands_complete(tmp_path: Path) -> None:
    result, said = upload(tmp_path, pack(tmp_path, ONE))
    assert result.outputs["release"] == "1.0.r1"
    assert content(tmp_path / "site/demo/current") == ONE
    assert (current(tmp_path), str((tmp_path / "site/demo/1.0").readlink())) == ("releases/1.0.r1", "releases/1.0.r1")
    assert residue(tmp_path) == []
    assert "current -> 1.0.r1 (was nothing)" in said
    log = [json.loads(line) for line in (tmp_path / "site/demo/.buildtools/log.jsonl").read_text().splitlines()]
    assert [(line["event"], line["release"], line["from"]) for line in log] == [("deployed", "1.0.r1", "")]


def test_the_same_again_sends_and_switches_nothing(tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    upload(tmp_path, archive)
    before = {path: path.lstat().st_mtime_ns for path in (tmp_path / "site").rglob("*")}
    result, said = upload(tmp_path, archive)
    assert "1.0.r1 is current already: nothing sent, nothing switched" in said
    assert result.outputs["previous"] == "1.0.r1"
    assert before == {path: path.lstat().st_mtime_ns for path in (tmp_path / "site").rglob("*")}


def test_other_content_of_the_same_name_gets_another_folder(tmp_path: Path) -> None:
    upload(tmp_path, pack(tmp_path, ONE))
    archive = pack(tmp_path, {"index.html": "other"})
    assert upload(tmp_path, archive)[0].outputs["release"] == "1.0.r1~2"
    assert upload(tmp_path, archive)[0].outputs["release"] == "1.0.r1~2"
    assert content(tmp_path / "site/demo/releases/1.0.r1") == ONE
    assert content(tmp_path / "site/demo/current")["index.html"] == "other"


def test_going_back_to_a_release_that_is_there_sends_nothing(tmp_path: Path) -> None:
    first, second = pack(tmp_path, ONE), pack(tmp_path, TWO, revision="r2")
    upload(tmp_path, first)
    assert upload(tmp_path, second)[0].outputs["previous"] == "1.0.r1"
    result, said = upload(tmp_path, first)
    assert "was there already: nothing sent" in said
    assert {metric.name: metric.value for metric in result.metrics}["bytes sent"] == 0
    assert (current(tmp_path), residue(tmp_path)) == ("releases/1.0.r1", [])


def test_old_releases_go_but_never_the_previous_one(tmp_path: Path) -> None:
    for number in range(1, 5):
        upload(tmp_path, pack(tmp_path, {"n": str(number)}, version=f"{number}"), keep=2)
    releases = tmp_path / "site/demo/releases"
    assert sorted(path.name for path in releases.iterdir()) == ["3.r1", "4.r1"]
    upload(tmp_path, pack(tmp_path, {"n": "5"}, version="5"), keep=1)
    assert sorted(path.name for path in releases.iterdir()) == ["4.r1", "5.r1"]
    links = sorted(path.name for path in (tmp_path / "site/demo").iterdir() if path.is_symlink())
    assert links == ["4", "5", "current"]
    manifests = {
        path.name.removesuffix(path.suffix) for path in (tmp_path / "site/demo/.buildtools/manifests").iterdir()
    }
    assert manifests == {"4.r1", "5.r1"}


def test_no_link_is_left_of_a_release_whose_removal_was_cut_off(tmp_path: Path) -> None:
    for number in range(1, 3):
        upload(tmp_path, pack(tmp_path, {"n": str(number)}, version=f"{number}"), keep=1)
    stub = tmp_path / "bin/rm"
    stub.parent.mkdir()
    stub.write_text('#!/bin/sh\ncase "$*" in *.trash*) kill -9 $PPID; exit 1 ;; esac\nexec /bin/rm "$@"\n')
    stub.chmod(0o755)
    third = pack(tmp_path, {"n": "3"}, version="3")
    with pytest.raises(StepError):
        upload(
            tmp_path, third, keep=1, context=LoneContext(tmp_path, env={"PATH": f"{stub.parent}:{os.environ['PATH']}"})
        )
    assert any((tmp_path / "site/demo/.buildtools/stage").iterdir())
    # Whoever holds the lock is this very process, which lives.
    upload(tmp_path, third, keep=1, steal_lock=True)
    site = tmp_path / "site/demo"
    assert {path.name: path.exists() for path in site.iterdir() if path.is_symlink()} == {
        "2": True,
        "3": True,
        "current": True,
    }
    assert residue(tmp_path) == []


def standing(root: Path) -> list[str]:
    return sorted((path.name for path in (root / "site/demo/releases").iterdir()), key=lambda name: int(name[:-3]))


def test_failed_releases_crowd_out_no_good_ones(tmp_path: Path) -> None:
    bad = Hooks(after_switch=(Hook(run="exit 1"),))
    for number in range(1, 7):
        archive = pack(tmp_path, {"n": str(number)}, version=f"{number}")
        if number in (3, 4, 5):
            with pytest.raises(StepError, match="ended with status 1"):
                upload(tmp_path, archive, keep=2, hooks=bad)
        else:
            upload(tmp_path, archive, keep=2)
    assert standing(tmp_path) == ["2.r1", "6.r1"]
    found = take_stock(LocalHost(LoneContext(tmp_path), tmp_path), Site(target="demo", root="site"))
    assert [(held.name, held.good, held.unproven) for held in found.releases] == [
        ("6.r1", True, False), ("2.r1", True, False),
    ]  # fmt: skip


def test_what_a_rollback_left_counts_as_one_that_was_good(tmp_path: Path) -> None:
    archives = [pack(tmp_path, {"n": str(number)}, version=f"{number}") for number in range(1, 6)]
    for archive in archives[:3]:
        upload(tmp_path, archive, keep=3)
    host, site = LocalHost(LoneContext(tmp_path), tmp_path), Site(target="demo", root="site", keep=3)
    voice = Journal(LoneContext(tmp_path)).voice
    activate([host], site, Wish(name="1", rollback=True), Policy(), voice)
    found = take_stock(host, site)
    assert {held.name: (held.good, held.retired, held.unproven) for held in found.releases} == {
        "1.r1": (True, False, False), "2.r1": (False, True, False), "3.r1": (False, True, False),
    }  # fmt: skip
    activate([host], site, Wish(name="2"), Policy(), voice)
    upload(tmp_path, archives[3], keep=3)
    assert standing(tmp_path) == ["1.r1", "2.r1", "4.r1"]
    assert not (tmp_path / "site/demo/.buildtools/retired").read_text()
    with pytest.raises(StepError, match="ended with status 1"):
        upload(tmp_path, archives[4], keep=3, hooks=Hooks(reload=(Hook(run="exit 1"),)))
    found = take_stock(host, site)
    assert [held.name for held in found.releases if held.unproven] == ["5.r1"]


def test_shared_paths_outlive_releases(tmp_path: Path) -> None:
    shared = tmp_path / "site/demo/shared"
    shared.mkdir(parents=True)
    (shared / ".env").write_text("SECRET=1")
    options = {"shared": (".env", "var/media/")}
    upload(tmp_path, pack(tmp_path, ONE), **options)
    (tmp_path / "site/demo/current/var/media/upload.png").write_text("png")
    upload(tmp_path, pack(tmp_path, TWO, revision="r2"), **options)
    served = tmp_path / "site/demo/current"
    assert ((served / ".env").read_text(), (served / "var/media/upload.png").read_text()) == ("SECRET=1", "png")
    assert "already" in upload(tmp_path, pack(tmp_path, TWO, revision="r2"), **options)[1]


def test_a_shared_file_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"shared/\.env is not there") as caught:
        upload(tmp_path, pack(tmp_path, ONE), shared=(".env",))
    assert "`.env/` for a folder" in caught.value.remedy
    assert not (tmp_path / "site").exists()


def test_a_release_that_stands_there_already_has_its_shared_links(tmp_path: Path) -> None:
    options = {"shared": (".env",)}
    (tmp_path / "site/demo/shared").mkdir(parents=True)
    (tmp_path / "site/demo/shared/.env").write_text("SECRET=1")
    first, second = (pack(tmp_path, {"a": text}, revision=text) for text in ("r1", "r2"))
    upload(tmp_path, first, **options)
    upload(tmp_path, second, **options)
    (tmp_path / "site/demo/shared/.env").unlink()
    upload(tmp_path, first, **options)
    assert current(tmp_path) == "releases/1.0.r1"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_a_root_below_which_nothing_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(StepError) as caught:
        upload(tmp_path, pack(tmp_path, ONE), root="/proc/no-such-folder")
    assert "`root`" in caught.value.remedy


@pytest.mark.parametrize("path", ["index.html", "static", "index.html/x"])
def test_a_shared_path_that_the_release_holds_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(StepError, match="is in the release too"):
        upload(tmp_path, pack(tmp_path, ONE), shared=(path,))


def test_a_real_folder_in_the_place_of_current_is_not_replaced(tmp_path: Path) -> None:
    there = tmp_path / "site/demo/current"
    there.mkdir(parents=True)
    with pytest.raises(StepError, match="is not a link but a folder") as caught:
        upload(tmp_path, pack(tmp_path, ONE))
    assert f"mv {there} " in caught.value.remedy
    assert list((tmp_path / "site/demo").iterdir()) == [there]


def test_a_version_folder_of_an_older_layout_stays(tmp_path: Path) -> None:
    old = tmp_path / "site/demo/1.0"
    old.mkdir(parents=True)
    (old / "index.html").write_text("old")
    (tmp_path / "site/demo/current").symlink_to("1.0")
    result, said = upload(tmp_path, pack(tmp_path, ONE))
    assert ((old / "index.html").read_text(), current(tmp_path)) == ("old", "releases/1.0.r1")
    assert result.outputs["previous"] == "1.0"
    assert "(was 1.0)" in said


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_root_that_cannot_be_written_to(tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    (tmp_path / "site").mkdir(mode=0o555)
    with pytest.raises(StepError, match="cannot be written to"):
        upload(tmp_path, archive)


def test_a_root_that_is_a_file(tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    (tmp_path / "site").write_text("")
    with pytest.raises(StepError, match="site is not a folder"):
        upload(tmp_path, archive)


def test_without_a_hash_program_nothing_is_deployed(tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    context = LoneContext(
        tmp_path, env={"PATH": str(tools(tmp_path / "bin", without={"sha256sum", "shasum", "openssl"}))}
    )
    with pytest.raises(StepError, match="neither sha256sum nor shasum nor openssl"):
        upload(tmp_path, archive, context=context)
    context = LoneContext(tmp_path, env={"PATH": str(tools(tmp_path / "bin2", without={"tar"}))})
    with pytest.raises(StepError, match="there is no tar"):
        upload(tmp_path, archive, context=context)


@pytest.mark.parametrize("hashing", ["sha256sum", "shasum", "openssl"])
def test_any_of_three_hash_programs_will_do(tmp_path: Path, hashing: str) -> None:
    if shutil.which(hashing) is None:
        pytest.skip(f"{hashing} is not installed")
    others = {"sha256sum", "shasum", "openssl"} - {hashing}
    context = LoneContext(tmp_path, env={"PATH": str(tools(tmp_path / "bin", without={*others, "flock"}))})
    upload(tmp_path, pack(tmp_path, ONE), context=context)
    assert content(tmp_path / "site/demo/current") == ONE


def test_a_host_that_has_busybox_only(tmp_path: Path) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed")
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        (folder / name).symlink_to(busybox)
    files = ONE | {f"{'x' * 90}/{'y' * 90}/{'z' * 150}": "a long name", "ü/é": "u"}
    for revision, wanted in (("r1", files), ("r2", TWO)):
        context = LoneContext(tmp_path, env={"PATH": str(folder)})
        upload(tmp_path, pack(tmp_path, wanted, revision=revision), context=context, shared=("media/",))
        assert content(tmp_path / "site/demo/current") == wanted
    assert residue(tmp_path) == []


def tools(folder: Path, *, without: set[str]) -> Path:
    """Make a folder with the programs that a small host has, but for some."""
    folder.mkdir()
    names = (
        "sh cat tar gzip readlink find sort sed tr grep cmp date df mkdir mv rm rmdir ln ls touch sync chmod env"
        " cp cut tail uniq sha256sum shasum openssl perl flock sleep"
    )
    for name in set(names.split()) - without:
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return folder


def test_a_tampered_archive_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    archive.write_bytes(data)
    with pytest.raises(StepError, match="is not the archive that its manifest describes"):
        upload(tmp_path, archive)
    assert not (tmp_path / "site").exists()


def test_a_tampered_manifest_is_noticed_on_the_host(tmp_path: Path) -> None:
    upload(tmp_path, pack(tmp_path, TWO, revision="r0"))
    archive = pack(tmp_path, ONE)
    beside = archive.with_suffix(".manifest.json")
    manifest = decode(beside.read_bytes(), "x")
    beside.write_bytes(encode(manifest).replace(manifest.entries[0].sha256.encode(), b"0" * 64))
    with pytest.raises(StepError, match="not what the manifest says") as caught:
        upload(tmp_path, archive)
    assert "expected h 0000" in caught.value.message
    assert (current(tmp_path), residue(tmp_path)) == ("releases/1.0.r0", [])
    assert '"event":"failed"' in (tmp_path / "site/demo/.buildtools/log.jsonl").read_text()
    beside.unlink()
    with pytest.raises(StepError, match="manifest cannot be read"):
        upload(tmp_path, archive)


def lock(root: Path, text: str) -> Path:
    """Leave somebody's lock."""
    state = root / "site/demo/.buildtools"
    state.mkdir(parents=True, exist_ok=True)
    (state / "lock").symlink_to(text)
    return state / "lock"


def test_a_lock_of_somebody_else_is_respected_and_named(tmp_path: Path) -> None:
    text = f"20300101T000000Z-abc|jane|build-7:12.34:feed|{int(time.time()) + 500}"
    held = lock(tmp_path, text)
    archive = pack(tmp_path, ONE)
    with pytest.raises(StepError, match="locked by jane on build-7 until") as caught:
        upload(tmp_path, archive)
    assert "steal-lock" in caught.value.remedy
    assert str(held.readlink()) == text
    assert not (tmp_path / "site/demo/current").is_symlink()
    log = (tmp_path / "site/demo/.buildtools/log.jsonl").read_text()
    assert '"event":"refused"' in log
    assert "jane" in log


@pytest.mark.parametrize(
    ("text", "steal", "refused"),
    [
        ("20300101T000000Z-abc|jane|build-7:12.34:feed|{later}", False, True), ("odd", False, True),
        ("20300101T000000Z-abc|jane|build-7:12.34:feed|{later}", True, False), ("odd", True, False),
        ("20200101T000000Z-abc|jane|build-7:12.34:feed|{before}", False, False),
        ("20200101T000000Z-abc|jane|{dead}|{later}", False, False),
    ],
)  # fmt: skip
def test_a_look_says_no_where_a_lock_would(tmp_path: Path, text: str, *, steal: bool, refused: bool) -> None:
    now = int(time.time())
    child = subprocess.Popen(["sleep", "60"])
    dead = where().replace(f":{os.getpid()}.", f":{child.pid}.")
    child.kill()
    child.wait()
    lock(tmp_path, text.format(later=now + 500, before=now - 5, dead=dead))
    step = Upload(archive=pack(tmp_path, ONE), hosts=("local:",), root="site", steal_lock=steal)
    if refused:
        with pytest.raises(StepError, match="local: locked"):
            list(step.preview(LoneContext(tmp_path)))
        with pytest.raises(StepError, match="local: locked"):
            upload(tmp_path, step.archive)
    else:
        assert "which would be sent" in next(iter(step.preview(LoneContext(tmp_path))))
        upload(tmp_path, step.archive, steal_lock=steal)


def test_an_expired_lock_is_taken_over(tmp_path: Path) -> None:
    lock(tmp_path, f"20200101T000000Z-abc|jane|build-7:12.34:feed|{int(time.time()) - 5}")
    _, said = upload(tmp_path, pack(tmp_path, ONE))
    assert "took over the lock of jane on build-7 (transaction 20200101T000000Z-abc)" in said
    assert (current(tmp_path), residue(tmp_path)) == ("releases/1.0.r1", [])
    assert '"event":"took-over"' in (tmp_path / "site/demo/.buildtools/log.jsonl").read_text()


def test_a_living_lock_is_taken_over_on_demand_only(tmp_path: Path) -> None:
    lock(tmp_path, f"20300101T000000Z-abc|jane|build-7:12.34:feed|{int(time.time()) + 500}")
    _, said = upload(tmp_path, pack(tmp_path, ONE), steal_lock=True)
    assert "took over the lock" in said
    assert residue(tmp_path) == []


def test_what_is_no_lock_is_not_removed(tmp_path: Path) -> None:
    state = tmp_path / "site/demo/.buildtools"
    state.mkdir(parents=True)
    (state / "lock").write_text("what?")
    with pytest.raises(StepError, match="is no lock of buildtools"):
        upload(tmp_path, pack(tmp_path, ONE), steal_lock=True)


def test_residue_of_an_interrupted_deployment_is_cleared_up(tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    upload(tmp_path, archive)
    state = tmp_path / "site/demo/.buildtools"
    (state / "txn/20200101T000000Z-dead").mkdir()
    (state / "stage/20200101T000000Z-dead/1.0.r9").mkdir(parents=True)
    _, said = upload(tmp_path, archive)
    assert "cleared up after the interrupted deployment 20200101T000000Z-dead" in said
    assert "nothing switched" in said
    assert residue(tmp_path) == []


def test_a_full_disk_is_told_beforehand_or_noticed_in_time(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("mounting a small file system needs root")
    site = tmp_path / "site"
    site.mkdir()
    archive = pack(tmp_path, {"big": "x" * 2_000_000})
    many = pack(tmp_path, {f"{n}": "" for n in range(90)}, version="2")
    options = "size=1m,nr_inodes=80"
    mount = ["mount", "-t", "tmpfs", "-o", options, "none", str(site)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        upload(tmp_path, pack(tmp_path, TWO, version="0"))
        with pytest.raises(StepError, match=r"needs [0-9.]+ MiB, and [0-9.]+ MiB are free"):
            upload(tmp_path, archive)
        with pytest.raises(StepError, match=r"the release has 90 files and folders, and [0-9]+ more are possible"):
            upload(tmp_path, many)
        # As many as fit, but for what else a deployment writes.
        just = {f"{n}": "" for n in range(os.statvfs(site).f_favail)}
        with pytest.raises(StepError, match=r"No space left") as caught:
            upload(tmp_path, pack(tmp_path, just, version="3"))
        assert "Make room" in caught.value.remedy
        assert content(site / "demo/current") == TWO
        assert residue(tmp_path) == []
    finally:
        subprocess.run(["umount", str(site)], check=True)


def test_where_no_link_can_be_made_nobody_is_said_to_have_the_lock(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("mounting a small file system needs root")
    site, archive = tmp_path / "site", pack(tmp_path, ONE)
    site.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=120", "none", str(site)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        for one in (archive, pack(tmp_path, TWO, version="0")):
            upload(tmp_path, one)
        for number in range(120):
            with suppress(OSError):
                (site / f"{number}").touch()
        with pytest.raises(StepError, match="No space left") as caught:
            upload(tmp_path, archive)
        assert "Make room" in caught.value.remedy
        assert "locked" not in caught.value.message
        for file in site.glob("[0-9]*"):
            file.unlink()
        upload(tmp_path, archive)
        assert residue(tmp_path) == []
    finally:
        subprocess.run(["umount", str(site)], check=True)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_switch_is_one_rename(tmp_path: Path) -> None:
    upload(tmp_path, pack(tmp_path, ONE))
    trace = tmp_path / "trace"
    script = tmp_path / "bin/sh"
    script.parent.mkdir()
    calls = "trace=rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat"
    # Only the phase that switches: a traced process cannot be traced again by one that it starts.
    traced = f'exec strace -f -q -o {trace} -e {calls} /bin/sh "$@"'
    script.write_text(f'#!/bin/sh\ncase $2 in *"# Switches"*) {traced} ;; esac\nexec /bin/sh "$@"\n')
    script.chmod(0o755)
    context = LoneContext(tmp_path, env={"PATH": f"{script.parent}:{os.environ['PATH']}"})
    try:
        upload(tmp_path, pack(tmp_path, TWO, revision="r2"), context=context)
    except StepError as error:
        pytest.skip(f"strace may not trace here: {error}")
    lines = [line for line in trace.read_text().splitlines() if '/current"' in line and "= 0" in line]
    onto = [line for line in lines if '"./current"' in line or '"current"' in line]
    assert len(onto) == 1
    assert "rename" in onto[0]


DEPLOY = """
import sys
from pathlib import Path
from tests.support.releases import upload
print("begin", flush=True)
upload(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_whatever_moment_it_is_killed_at_the_site_is_whole(tmp_path: Path) -> None:
    choose = random.Random(4711)
    big = {f"static/{n}.txt": f"{n} " * 400 for n in range(100)}
    releases = [{**big, "index.html": str(n), f"only-{n}": "x"} for n in range(4)]
    archives = [pack(tmp_path, files, revision=f"r{n}") for n, files in enumerate(releases)]
    started = time.monotonic()
    upload(tmp_path, archives[0])
    length = time.monotonic() - started
    served = tmp_path / "site/demo/current"
    repository = Path(__file__).parents[2]
    for turn in range(1, 21):
        wanted = turn % len(releases)
        if choose.random() < 0.6:  # new content rather than a release that is there already
            for old in (tmp_path / "site/demo/releases").iterdir():
                if old.name != Path(current(tmp_path)).name:
                    shutil.rmtree(old)
        child = subprocess.Popen(
            [sys.executable, "-c", DEPLOY, str(tmp_path), str(archives[wanted])],
            cwd=repository,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert child.stdout
        child.stdout.readline()
        time.sleep(choose.random() * length * 1.2)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        # Followed once: the killed one's scripts may switch at any moment, also between two files that are read here.
        assert content(served.resolve()) in releases
        # The scripts of the killed one may still be at work: the next run must live with that too.
        after = choose.choice((wanted, (wanted + 2) % len(releases)))
        upload(tmp_path, archives[after])
        time.sleep(choose.random() * 0.2)
        assert content(served.resolve()) == releases[after]
    time.sleep(0.5)
    upload(tmp_path, archives[after])
    assert content(served) == releases[after]
    assert residue(tmp_path) == []
    for folder in (tmp_path / "site/demo/releases").iterdir():
        assert content(folder) in releases
