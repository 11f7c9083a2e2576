"""Taking over what the last archive has: never other bytes than packing everything anew gives."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from buildtools.deploy import reuse
from buildtools.deploy.archive import Load, Written, write_archive
from buildtools.deploy.compress import Compressor
from buildtools.deploy.reuse import Known, runs
from buildtools.deploy.selection import Member, Rules, select
from buildtools.steps.pack import Pack
from buildtools.system import stamp
from buildtools.system.stamp import Stamp
from tests.support.context import LoneContext
from tests.support.releases import write


class Kept(dict[str, bytes]):
    """A cache of earlier runs."""

    def put(self, key: str, data: bytes) -> None:
        self[key] = data


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files count as old at once, and runs be short."""
    monkeypatch.setattr(stamp, "_YOUNG", -(10**15))
    monkeypatch.setattr(reuse, "LEAST", 2**14)
    monkeypatch.setattr(reuse, "ENOUGH", 2**15)


class Packer:
    """Packs the folder `site`; `read` and `compressed` are the bytes that it had to read and compress the last time."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.cache = Kept()
        self.read = self.compressed = 0
        real_read, real_write = os.read, Compressor.write

        def read(file: int, size: int) -> bytes:
            data = real_read(file, size)
            self.read += len(data)
            return data

        def compress(sink: Compressor, data: bytes) -> int:
            self.compressed += len(data)
            return real_write(sink, data)

        monkeypatch.setattr(os, "read", read)
        monkeypatch.setattr(Compressor, "write", compress)

    def __call__(self, name: str = "a.tgz", *, cache: Kept | None = None, epoch: int = 7) -> Written:
        self.read = self.compressed = 0
        known = Known(self.cache if cache is None else cache, "demo", self.root)  # type: ignore[arg-type]
        try:
            members = select(Rules(folder=self.root / "site")).members
            return write_archive(Load(members=members, epoch=epoch), self.root / name, known, lambda _: None)
        finally:
            known.close()

    def check(self) -> None:
        """Pack with what is known and without: all must be the same."""
        written = self()
        assert written == self("other.tgz", cache=Kept())
        assert (self.root / "a.tgz").read_bytes() == (self.root / "other.tgz").read_bytes()


@pytest.fixture
def packer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Packer:
    dice = random.Random(11)
    site = tmp_path / "site"
    for number in range(120):
        path = site / f"part{number % 9}" / f"file{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dice.randbytes(dice.randrange(10, 2_000)) * dice.randrange(1, 4))
    (site / "huge").write_bytes(dice.randbytes(5_000_000))
    (site / "link").symlink_to("huge")
    (site / "empty").mkdir()
    return Packer(tmp_path, monkeypatch)


def test_what_has_not_changed_is_neither_read_nor_compressed(packer: Packer) -> None:
    first = packer()
    whole = packer.read
    assert whole > 5_000_000
    assert packer("b.tgz") == first
    assert packer.read == 0
    assert packer.compressed == 1024  # the end of the archive
    assert (packer.root / "a.tgz").read_bytes() == (packer.root / "b.tgz").read_bytes()
    path = packer.root / "site/part3/file3.txt"
    path.write_bytes(path.read_bytes() + b"more")
    packer()
    assert 0 < packer.read < 60_000


@pytest.mark.parametrize("fallback", [False, True], ids=["isal", "zlib"])
def test_random_edits_give_the_bytes_of_a_new_archive(
    packer: Packer, monkeypatch: pytest.MonkeyPatch, fallback: bool
) -> None:
    if fallback:
        monkeypatch.setitem(sys.modules, "isal", None)
        (packer.root / "site/huge").unlink()
    dice = random.Random(5)
    packer()

    def some() -> Path:
        return dice.choice([path for path in sorted(packer.root.glob("site/part*/*")) if path.is_file()])

    def swap() -> None:
        one, other = some(), some()
        one.rename(packer.root / "aside")
        if other.exists():
            other.rename(one)
        (packer.root / "aside").rename(other)

    edits: list[Callable[[], object]] = [
        lambda: some().write_bytes(dice.randbytes(dice.randrange(9_000))),
        lambda: some().write_bytes(b""),
        lambda: some().unlink(),
        lambda: some().chmod(dice.choice([0o644, 0o755])),
        lambda: os.utime(some(), (1, dice.randrange(10**9))),
        lambda: some().with_name(f"new{dice.randrange(10**6)}").write_bytes(dice.randbytes(300)),
        lambda: some().rename(some().parent / f"moved{dice.randrange(10**6)}"),
        swap,
        lambda: (packer.root / f"site/dir{dice.randrange(10**6)}/in").mkdir(parents=True),
        lambda: (packer.root / f"site/part1/link{dice.randrange(10**6)}").symlink_to("../part2"),
    ]
    for _ in range(12):
        for _ in range(dice.randrange(1, 4)):
            dice.choice(edits)()
        packer.check()


@pytest.mark.parametrize("what", ["damaged", "shorter", "gone", "other time", "memo", "folder"])
def test_what_is_no_longer_as_it_was_is_not_taken(packer: Packer, what: str) -> None:
    first = packer()
    whole, archive = packer.compressed, packer.root / "a.tgz"
    data = archive.read_bytes()
    if what == "damaged":
        archive.write_bytes(data[:9000] + bytes([data[9000] ^ 1]) + data[9001:])
    elif what == "shorter":
        archive.write_bytes(data[:-1])
    elif what in ("gone", "folder"):
        archive.unlink()
        if what == "folder":
            archive.mkdir()
    elif what == "memo":
        packer.cache.update(dict.fromkeys(packer.cache, b"\x94\xa0\xa0"))
    if what == "other time":
        assert packer("b.tgz", epoch=8).sha256 != first.sha256
    else:
        assert packer("b.tgz") == first
        assert (packer.root / "b.tgz").read_bytes() == data
    assert packer.compressed == whole


def test_the_same_name_again(packer: Packer) -> None:
    packer()
    (packer.root / "site/huge").write_bytes(b"small")
    packer.check()
    packer.check()


def test_a_file_that_is_younger_than_the_clock_can_tell_is_read_again(
    packer: Packer, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packer.root / "site/part0/file0.txt"
    packer()
    files = msgspec.msgpack.decode(packer.cache["packed demo"])[3]
    assert str(path) in files
    monkeypatch.setattr(stamp, "_YOUNG", 2_000_000_000)
    path.write_bytes(b"new")
    os.utime(path, (1, 1))  # an old time for its content; that of its inode tells
    packer()
    files = msgspec.msgpack.decode(packer.cache["packed demo"])[3]
    assert str(path) not in files
    assert len(files) > 100


def test_runs_are_found_again_behind_what_has_grown() -> None:
    dice = random.Random(3)

    def made(first: int) -> list[Member]:
        sizes = [first, *(dice.randrange(10, 2_000) for _ in range(2000))]
        return [Member(source="", path=f"d/f{n}", stamp=Stamp(size=size)) for n, size in enumerate(sizes)]

    state = dice.getstate()
    one = made(0)
    dice.setstate(state)
    other = made(20_000)
    mine, yours = list(runs(one)), list(runs(other))
    assert len(set(mine) - set(yours)) < 8
    assert [start for start, _ in mine[1:]] == [end for _, end in mine[:-1]]
    assert (mine[0][0], mine[-1][1]) == (0, len(one))
    for start, end in mine[:-1]:
        held = sum(512 + member.stamp.size for member in one[start:end])
        assert 2**14 <= held < 2**15 + 2_512


def test_no_members_no_runs() -> None:
    assert list(runs([])) == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
def test_nothing_is_left_open(packer: Packer) -> None:
    packer()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        packer()
    assert before == len(list(Path("/proc/self/fd").iterdir()))


def test_a_step_takes_over_what_the_last_one_left(tmp_path: Path) -> None:
    write(tmp_path, {"site/a": "1", "site/b": "2"})
    context = LoneContext(tmp_path, cache=tmp_path / "cache")
    results = [
        Pack(release_dir=Path("site"), target="demo", release_version="1", revision=f"r{number}").run(context)
        for number in range(2)
    ]
    one, other = ((tmp_path / result.outputs["archive"]).read_bytes() for result in results)
    assert one == other
    (tmp_path / "site/a").write_text("3")
    again = Pack(release_dir=Path("site"), target="demo", release_version="1", revision="r1").run(context)
    assert (tmp_path / again.outputs["archive"]).read_bytes() != one
