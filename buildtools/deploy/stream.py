"""Writing the streams that carry a release: gzip members that unpack as one tar archive.

A tar stream goes on until its end blocks, however many gzip members it is in: so one `tar -xz` on the host takes all
of it, and nothing has to be cut from a pipe. In front, in `.buildtools/`, lies what `stage.sh` needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import IO

import msgspec

from buildtools.deploy.compress import Compressor, Output
from buildtools.deploy.contents import take
from buildtools.deploy.delta import Difference, without
from buildtools.deploy.layout import PRIVATE
from buildtools.deploy.manifest import Entry, Manifest, Part, encode
from buildtools.deploy.plan import Plan
from buildtools.deploy.tarhead import BLOCK, header

_PIECE = 2**20


def write_front(path: Path, plan: Plan) -> None:
    """Write what goes before a whole archive: the listing, and the manifest's head."""
    with path.open("wb") as file, closing(Compressor(file)) as sink:
        _front(sink, {"list": plan.listing, "manifest.json": head(plan.manifest)})


def write_rest(path: Path, plan: Plan, part: Part) -> None:
    """Write the archive from this part on, and in front what it cannot do without."""
    entries = plan.manifest.entries[: part.entry]
    copied = {entry.path for entry in entries if entry.kind == "file"}
    with path.open("wb") as file:
        with closing(Compressor(file)) as sink:
            _front(sink, {"list": plan.listing, "manifest.json": head(plan.manifest)})
            _bare(
                sink,
                (*without(entries, copied), *(entry for entry in entries if entry.kind == "link")),
                plan.manifest.epoch,
            )
        with plan.archive.open("rb") as archive:
            archive.seek(part.offset)
            while piece := archive.read(_PIECE):
                file.write(piece)


def write_delta(path: Path, plan: Plan, change: Difference) -> None:
    """Write only what a difference says that must travel."""
    moves = "".join(f"{move.entry.mode}\n{move.source}\n{move.entry.path}\n" for move in change.moves)
    front = {
        "gone": change.gone,
        "added": change.added,
        "moves": moves.encode(),
        "manifest.json": head(plan.manifest),
    }
    with path.open("wb") as file, closing(Compressor(file)) as sink:
        _front(sink, front)
        _bare(sink, (*change.folders, *change.links), plan.manifest.epoch)

        def put(entry: Entry, content: IO[bytes]) -> None:
            sink.write(header(entry.path, plan.manifest.epoch, size=entry.size, mode=int(entry.mode, 8)))
            left = entry.size
            while left and (piece := content.read(min(left, _PIECE))):
                sink.write(piece)
                left -= len(piece)
            if left:
                raise EOFError(f"{entry.path!r} is shorter there")
            sink.write(bytes(-entry.size % BLOCK))

        take(plan.archive, plan.manifest, change.lacking, put)
        sink.write(bytes(2 * BLOCK))


def head(manifest: Manifest) -> bytes:
    """Return a manifest without its files, which a host has as a listing."""
    return encode(msgspec.structs.replace(manifest, entries=(), parts=()))


def _front(sink: Output, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        sink.write(header(f"{PRIVATE}/{name}", 0, size=len(data), mode=0o644))
        sink.write(data + bytes(-len(data) % BLOCK))


def _bare(sink: Output, entries: Iterable[Entry], epoch: int) -> None:
    for entry in entries:
        sink.write(header(entry.path, epoch, kind=entry.kind, target=entry.target))
