"""Hostile words: as names, as options, as the names of files, as links."""

from __future__ import annotations

import os
import random

from tests.deploy.proofs.editions import Edition, difference, state
from tests.deploy.proofs.siege import Siege, text
from tests.deploy.proofs.tampering import copied, rewritten


def names(siege: Siege, rng: random.Random) -> None:
    """Give a hostile target, version or revision to pack, and in a manifest to upload."""
    field, bad = rng.choice(("target", "version", "revision")), text(rng)
    harmless = bad.isascii() and bad[:1].isalnum() and all(char.isalnum() or char in "._+-" for char in bad)
    if harmless and bad not in ("current", "releases"):
        return
    source = siege.folder / "names"
    source.mkdir(exist_ok=True)
    (source / "a").write_text("a")
    words = {"target": "demo", "version": "1", "revision": "r", "release-dir": str(source), "archive-dir": "dist"}
    if "\x00" not in bad and "\udcff" not in bad:
        ended = siege.pipeline({"pack": {"uses": "pack", "with": {**words, field: bad}}})
        siege.judge(f"a {field} for pack: {bad!r}", siege.refused(ended))
    archive, manifest = copied(siege, siege.latest)
    manifest[field] = bad
    rewritten(archive, manifest)
    siege.judge(f"a {field} in a manifest: {bad!r}", siege.refused(siege.upload(archive)))


def options(siege: Siege, rng: random.Random) -> None:
    """Give hostile hosts, roots and shared paths."""
    bad = text(rng).replace("\x00", "").replace("\udcff", "")
    option = rng.choice(("hosts", "root", "shared"))
    if option == "root":
        # A folder may have nearly any name: then it is that folder, and nothing else.
        bad = f"odd/{bad.strip() or 'x'}"
        ended = siege.upload(siege.latest.archive, root=bad)
        siege.judge(f"a root: {bad!r}", (*siege.harmless(ended), *siege.fleet.broken(siege.latest)))
        if ended.code == 0:
            siege.counts["roots that were taken"] += 1
            for place in siege.fleet.places:
                found = state((place.home / bad / "demo/current").resolve())
                if found != siege.latest.state:
                    siege.judge(f"a root: {bad!r}", [difference(found, siege.latest.state)])
        return
    if option == "hosts":
        ended = siege.upload(siege.latest.archive, hosts=[bad if rng.random() < 0.5 else f"user@{bad}"])
        siege.judge(f"a host: {bad!r}", siege.refused(ended))
        return
    made = siege.press.changed()
    ended = siege.upload(made.archive, shared=[bad + "/"])
    if ended.code == 0:
        siege.counts["shared paths that were taken"] += 1
        path = bad.rstrip("/")
        for place in siege.fleet.places:
            if not (place.current / path).is_symlink() or not (place.folder / "shared" / path).is_dir():
                siege.judge(f"a shared path: {bad!r}", ["is no link to shared/"])
        found = siege.fleet.places[0].served()
        siege.known[made.name] = Edition(made.name, made.archive, found)
        siege.latest = siege.known[made.name]
        siege.judge(f"a shared path: {bad!r}", (*siege.harmless(ended), *siege.fleet.broken(siege.latest)))
    else:
        siege.judge(f"a shared path: {bad!r}", siege.refused(ended))


def files(siege: Siege, rng: random.Random) -> None:
    """Pack files with hostile names: refused by name, or delivered as they are."""
    made = siege.press.changed()
    source = siege.folder / "editions" / f"source-{made.name.rpartition('r')[2]}"
    for number in range(rng.randrange(1, 6)):
        path = source / os.fsdecode(text(rng).replace("\x00", "").encode("utf-8", "surrogateescape"))
        if source.resolve() not in path.resolve().parents or path.is_dir():
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{number}")
            path.chmod(0o644)
        except OSError:
            continue
    for folder in source.rglob("*"):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o755)
    version, _, revision = made.name.rpartition(".")
    words = {"target": "demo", "version": version, "revision": revision, "release-dir": str(source)}
    out = siege.folder / f"dist-{revision}-files"
    ended = siege.pipeline({"pack": {"uses": "pack", "with": {**words, "archive-dir": str(out)}}})
    if ended.code:
        siege.counts["file names refused by pack"] += 1
        siege.judge("file names for pack: refused", siege.refused(ended))
        return
    left_out = {path for path in state(source) if path.split("/")[0] == ".buildtools"}
    wanted = {path: held for path, held in state(source).items() if path not in left_out}
    edition = Edition(made.name, out / f"demo.{made.name}.tgz", wanted)
    siege.judge("file names delivered: ", siege.accepted(siege.upload(edition.archive), edition))


def links(siege: Siege, rng: random.Random) -> None:
    """Pack a link out of the release."""
    source = siege.folder / f"links-{rng.randrange(10**9)}"
    (source / "deep/er").mkdir(parents=True)
    (source / "index.html").write_text("x")
    target = rng.choice(
        (
            "/etc/passwd",
            "..",
            "../x",
            "../../etc/passwd",
            "deep/../../x",
            "./../x",
            "/",
            f"{source}/../x",
            "a/\n/../../../x",
        )
    )
    where = rng.choice(("link", "deep/link", "deep/er/link"))
    (source / where).symlink_to("../" * where.count("/") + target if not target.startswith("/") else target)
    words = {"target": "demo", "version": "1", "revision": "r", "release-dir": str(source), "archive-dir": "dist"}
    ended = siege.pipeline({"pack": {"uses": "pack", "with": words}})
    problems = [*siege.refused(ended)]
    if "leaves the release" not in ended.text and "control character" not in ended.text:
        problems.append(f"the reason is not told:\n{ended.text}")
    siege.judge(f"a link out of the release: {where} -> {target}", problems)
