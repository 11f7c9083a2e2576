"""Single files out of an archive, without unpacking the rest where the manifest says where its parts begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import IO, cast

from buildtools.core.errors import StepError
from buildtools.deploy.manifest import Entry, Manifest, Part


def parts(manifest: Manifest) -> tuple[Part, ...]:
    """Return the points at which reading may begin, the archive's beginning among them."""
    return manifest.parts or (Part(entry=0, offset=0),)


def part_before(manifest: Manifest, index: int) -> Part:
    """Return the last point at which reading may begin and this entry still comes."""
    return max((part for part in parts(manifest) if part.entry <= index), key=lambda part: part.entry)


def take(archive: Path, manifest: Manifest, wanted: Sequence[Entry], put: Callable[[Entry, IO[bytes]], None]) -> None:
    """Hand each wanted file, in the archive's order, to `put` as a stream of its content.

    Raises `StepError` if the archive does not hold them, or cannot be read.
    """
    import tarfile
    from gzip import BadGzipFile

    unzip, damaged = _unzipping()
    left = {entry.path: entry for entry in wanted}
    ends = (*parts(manifest), Part(entry=len(manifest.entries), offset=-1))
    why = ""
    try:
        with archive.open("rb") as file:
            for start, end in pairwise(ends):
                here = {entry.path for entry in manifest.entries[start.entry : end.entry]} & left.keys()
                if here:
                    file.seek(start.offset)
                    for path, content in _members(unzip(file), here):
                        put(left.pop(path), content)
    except (tarfile.TarError, damaged, EOFError, BadGzipFile) as error:
        why = str(error)
    except OSError as error:
        raise StepError(f"{archive}: cannot be read: {error.strerror or error}") from None
    if left or why:
        raise StepError(
            f"{archive}: does not hold what its manifest says: {why or f'{min(left)!r} is missing'}",
            remedy="Run the step `pack` again, and keep the archive and its manifest together.",
        )


def _members(stream: IO[bytes], wanted: set[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield these members as they come; ends with the last one, or with the archive."""
    import tarfile

    missing = set(wanted)
    with closing(stream), tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            if member.isreg() and member.name in missing:
                missing.discard(member.name)
                content = tar.extractfile(member)
                if content is not None:
                    yield member.name, content
                if not missing:
                    return


def _unzipping() -> tuple[Callable[[IO[bytes]], IO[bytes]], type[Exception]]:
    """Return what opens a compressed stream, and what it raises for a damaged one besides `OSError` and `EOFError`."""
    try:
        from isal import igzip, isal_zlib
    except ImportError:
        import gzip
        import zlib

        return lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file)), zlib.error
    opened = cast(Callable[..., IO[bytes]], igzip.IGzipFile)
    return lambda file: opened(fileobj=file), cast(type[Exception], isal_zlib.error)
