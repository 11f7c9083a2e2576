"""What is sent to a host: only what it lacks, and everything where that does not come out right."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from buildtools.plugin import StepError
from tests.support.context import LoneContext
from tests.support.releases import content, current, pack, residue, upload

DICE = random.Random(4711)
# Too random to be compressed to nothing, and more than one part of an archive.
MANY = {f"d{number % 7}/f{number:03}.txt": DICE.randbytes(16_000).hex() for number in range(120)}
ODD = {"we\\ird/na\\me": "\\" * 20_000, "-rf": "dash", "sub folder/'q' \"d\" $(x)": "x" * 20_000, "ü/é": "u"}
FILES = {**MANY, **ODD}


def sent(root: Path, archive: Path, **options: Any) -> tuple[int, str]:
    """Deploy, see that what is served is what was packed, and return the bytes sent and what was said."""
    result, said = upload(root, archive, **options)
    assert residue(root) == []
    return int({metric.name: metric.value for metric in result.metrics}["bytes sent"]), said


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A project whose first release is deployed."""
    archive = pack(tmp_path, FILES)
    assert sent(tmp_path, archive)[0] > archive.stat().st_size
    return tmp_path


def served(root: Path) -> dict[str, str]:
    return content(root / "site/demo/current")


def changed(root: Path, revision: str = "r2") -> tuple[dict[str, str], Path]:
    """Return and pack files of which some are changed, new, gone, moved, copied, or have another mode."""
    files = {**FILES, "d1/f001.txt": "changed", "new/deep/er": "new", "d1/small": "s"}
    del files["d2/f002.txt"], files["ü/é"]
    files["moved/elsewhere.txt"] = files.pop("d3/f003.txt")
    files["copy of it"] = files["sub folder/'q' \"d\" $(x)"]
    return files, pack(root, files, revision=revision)


def test_an_archive_that_is_gone_meanwhile_is_named(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from buildtools.deploy import fleet

    archive = pack(site, {"other": DICE.randbytes(9000).hex()}, revision="r2")
    survey = fleet.survey

    def cleaned(*words: Any, **more: Any) -> Any:
        archive.unlink(missing_ok=True)
        return survey(*words, **more)

    monkeypatch.setattr(fleet, "survey", cleaned)
    with pytest.raises(StepError, match=f"{archive}: cannot be (used|read): No such file"):
        upload(site, archive)
    assert residue(site) == []


def test_only_what_differs_is_sent(site: Path) -> None:
    files, archive = changed(site)
    size, said = sent(site, archive)
    assert size < 4000
    assert "what differs sent" in said
    assert served(site) == files
    assert content(site / "site/demo/releases/1.0.r1") == FILES


def test_a_mode_alone_is_no_reason_to_send_a_file(site: Path) -> None:
    large = site / "src-1.0-r2/d4/f004.txt"
    pack(site, FILES, revision="r2")
    large.chmod(0o755)
    archive = pack(site, FILES, revision="r2")
    assert sent(site, archive)[0] < 4000
    assert (site / "site/demo/current/d4/f004.txt").stat().st_mode & 0o777 == 0o755
    assert (site / "site/demo/releases/1.0.r1/d4/f004.txt").stat().st_mode & 0o777 == 0o644


def test_nothing_may_be_left_as_it_was(tmp_path: Path) -> None:
    big = DICE.randbytes(20_000).hex()
    sent(tmp_path, pack(tmp_path, {"big": big, "a": "1"}))
    files = {"moved/big": big, "a": "2"}
    assert sent(tmp_path, pack(tmp_path, files, revision="r2"))[0] < 4000
    assert served(tmp_path) == files


@pytest.mark.parametrize("cp", ["", "exit 1", 'case $* in *--*) echo unknown >&2; exit 1 ;; esac; exec {cp} "$@"'])
def test_any_cp_will_do(site: Path, cp: str) -> None:
    folder = site / "site/demo/releases/1.0.r1/d0"
    folder.chmod(0o700)
    files, archive = changed(site)
    options = {}
    if cp:
        stub = site / "bin/cp"
        stub.parent.mkdir()
        stub.write_text(f"#!/bin/sh\n{cp.replace('{cp}', str(shutil.which('cp')))}\n")
        stub.chmod(0o755)
        options["context"] = LoneContext(site, env={"PATH": f"{stub.parent}:{os.environ['PATH']}"})
    _, said = sent(site, archive, **options)
    assert ("sending everything" in said) is (cp == "exit 1")  # what moved is copied by cp in any case
    assert served(site) == files
    folders = [path for path in (site / "site/demo/current/").rglob("*") if path.is_dir()]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o755}
    if cp != "exit 1":
        carried = site / "site/demo/current/d0/f007.txt"
        assert carried.stat().st_mtime_ns == (folder / "f007.txt").stat().st_mtime_ns


@pytest.mark.parametrize("program", ["busybox", "bsdtar"])
def test_other_programs_than_gnus_will_do(tmp_path: Path, program: str) -> None:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    folder = tmp_path / "bin"
    folder.mkdir()
    if program == "bsdtar":
        (folder / "tar").symlink_to(found)
        path = f"{folder}:{os.environ['PATH']}"
    else:
        for name in subprocess.run([found, "--list"], capture_output=True, text=True, check=True).stdout.split():
            (folder / name).symlink_to(found)
        path = str(folder)
    archive = pack(tmp_path, FILES)
    cut_off(tmp_path, archive, archive.stat().st_size * 6 // 10)
    size, said = sent(tmp_path, archive, context=LoneContext(tmp_path, env={"PATH": path}))
    assert "the rest of an interrupted upload" in said
    assert size < archive.stat().st_size * 3 // 4
    assert served(tmp_path) == FILES
    files, archive = changed(tmp_path)
    (tmp_path / "build/dist/demo.1.0.r1.manifest.json").unlink()  # to be fetched
    size, said = sent(tmp_path, archive, context=LoneContext(tmp_path, env={"PATH": path}))
    assert "what differs sent" in said
    assert size < 4000
    assert served(tmp_path) == files


def test_files_are_copied_not_linked(site: Path) -> None:
    files, archive = changed(site)
    sent(site, archive)
    with (site / "site/demo/current/d0/f000.txt").open("a") as file:
        file.write("written in place")
    with (site / "site/demo/current/moved/elsewhere.txt").open("a") as file:
        file.write("written in place")
    assert content(site / "site/demo/releases/1.0.r1") == FILES
    assert files["d0/f000.txt"] == FILES["d0/f000.txt"]


def test_a_listing_that_is_not_known_here_is_fetched(site: Path) -> None:
    for path in (site / "build/dist").iterdir():
        path.unlink()
    files, archive = changed(site)
    assert sent(site, archive)[0] < 4000
    assert served(site) == files


def test_what_an_application_left_in_a_release_is_not_copied(site: Path) -> None:
    (site / "site/demo/current/d0/__pycache__").mkdir()
    (site / "site/demo/current/d0/__pycache__/x.pyc").write_text("compiled")
    files, archive = changed(site)
    assert sent(site, archive)[0] < 4000
    assert served(site) == files


@pytest.mark.parametrize("harm", ["content", "gone", "kind", "listing", "moved"])
def test_a_release_that_was_changed_on_the_host_is_not_built_upon(site: Path, harm: str) -> None:
    there = site / "site/demo/releases/1.0.r1"
    file = there / ("d3/f003.txt" if harm == "moved" else "d5/f005.txt")
    if harm in ("content", "moved"):
        file.write_text(file.read_text()[:-1] + "?")
    elif harm == "listing":
        listing = site / "site/demo/.buildtools/manifests/1.0.r1.list"
        listing.write_bytes(listing.read_bytes() + b"d ./zzz\n")
    else:
        file.unlink()
        if harm == "kind":
            file.symlink_to("f012.txt")
    files, archive = changed(site)
    size, said = sent(site, archive)
    assert "1.0.r1 is not what it was: sending everything" in said
    assert size > archive.stat().st_size
    assert served(site) == files


def test_nothing_but_whole_archives_on_demand(site: Path) -> None:
    files, archive = changed(site)
    assert sent(site, archive, delta=False)[0] > archive.stat().st_size
    assert served(site) == files


def test_the_most_similar_release_is_built_upon(site: Path) -> None:
    other = {name: text[::-1] for name, text in FILES.items()}
    sent(site, pack(site, other, version="2"))
    files, archive = changed(site)
    size, said = sent(site, archive)
    assert size < 4000
    assert "what differs" in said
    assert served(site) == files


def test_shared_paths_are_linked_and_not_copied(site: Path) -> None:
    options = {"shared": ("media/", "var/run/")}
    sent(site, pack(site, FILES, revision="r2"), **options)
    (site / "site/demo/current/media/upload").write_text("u")
    files, archive = changed(site, "r3")
    assert sent(site, archive, **options)[0] < 4000
    assert (site / "site/demo/current/media").readlink() == Path("../../shared/media")
    assert {name: text for name, text in served(site).items() if not name.startswith("media")} == files


CUT = """
import os, sys
from pathlib import Path
os.environ["CLIENT"] = str(os.getpid())
from tests.support.releases import upload
upload(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def cut_off(root: Path, archive: Path, at: int) -> None:
    """Begin to deploy, and kill the client when so many bytes have gone to the host; wait for that to notice."""
    stub = root / "cutting/cat"
    stub.parent.mkdir(exist_ok=True)
    cat = shutil.which("cat")
    stub.write_text(f'#!/bin/sh\n[ $# -gt 0 ] || exec {cat}\n{cat} "$@" | head -c {at}\nkill -9 "$CLIENT"\nsleep 0.1\n')
    stub.chmod(0o755)
    env = {**os.environ, "PATH": f"{stub.parent}:{os.environ['PATH']}"}
    repository = Path(__file__).parents[2]
    command = [sys.executable, "-c", CUT, str(root), str(archive)]
    assert subprocess.run(command, cwd=repository, env=env, check=False, capture_output=True).returncode == -9
    lock = root / "site/demo/.buildtools/lock"
    for _ in range(200):
        if not lock.is_symlink():
            return
        time.sleep(0.05)
    pytest.fail("the host's script does not end")


def stages(root: Path) -> list[Path]:
    return [path for path in (root / "site/demo/.buildtools/stage").iterdir() if path.is_dir()]


def test_an_upload_that_was_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    archive = pack(tmp_path, FILES)
    whole = archive.stat().st_size
    cut_off(tmp_path, archive, whole * 6 // 10)
    assert len(stages(tmp_path)) == 1
    files = len(content(stages(tmp_path)[0]))
    assert 30 < files < 120
    cut_off(tmp_path, archive, whole // 4)  # of the rest, and it goes on once more
    assert len(stages(tmp_path)) == 1
    size, said = sent(tmp_path, archive)
    assert size < whole // 2
    assert served(tmp_path) == FILES
    assert "the rest of an interrupted upload sent" in said


def test_what_an_upload_left_is_checked_like_everything(tmp_path: Path) -> None:
    archive = pack(tmp_path, FILES)
    cut_off(tmp_path, archive, archive.stat().st_size * 6 // 10)
    file = next(stages(tmp_path)[0].rglob("f000.txt"))
    file.write_text("x" * file.stat().st_size)
    size, said = sent(tmp_path, archive)
    assert "sending everything" in said
    assert size > archive.stat().st_size
    assert served(tmp_path) == FILES


def test_what_an_upload_left_does_not_take_the_room_of_the_next(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("mounting a small file system needs root")
    site = tmp_path / "site"
    site.mkdir()
    archive = pack(tmp_path, FILES)
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(site)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        cut_off(tmp_path, archive, archive.stat().st_size * 9 // 10)
        assert sent(tmp_path, archive)[0] > archive.stat().st_size
        assert served(tmp_path) == FILES
    finally:
        subprocess.run(["umount", str(site)], check=True)


def test_what_an_upload_of_something_else_left_goes(tmp_path: Path) -> None:
    archive = pack(tmp_path, FILES)
    cut_off(tmp_path, archive, archive.stat().st_size * 6 // 10)
    assert sent(tmp_path, pack(tmp_path, {"index.html": "x"}, revision="r2"))[0] < 4000
    assert current(tmp_path) == "releases/1.0.r2"
    assert stages(tmp_path) == []


def test_a_failure_that_the_client_lives_through_leaves_nothing(tmp_path: Path) -> None:
    archive = pack(tmp_path, FILES)
    stub = tmp_path / "failing/tar"
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/sh\n{shutil.which("tar")} "$@" || exit\nexit 2\n')
    stub.chmod(0o755)
    context = LoneContext(tmp_path, env={"PATH": f"{stub.parent}:{os.environ['PATH']}"})
    with pytest.raises(Exception, match="could not be unpacked"):
        upload(tmp_path, archive, context=context)
    assert residue(tmp_path) == []
