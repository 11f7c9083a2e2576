"""The manifest: what a release consists of, file by file. Written beside the archive, checked on every host."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec

from buildtools.core.decoding import from_json
from buildtools.core.errors import StepError
from buildtools.deploy.layout import Release, link_problem, parents, path_problem

FORMAT = 1
_LARGEST = 64 * 2**20
_HASH = re.compile(r"[0-9a-f]{64}")
_MODE = re.compile(r"[4-7][0-7]{2}")


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """One file, link or folder of a release. `mode` is octal text (`644`) and only files have one."""

    path: str
    kind: Literal["file", "link", "folder"] = "file"
    mode: str = ""
    size: int = 0
    sha256: str = ""
    target: str = ""


class Part(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A point from which an archive can be read: a gzip member at this offset begins with this entry's tar member."""

    entry: int
    offset: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A release and its archive.

    `dirty` says whether the work tree differed from the commit (`None`: nobody knows); `epoch` is the time that every
    member carries, in seconds; `compressor` is what made the archive: the same files give the same bytes with the same
    compressor only, the same `digest` always. `parts` are where reading the archive may begin.
    """

    format: int
    target: str
    version: str
    revision: str
    archive: str
    archive_size: int
    archive_sha256: str
    compressor: str
    epoch: int
    dirty: bool | None = None
    parts: tuple[Part, ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def release(self) -> Release:
        """What it is the manifest of."""
        return Release(target=self.target, version=self.version, revision=self.revision)

    @property
    def size(self) -> int:
        """Bytes in all files together."""
        return sum(entry.size for entry in self.entries)

    @property
    def files(self) -> int:
        """How many files and links there are."""
        return sum(entry.kind != "folder" for entry in self.entries)


def listing(entries: Sequence[Entry], shared: Iterable[str] = ()) -> bytes:
    """Return the release as text that a host can make too, by find, sort and a hash program.

    One line for each folder (`d ./PATH`), file (`f MODE ./PATH` and `h SHA256 ./PATH`) and link (`l ./PATH`, tab,
    target), sorted as bytes. `shared` are paths that become links out of the release.
    """
    folders = {entry.path for entry in entries if entry.kind == "folder"}
    lines = []
    for path in shared:
        folders.update(parents(path))
        lines.append(f"l ./{path}\t{shared_target(path)}")
    for entry in entries:
        if entry.kind == "file":
            lines += [f"f {entry.mode} ./{entry.path}", f"h {entry.sha256} ./{entry.path}"]
        elif entry.kind == "link":
            lines.append(f"l ./{entry.path}\t{entry.target}")
    lines += [f"d ./{path}" for path in folders]
    return b"".join(sorted(line.encode() + b"\n" for line in lines))


def shared_target(path: str) -> str:
    """Return what a release's link to the shared `path` points to, seen from where it stands in `releases/NAME/`."""
    return "../" * (path.count("/") + 2) + "shared/" + path


def digest(lines: bytes) -> str:
    """Return the identity of a release's content: the SHA-256 of its listing."""
    from hashlib import sha256

    return sha256(lines).hexdigest()


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as JSON: one line an entry, so that two of them can be compared by eye."""
    head = msgspec.json.encode(msgspec.structs.replace(manifest, entries=())).removesuffix(b"[]}")
    rows = b",\n".join(msgspec.json.encode(entry) for entry in manifest.entries)
    return head + b"[\n" + rows + b"\n]}\n"


def decode(data: bytes, place: str) -> Manifest:
    """Read a manifest and check everything in it; `place` is named in the `StepError` for a bad one."""
    try:
        manifest = from_json(data, Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unusable(place, str(error)) from None
    problem = next(_problems(manifest), "")
    if problem:
        raise _unusable(place, problem)
    return manifest


def read(path: Path) -> Manifest:
    """Read the manifest in a file."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise StepError(
            f"{path}: the archive's manifest cannot be read: {error.strerror}",
            remedy="The step `pack` writes it beside the archive; keep the two together.",
        ) from None
    if len(data) > _LARGEST:
        raise _unusable(str(path), "it is larger than 64 MiB")
    return decode(data, str(path))


def _unusable(place: str, why: str) -> StepError:
    return StepError(f"{place}: not a usable manifest: {why}", remedy="Run the step `pack` again.")


def _problems(manifest: Manifest) -> Iterator[str]:
    if manifest.format != FORMAT:
        yield f"format {manifest.format} is unknown to this version of buildtools, which reads format {FORMAT}"
    yield from (f"{field}: {problem}" for field, problem in manifest.release.problems())
    if manifest.archive != manifest.release.archive:
        yield f"its archive is named {manifest.archive!r} instead of {manifest.release.archive!r}"
    if not _HASH.fullmatch(manifest.archive_sha256):
        yield "archive_sha256 is not a SHA-256"
    if manifest.archive_size < 0 or manifest.epoch < 0:
        yield "a negative number"
    if not manifest.files:
        yield "the release is empty"
    yield from _parts_problems(manifest)
    kinds: dict[str, str] = {}
    for entry in manifest.entries:
        if problem := path_problem(entry.path):
            yield f"{entry.path!r} {problem}"
        if entry.path in kinds:
            yield f"{entry.path!r} stands in it twice"
        kinds[entry.path] = entry.kind
        if problem := _entry_problem(entry):
            yield f"{entry.path!r} {problem}"
    for path in kinds:
        for parent in parents(path):
            if kinds.get(parent) != "folder":
                yield f"{path!r} lies in {parent!r}, which is not a folder of the release"


def _parts_problems(manifest: Manifest) -> Iterator[str]:
    if manifest.parts and manifest.parts[0] != Part(entry=0, offset=0):
        yield "its parts do not begin where the archive does"
    for one, other in pairwise((*manifest.parts, Part(entry=len(manifest.entries), offset=manifest.archive_size))):
        if one.entry >= other.entry or one.offset >= other.offset:
            yield "its parts do not lie one after the other"
            return


def _entry_problem(entry: Entry) -> str:
    if entry.kind == "link":
        odd = entry.mode or entry.size or entry.sha256
        return "is a link, but has what only files have" if odd else link_problem(entry.path, entry.target)
    if entry.kind == "folder":
        return "is a folder, but has more than a path" if entry != Entry(path=entry.path, kind="folder") else ""
    if not _MODE.fullmatch(entry.mode):
        return f"has the mode {entry.mode!r} instead of one like '644'"
    if not _HASH.fullmatch(entry.sha256) or entry.size < 0 or entry.target:
        return "has no usable size and SHA-256"
    return ""
