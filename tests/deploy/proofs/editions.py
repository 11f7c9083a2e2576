"""Releases to deploy, made of a seed, and what a folder holds, so that the two can be compared byte for byte."""

from __future__ import annotations

import hashlib
import os
import random
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from buildtools.steps.pack import Pack
from tests.support.context import LoneContext

PREPARED = "prepared.txt"
"""what the hook `prepare` of some proofs adds to a release, by itself always the same"""

State = Mapping[str, str]
"""path → kind, mode and content's hash of what a folder holds"""


class Edition(msgspec.Struct, frozen=True):
    """A packed release: `name` is VERSION.REVISION."""

    name: str
    archive: Path
    state: State


class Press:
    """Packs editions of one target: with small changes, of all new content, or with other content of the same name."""

    def __init__(self, folder: Path, seed: int, *, blobs: int = 6, size: int = 24_000, pages: int = 24) -> None:
        self.folder = folder
        self._rng = random.Random(seed)
        self._number = 0
        self._blobs, self._size, self._pages = blobs, size, pages
        self._files: dict[str, bytes] = {}
        self._renew()

    def changed(self, revision: str = "") -> Edition:
        """Pack an edition that differs in a few files from the last."""
        self._count()
        page = self._rng.randrange(self._pages)
        self._files[f"static/{page}.css"] = f"p {{ order: {self._number} }}\n".encode() * self._rng.randrange(1, 50)
        self._files.pop(f"news/{self._number - 2}.html", None)
        self._files[f"news/{self._number}.html"] = f"news {self._number}\n".encode()
        return self._pack(revision)

    def fresh(self, revision: str = "") -> Edition:
        """Pack an edition of which every byte is new."""
        self._count()
        self._renew()
        return self._pack(revision)

    def _count(self) -> None:
        self._number += 1

    def _renew(self) -> None:
        number = self._number
        self._files = {f"static/{page}.css": f"{number} {page}\n".encode() * 40 for page in range(self._pages)}
        self._files |= {f"data/{blob}.bin": self._rng.randbytes(self._size) for blob in range(self._blobs)}
        self._files["-rf"] = self._files["$(touch pwned) 'q' \"d\" \\ ü"] = f"odd {number}".encode()
        self._files["bin/run"] = f"#!/bin/sh\necho {number}\n".encode()
        self._files[f"only/{number}"] = b""

    def _pack(self, revision: str) -> Edition:
        number = self._number
        page = f"edition {number}\n".encode()
        self._files["index.html"] = page * 2000
        source = self.folder / f"source-{number}"
        for name, data in self._files.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o755 if name.startswith("bin/") else 0o644)
        (source / "latest").symlink_to("index.html")
        step = Pack(
            release_dir=source,
            target="demo",
            release_version=f"1.{number % 7}",
            revision=revision or f"r{number}",
            archive_dir=self.folder / f"dist-{number}",
        )
        context = LoneContext(self.folder, env={"SOURCE_DATE_EPOCH": str(1_700_000_000 + number)})
        outputs = step.run(context).outputs
        name = f"{outputs['version']}.{outputs['revision']}"
        return Edition(name, self.folder / outputs["archive"], state(source))


def state(folder: Path) -> State:
    """Return what a folder holds. A folder that is not there holds nothing."""
    found: dict[str, str] = {}
    for top, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(top, name)  # noqa: PTH118 - called thousands of times
            shown = os.path.relpath(path, folder)
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                found[shown] = f"link {Path(path).readlink()}"
            elif stat.S_ISDIR(status.st_mode):
                found[shown] = "folder"
            else:
                digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
                found[shown] = f"file {status.st_mode & 0o7777:o} {digest}"
    return found


def without_hook(found: State) -> State:
    """Leave out what the hook `prepare` added, if it is that."""
    right = hashlib.sha256(b"prepared\n").hexdigest()
    if found.get(PREPARED, "").endswith(right):
        return {path: text for path, text in found.items() if path != PREPARED}
    return found


def difference(found: State, wanted: State) -> str:
    """Say in what two states differ, in a few words."""
    missing = sorted(wanted.keys() - found.keys())
    more = sorted(found.keys() - wanted.keys())
    other = sorted(path for path in found.keys() & wanted.keys() if found[path] != wanted[path])
    parts = [("missing", missing), ("too much", more), ("other", other)]
    return "; ".join(f"{what}: {len(paths)}, such as {paths[:3]}" for what, paths in parts if paths) or "nothing"
