"""Single files out of an archive: from any part of it, and one clear error where it does not hold them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import IO

import msgspec
import pytest

from buildtools.core.errors import StepError
from buildtools.deploy.contents import part_before, take
from buildtools.deploy.manifest import Entry, Manifest, Part, read
from tests.support.releases import pack

DICE = random.Random(4711)
FILES = {f"d{number % 5}/f{number}": DICE.randbytes(24_000).hex() for number in range(80)} | {
    "a\\b": "odd",
    "empty": "",
}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    archive = pack(tmp_path_factory.mktemp("packed"), FILES)
    return archive, read(archive.with_suffix(".manifest.json"))


def taken(archive: Path, manifest: Manifest, names: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}

    def put(entry: Entry, content: IO[bytes]) -> None:
        found[entry.path] = content.read().decode()

    take(archive, manifest, [entry for entry in manifest.entries if entry.path in names], put)
    return found


@pytest.mark.parametrize("names", [[], ["d0/f0"], ["empty"], ["a\\b", "d4/f79"], ["d2/f7", "d2/f77"], list(FILES)])
def test_files_come_as_they_were_packed(packed: tuple[Path, Manifest], names: list[str]) -> None:
    archive, manifest = packed
    assert len(manifest.parts) > 2
    for one in (manifest, msgspec.structs.replace(manifest, parts=())):
        assert taken(archive, one, names) == {name: FILES[name] for name in names}


def test_reading_begins_at_the_last_part_before(packed: tuple[Path, Manifest]) -> None:
    _, manifest = packed
    for part in manifest.parts:
        assert part_before(manifest, part.entry) == part
    assert part_before(manifest, manifest.parts[1].entry - 1) == Part(entry=0, offset=0)
    assert part_before(manifest, len(manifest.entries) - 1) == manifest.parts[-1]


@pytest.mark.parametrize("harm", ["cut", "garbage", "other", "offset", "gone"])
def test_an_archive_that_does_not_hold_them_is_told(packed: tuple[Path, Manifest], tmp_path: Path, harm: str) -> None:
    archive, manifest = packed
    data = archive.read_bytes()
    half = manifest.parts[-1].offset
    made = tmp_path / archive.name
    if harm == "offset":
        manifest = msgspec.structs.replace(
            manifest, parts=tuple(Part(entry=part.entry, offset=part.offset + 3) for part in manifest.parts)
        )
    made.write_bytes({"cut": data[: half + 500], "garbage": data[:half] + b"?" * 9000}.get(harm, data))
    if harm == "other":
        made = pack(tmp_path, {"d0/f0": "another one"})
    if harm == "gone":
        made.unlink()
    with pytest.raises(StepError, match="cannot be read" if harm == "gone" else "does not hold what its manifest says"):
        taken(made, manifest, list(FILES))
