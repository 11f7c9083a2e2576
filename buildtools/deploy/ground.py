"""What a host has already: listings of its releases, and what interrupted uploads have left there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from buildtools.core.decoding import from_json
from buildtools.deploy.host import Host
from buildtools.deploy.manifest import Manifest, digest, listing
from buildtools.deploy.plan import Site
from buildtools.deploy.script import Reply, compose
from buildtools.deploy.transaction import folder

_DATA = b"@bt data\n"


def beside(manifest: Path, known: str, shared: Sequence[str]) -> bytes:
    """Return the listing of a release by the manifest of its archive, if it is what has this digest.

    Empty if not: then the file is missing, unreadable, or of other content or with other shared paths.
    """
    try:
        entries = from_json(manifest.read_bytes(), Manifest).entries
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return b""
    lines = listing(entries, [item.rstrip("/") for item in shared])
    return lines if digest(lines) == known else b""


def fetched(host: Host, site: Site, name: str, known: str) -> bytes:
    """Return the listing of the release `name` from the host itself; empty if it is not what has this digest."""
    import gzip
    import zlib

    reply = _asked(host, site, "listing", name)
    try:
        lines = gzip.decompress(reply.stdout.partition(_DATA)[2]) if reply.status == 0 else b""
    except (OSError, EOFError, zlib.error):
        return b""
    return lines if digest(lines) == known else b""


def stowed(host: Host, site: Site, stage: str) -> list[tuple[str, int]]:
    """Return what an interrupted upload has left in this stage: `STAGE/NAME` and how many files, the last maybe cut."""
    reply = _asked(host, site, "part", stage)
    found = []
    for line in reply.all("part") if reply.status == 0 else ():
        count, _, origin = line.partition(" ")
        if count.isdecimal() and origin.startswith(f"{stage}/"):
            found.append((origin, int(count)))
    return found


def _asked(host: Host, site: Site, what: str, origin: str) -> Reply:
    return host.run(compose("fetch", {"base": folder(host, site), "txn": "", "what": what, "origin": origin}))
