"""Headers of tar members: what every tar program reads, and the same bytes in each version of Python."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest

from buildtools.deploy.tarhead import BLOCK, header

CASES: list[dict[str, Any]] = [
    {"path": "index.html", "size": 12345, "mode": 0o644},
    {"path": "a/b c/ü$(x)\\n", "size": 0, "mode": 0o755},
    {"path": "folder", "kind": "folder"},
    {"path": "link", "kind": "link", "target": "../over/there"},
    {"path": "x" * 100, "size": 1, "mode": 0o644},
    {"path": "x" * 101, "size": 1, "mode": 0o644},
    {"path": f"{'d' * 99}", "kind": "folder"},
    {"path": f"{'d' * 100}", "kind": "folder"},
    {"path": f"{'a/' * 120}file", "size": 1, "mode": 0o600},
    {"path": "long", "kind": "link", "target": "t/" * 90 + "t"},
    {"path": "large", "size": 8**11, "mode": 0o644},
    {"path": "largest of the plain ones", "size": 8**11 - 1, "mode": 0o644},
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["path"][:12])
@pytest.mark.parametrize("epoch", [0, 1_795_279_816, 8**11])
def test_they_are_read_as_they_were_written(case: dict[str, Any], epoch: int) -> None:
    data = header(epoch=epoch, **case)
    assert len(data) % BLOCK == 0
    with tarfile.open(fileobj=io.BytesIO(data + bytes(2 * BLOCK)), mode="r:", ignore_zeros=False) as tar:
        member = tar.next()
    assert member is not None
    kind = case.get("kind", "file")
    assert (member.name, member.size, member.mtime) == (case["path"], case.get("size", 0), epoch)
    assert (member.isreg(), member.issym(), member.isdir()) == (kind == "file", kind == "link", kind == "folder")
    assert member.linkname == case.get("target", "")
    assert member.mode == {"file": case.get("mode"), "link": 0o777, "folder": 0o755}[kind]
    assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")


def test_plain_ones_are_one_block_as_posix_has_it() -> None:
    data = header("a/b", 8, size=9, mode=0o644)
    assert data[:4] == b"a/b\0"
    assert data[100:156] == b"0000644\0" + b"0000000\0" * 2 + b"00000000011\0" + b"00000000010\0" + data[148:156]
    assert data[156:157] + data[257:265] == b"0ustar\00000"
    assert int(data[148:154], 8) == sum(data[:148] + b" " * 8 + data[156:])
    assert len(data) == BLOCK
