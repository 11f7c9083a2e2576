"""What is to be known of an archive and its manifest before they are deployed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from buildtools.core.errors import StepError
from buildtools.deploy.manifest import Manifest


def check_archive(archive: Path, manifest: Manifest) -> None:
    """Raise `StepError` unless the file is the archive that the manifest describes."""
    import hashlib

    try:
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StepError(f"{archive}: cannot be read: {error.strerror}") from None
    if found != manifest.archive_sha256:
        raise StepError(
            f"{archive}: is not the archive that its manifest describes (its sha256 is {found})",
            remedy="Run the step `pack` again, and keep the archive and its manifest together.",
        )


@contextmanager
def checking(archive: Path, manifest: Manifest) -> Iterator[Callable[[], None]]:
    """Within this, `check_archive` is under way in a thread; what is returned waits for it, and raises what it does."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1, thread_name_prefix="checking") as thread:
        yield thread.submit(check_archive, archive, manifest).result


def room(manifest: Manifest) -> int:
    """Return what a release takes on a disk, in bytes: each file in whole blocks of 4 KiB."""
    return sum((entry.size + 8191) // 4096 * 4096 for entry in manifest.entries)


def collision(manifest: Manifest, shared: Sequence[str]) -> str:
    """Return the first shared path that the release itself holds, or that lies in one of its files."""
    kinds = {entry.path: entry.kind for entry in manifest.entries}
    for path in (item.rstrip("/") for item in shared):
        parents = [path[:index] for index, char in enumerate(path) if char == "/"]
        if path in kinds or any(kinds.get(parent, "folder") != "folder" for parent in parents):
            return path
    return ""
