"""The manifest: written and read back, and refused in one clear error when it is bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildtools.core.errors import StepError
from buildtools.deploy.manifest import Entry, Manifest, decode, digest, encode, listing, read, shared_target

GOOD = Manifest(
    format=1,
    target="demo",
    version="1.0",
    revision="r1",
    archive="demo.1.0.r1.tgz",
    archive_size=123,
    archive_sha256="a" * 64,
    compressor="zlib",
    epoch=0,
    dirty=False,
    entries=(
        Entry(path="a", kind="folder"),
        Entry(path="a/b c", mode="644", size=3, sha256="b" * 64),
        Entry(path="l", kind="link", target="a/b c"),
    ),
)
PLAIN = settings(database=None, deadline=None, max_examples=60)


def test_it_comes_back_as_it_was_written() -> None:
    assert decode(encode(GOOD), "x") == GOOD
    assert (GOOD.size, GOOD.files, GOOD.release.archive) == (3, 2, GOOD.archive)
    assert len(encode(GOOD).splitlines()) == 5


def test_the_listing_is_what_find_and_sort_would_make() -> None:
    lines = listing(GOOD.entries, ("var/media",)).decode().splitlines()
    assert lines == [
        "d ./a",
        "d ./var",
        "f 644 ./a/b c",
        f"h {'b' * 64} ./a/b c",
        "l ./l\ta/b c",
        "l ./var/media\t../../../shared/var/media",
    ]  # fmt: skip
    assert shared_target("media") == "../../shared/media"
    assert digest(listing(GOOD.entries)) != digest(listing(GOOD.entries, ("media",)))


def entry(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["entries"].append({"path": "z", "mode": "644", "sha256": "c" * 64, **fields})


BAD: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda data: data.update(format=2), "format 2 is unknown"),
    (lambda data: data.update(target="../x"), "not a usable name"),
    (lambda data: data.update(version="current", archive="demo.current.r1.tgz"), "has a meaning of its own"),
    (lambda data: data.update(archive="/etc/passwd"), "its archive is named"),
    (lambda data: data.update(archive_sha256="x"), "archive_sha256"),
    (lambda data: data.update(archive_size=-1), "negative"),
    (lambda data: data.update(archive_size="1"), "Expected `int`"),
    (lambda data: data.update(more=1), "unknown field `more`"),
    (lambda data: data.pop("target"), "missing required field `target`"),
    (lambda data: data.update(entries=[]), "empty"),
    (lambda data: data.update(entries=[{"path": "a", "kind": "folder"}]), "empty"),
    (entry(path="../z"), "not a plain path"),
    (entry(path="/z"), "not a plain path"),
    (entry(path="z/./y"), "not a plain path"),
    (entry(path=""), "not a plain path"),
    (entry(path="z\ny"), "control character"),
    (entry(path=".buildtools/list"), "belongs to buildtools"),
    (entry(path="a"), "twice"),
    (entry(path="a/b c/d"), "is not a folder of the release"),
    (entry(path="nowhere/z"), "is not a folder of the release"),
    (entry(mode="4755"), "mode '4755'"),
    (entry(mode="000"), "mode '000'"),
    (entry(mode="644 -o x"), "mode"),
    (entry(sha256="../../x"), "SHA-256"),
    (entry(size=-5), "SHA-256"),
    (entry(kind="device"), "Invalid enum value"),
    (entry(kind="link", target="x"), "what only files have"),
    (entry(kind="link", mode="", sha256="", target="../x"), "leaves the release"),
    (entry(kind="link", mode="", sha256="", target="/x"), "absolute"),
    (entry(kind="link", mode="", sha256="", target="x\ty"), "control character"),
    (entry(kind="folder"), "more than a path"),
]


@pytest.mark.parametrize(("spoil", "message"), BAD, ids=[message for _, message in BAD])
def test_a_bad_one_is_one_clear_error(spoil: Callable[[dict[str, Any]], Any], message: str) -> None:
    data = json.loads(encode(GOOD))
    spoil(data)
    with pytest.raises(StepError) as caught:
        decode(json.dumps(data).encode(), "some/place")
    assert message in caught.value.message
    assert caught.value.message.startswith("some/place: not a usable manifest: ")
    assert caught.value.remedy == "Run the step `pack` again."


@PLAIN
@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    with pytest.raises(StepError, match="not a usable manifest"):
        decode(data, "x")


@PLAIN
@given(st.data())
def test_no_damage_goes_further_than_one_error(data: st.DataObject) -> None:
    text = bytearray(encode(GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        manifest = decode(bytes(text), "x")
    except StepError:
        return  # any other exception fails the test
    assert decode(encode(manifest), "x") == manifest


def test_deep_nesting_is_an_error_too() -> None:
    with pytest.raises(StepError, match="not a usable manifest"):
        decode(b'{"entries":' + b"[" * 100_000, "x")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="cannot be read: No such file"):
        read(tmp_path / "nothing")
    with pytest.raises(StepError, match="cannot be read: Is a directory"):
        read(tmp_path)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(64 * 2**20 + 1)
    with pytest.raises(StepError, match="larger than 64 MiB"):
        read(tmp_path / "huge")
