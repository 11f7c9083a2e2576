"""Much at once: unpacked by Python and hashed by two programs where the host has them, and without them as well."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from buildtools.deploy import shipment
from buildtools.plugin import StepError
from tests.deploy.test_transaction import tools
from tests.support.context import LoneContext
from tests.support.releases import current, pack, residue, upload

DICE = random.Random(8)
FILES = {f"part{n % 7}/file {n}": DICE.randbytes(DICE.randrange(2, 9_000)).hex() for n in range(200)} | {
    "large": DICE.randbytes(3_000_000).hex(),
    "back\\slash": "1",
    "-dash": "2",
    "ü": "",
}


@pytest.fixture(autouse=True)
def _much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything count as much."""
    monkeypatch.setattr(shipment, "_MUCH", 1)


def python(folder: Path, text: str) -> None:
    """Put a `python3` there that does this, and writes down that it was called."""
    script = folder / "python3"
    script.write_text(f'#!/bin/sh\necho "$#" >>"{folder}/calls"\n{text}\n')
    script.chmod(0o755)


def check(root: Path, context: LoneContext, files: dict[str, str] = FILES, revision: str = "r1") -> None:
    upload(root, pack(root, files, revision=revision), context=context)
    served = root / "site/demo/current"
    found = {str(path.relative_to(served)): path.read_text() for path in served.rglob("*") if path.is_file()}
    assert found == files
    assert residue(root) == []


def real_python() -> str:
    path = shutil.which("python3", path="/usr/bin:/bin") or shutil.which("python3")
    assert path
    return path


@pytest.mark.parametrize("hashing", ["sha256sum", "shasum", "openssl"])
@pytest.mark.parametrize("without", ["", "python3", "xargs"])
def test_it_arrives_whole(tmp_path: Path, hashing: str, without: str) -> None:
    if shutil.which(hashing) is None:
        pytest.skip(f"{hashing} is not installed")
    folder = tools(tmp_path / "bin", without={"sha256sum", "shasum", "openssl"} - {hashing})
    for name in {"xargs", "true", "gzip"} - {without}:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(shutil.which(name) or "")
    if without != "python3":
        python(folder, f'exec {real_python()} "$@"')
        (folder / "gzip").unlink()
        (folder / "gzip").write_text("#!/bin/sh\nexit 1\n")
        (folder / "gzip").chmod(0o755)
    context = LoneContext(tmp_path, env={"PATH": str(folder)})
    check(tmp_path, context)
    assert (folder / "calls").exists() == (without != "python3")


@pytest.mark.parametrize("tar", ["tar", "bsdtar", "busybox tar"])
def test_every_tar_takes_what_python_gives(tmp_path: Path, tar: str) -> None:
    program = shutil.which(tar.split(maxsplit=1)[0])
    if program is None:
        pytest.skip(f"{tar} is not installed")
    folder = tools(tmp_path / "bin", without={"tar", "gzip"})
    (folder / "tar").write_text(f'#!/bin/sh\nexec {program} {tar.partition(" ")[2]} "$@"\n')
    (folder / "tar").chmod(0o755)
    python(folder, f'exec {real_python()} "$@"')
    (folder / "gzip").write_text("#!/bin/sh\nexit 1\n")
    (folder / "gzip").chmod(0o755)
    check(tmp_path, LoneContext(tmp_path, env={"PATH": str(folder)}))


@pytest.mark.parametrize("broken", ["exit 1", "exit 127", "kill -9 $$"])
def test_a_python_that_cannot_do_it_is_not_used(tmp_path: Path, broken: str) -> None:
    folder = tools(tmp_path / "bin", without=set())
    python(folder, broken if broken != "exit 0; :" else "case $* in *zlib*) exit 3 ;; esac")
    check(tmp_path, LoneContext(tmp_path, env={"PATH": str(folder)}))


def test_a_python_that_fails_on_the_way_leaves_all_as_it_was(tmp_path: Path) -> None:
    upload(tmp_path, pack(tmp_path, {"a": "1"}, revision="r0"))
    folder = tools(tmp_path / "bin", without=set())
    python(folder, "head -c 5000; exit 1")
    (folder / "head").symlink_to(shutil.which("head") or "")
    with pytest.raises(StepError, match="unpacked"):
        upload(tmp_path, pack(tmp_path, FILES), context=LoneContext(tmp_path, env={"PATH": str(folder)}))
    assert current(tmp_path) == "releases/1.0.r0"
    check(tmp_path, LoneContext(tmp_path), revision="r1")


def test_a_release_of_one_file(tmp_path: Path) -> None:
    check(tmp_path, LoneContext(tmp_path), {"only": "one"})


def test_an_archive_of_another_program_goes_through_gzip(tmp_path: Path) -> None:
    """As an archive was that an earlier `buildtools` has packed: members that do not say how long they are."""
    import hashlib
    import json

    archive = pack(tmp_path, FILES)
    plain = subprocess.run(["gzip", "-dc", str(archive)], capture_output=True, check=True).stdout
    data = subprocess.run(["gzip", "-nc"], input=plain, capture_output=True, check=True).stdout
    archive.write_bytes(data)
    beside = archive.with_suffix(".manifest.json")
    manifest = json.loads(beside.read_text())
    manifest.update(archive_size=len(data), archive_sha256=hashlib.sha256(data).hexdigest(), parts=[])
    beside.write_text(json.dumps(manifest))
    upload(tmp_path, archive)
    assert (tmp_path / "site/demo/current/large").read_text() == FILES["large"]


@pytest.mark.parametrize("tar", ["head -c 1000 >/dev/null; exit 1", "exit 1", "kill -9 $$"])
def test_a_tar_that_ends_early_holds_nobody_up(tmp_path: Path, tar: str) -> None:
    folder = tools(tmp_path / "bin", without={"tar"})
    (folder / "head").symlink_to(shutil.which("head") or "")
    (folder / "tar").write_text(f"#!/bin/sh\n{tar}\n")
    (folder / "tar").chmod(0o755)
    python(folder, f'exec {real_python()} "$@"')
    context = LoneContext(tmp_path, env={"PATH": str(folder)})
    files = {f"file {n}": DICE.randbytes(600_000).hex() for n in range(40)}
    with pytest.raises(StepError, match="could not be unpacked"):
        upload(tmp_path, pack(tmp_path, files), context=context, timeout=60.0)


def test_this_machine_has_the_time_of_a_phase_too(tmp_path: Path) -> None:
    folder = tools(tmp_path / "bin", without={"tar"})
    (folder / "tar").write_text("#!/bin/sh\nexec sleep 60\n")
    (folder / "tar").chmod(0o755)
    context = LoneContext(tmp_path, env={"PATH": str(folder)})
    with pytest.raises(StepError, match="local: no end after 2 seconds"):
        upload(tmp_path, pack(tmp_path, {"a": "1"}), context=context, timeout=2.0)
