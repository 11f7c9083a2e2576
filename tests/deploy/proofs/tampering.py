"""Manifests and archives that somebody has changed, made to fit one another."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.deploy.proofs.editions import Edition, State
from tests.deploy.proofs.siege import Siege


def copied(siege: Siege, edition: Edition) -> tuple[Path, dict[str, object]]:
    """Copy an archive and its manifest, to be tampered with."""
    folder = siege.folder / f"tampered-{time.monotonic_ns()}"
    folder.mkdir()
    archive = folder / edition.archive.name
    archive.write_bytes(edition.archive.read_bytes())
    manifest = json.loads(edition.archive.with_suffix(".manifest.json").read_bytes())
    return archive, manifest


def rewritten(archive: Path, manifest: dict[str, object]) -> None:
    """Write the manifest, made to fit the archive."""
    data = archive.read_bytes()
    manifest["archive_sha256"] = hashlib.sha256(data).hexdigest()
    manifest["archive_size"] = len(data)
    text_of = json.dumps(manifest).encode("utf-8", "surrogatepass")
    archive.with_suffix(".manifest.json").write_bytes(text_of)


def manifests(siege: Siege, rng: random.Random) -> None:
    """Tamper with a manifest: with bytes of it, or with what it says."""
    made = siege.press.changed()
    archive, manifest = copied(siege, made)
    beside = archive.with_suffix(".manifest.json")
    entries = manifest["entries"]
    assert isinstance(entries, list)
    entry = rng.choice([one for one in entries if one.get("kind", "file") == "file"])
    kind = rng.randrange(12)
    change: list[Callable[[], object]] = [
        lambda: entry.update(path=rng.choice(("../pwned", "/pwned", "a/../../pwned", ".buildtools/list", "a\nb", ""))),
        lambda: entry.update(sha256="0" * 64),
        lambda: entry.update(size=-1),
        lambda: entry.update(mode=rng.choice(("4755", "777 ", "; touch pwned", "000", "-rf"))),
        lambda: entry.update(mode="755" if entry["mode"] == "644" else "644"),
        lambda: entries.append({"path": "more", "mode": "644", "size": 0, "sha256": hashlib.sha256(b"").hexdigest()}),
        lambda: entries.remove(entry),
        lambda: entries.append(dict(entry)),
        lambda: entries.append({"path": "out", "kind": "link", "target": "../../../../etc"}),
        lambda: entry.update(extra=1),
        lambda: manifest.update(format=2),
        lambda: manifest.update(archive="../x.tgz"),
    ]
    change[kind]()
    rewritten(archive, manifest)
    if rng.random() < 0.3:
        data = bytearray(beside.read_bytes())
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        beside.write_bytes(data)
    siege.known[made.name] = made
    siege.judge(f"a tampered manifest: kind {kind}", siege.true(siege.upload(archive), made, listed(beside)))


Members = list[tuple[tarfile.TarInfo, bytes]]


def archives(siege: Siege, rng: random.Random) -> None:
    """Tamper with an archive, with its manifest made to fit it: what it holds is not what the manifest lists."""
    made = siege.press.changed()
    archive, manifest = copied(siege, made)
    outside = siege.folder / "outside"
    outside.mkdir(exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive.read_bytes()))) as tar:
        members = [(info, file.read() if (file := tar.extractfile(info)) else b"") for info in tar if not info.issym()]
    page = next(place for place, (info, _) in enumerate(members) if info.name.rpartition("/")[2] == "index.html")
    info, data = members[page]
    forged = data.replace(b"edition", b"EDITION")
    old, new = (hashlib.sha256(one).hexdigest().encode() for one in (data, forged))
    link, reg, hard, fifo = tarfile.SYMTYPE, tarfile.REGTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE
    kinds: dict[str, Members] = {
        "other content": [],
        "above": [_member("../" * rng.randrange(1, 6) + "pwned")],
        "absolute": [_member(f"{outside}/pwned")],
        "through a link": [_member("hole", b"", link, str(outside)), _member("hole/pwned")],
        "through a link inside": [_member("hole", b"", link, "../../../.."), _member("hole/pwned")],
        "hard link": [_member("hard", b"", hard, "../../../log.jsonl")],
        # The listing by which the host checks, brought along, would make the host agree with anything.
        "own listing": [_member(".buildtools/list", _listing(manifest).replace(old, new))],
        "own listing, dotted": [_member("./.buildtools/list", _listing(manifest).replace(old, new))],
        "fifo": [_member("fifo", b"", fifo)],
        "more": [_member("more", b"x", reg)],
        "private": [_member(".buildtools/more")],
    }
    kind = rng.choice(list(kinds))
    if kind == "other content" or "listing" in kind:
        members[page] = (info, forged)
    members = [*kinds[kind], *members] if rng.random() < 0.3 else [*members, *kinds[kind]]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    archive.write_bytes(gzip.compress(out.getvalue(), mtime=0))
    rewritten(archive, manifest)
    delta = rng.random() < 0.5
    ended = siege.upload(archive, **({} if delta else {"delta": False}))
    problems = [*siege.true(ended, made, listed(archive.with_suffix(".manifest.json")))]
    if there := sorted(path.name for path in outside.iterdir()):
        problems.append(f"written outside: {there}")
    siege.judge(f"a tampered archive: {kind}, {'delta' if delta else 'full'}", problems)


def _member(
    name: str, data: bytes = b"x", kind: bytes = tarfile.REGTYPE, target: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mode = kind, target, len(data), 0o644
    return info, data


def listed(manifest: Path) -> State:
    """Return what a folder holds that is as a manifest says; nothing for one that cannot be read."""
    try:
        return {entry["path"]: _told(entry) for entry in json.loads(manifest.read_bytes())["entries"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _told(entry: dict[str, str]) -> str:
    kind = entry.get("kind", "file")
    if kind == "file":
        return f"file {entry['mode']} {entry['sha256']}"
    return f"link {entry['target']}" if kind == "link" else kind


def _listing(manifest: dict[str, object]) -> bytes:
    from buildtools.deploy.manifest import decode, listing

    return listing(decode(json.dumps(manifest).encode(), "x").entries)
