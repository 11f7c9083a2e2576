"""Packing and deploying, beside `tar`, `rsync` and a plain Fabric script; and what distance and many hosts cost.

    python benchmarks/deploy.py [--only pack,first,again,line,delay,twenty] [--size 150] [--rounds 5] [--folder DIR]

Needs OpenSSH's sshd and ssh, rsync and tar; servers are started on loopback. Whole processes are measured, ours and
the other one in turn within each round, so that the machine's moods hit both; printed are medians of the wall time and
of the time of all processors, the server's included, and the median of the rounds' own ratios of the wall times, which
are what counts; on a busy machine, that of the processors' times, behind it in brackets, says more. Before each
measured process, what was written so far is put on the disk (`sync`).

pack      a run of `pack`, manifest included, beside `tar czf`: without what is known from the last time, and with it
          after a change of 3 files; and the archive's size
first     the first deployment of the packed site beside `rsync -a` of its tree, both over SSH; and with packing
again     after a change of 3 files: pack and deploy, beside a Fabric script that runs `tar czf`, `put` and `tar x`; in
          time, and in bytes sent to the host
line      both of these over a line of 50 Mbit/s that is 50 ms longer there and back, as between an office and a site
delay     a change of a site of 2 MB over a connection that is 50 ms longer there and back: how long it takes; and over
          one that is 400 ms longer, beside which all else is small: how many times that is waited for, beyond what
          logging in costs. And without the archive of the release before, so that its listing is fetched
twenty    20 hosts beside one, with a site of 2 MB: as all share this machine, a large one would measure its cores. On
          loopback these 20 servers still are what it measures; so once more with each host 50 ms away, as hosts are

The site has `--size` MB in 40 files a MB, and lies in `--folder` (default: where temporary files do), like the hosts'
roots. Exits with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.deploy_site import change, make_site
from benchmarks.deploy_ways import SUBSYSTEM, Bench, Took, rounds
from benchmarks.deploy_wire import Wire
from tests.support.sshd import Sshd

PARTS = ("pack", "first", "again", "line", "delay", "twenty")
SMALL = 2
ROUND_TRIP, LONG = 0.05, 0.4
RATE = 50e6 / 8


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--size", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    parts = asked.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"--only: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        size = min(asked.size, SMALL) if parts == ["twenty"] else asked.size
        bench = Bench(Path(name), size, asked.rounds)
        files = [path.stat().st_size for path in bench.tree.rglob("*") if path.is_file()]
        print(f"{len(files):,} files, {sum(files) / 1e6:.1f} MB, {asked.rounds} rounds, on {os.cpu_count()} cores")
        measures: dict[str, Callable[[Bench], None]] = {
            "pack": pack, "first": first, "again": again, "line": line, "delay": delay, "twenty": twenty,
        }  # fmt: skip
        try:
            for part in PARTS:
                if part in parts:
                    print(part)
                    measures[part](bench)
        finally:
            bench.server.stop()
    if bench.missed:
        print("missed:", "; ".join(bench.missed))
    return int(bool(bench.missed))


def pack(bench: Bench) -> None:
    ours = bench.pipeline({"pack": bench.packing("r0")})
    theirs: list[str | Path] = ["tar", "czf", bench.folder / "t.tgz", "-C", bench.tree, "."]
    numbers = iter(range(50_000, 60_000))

    def again() -> Took:
        change(bench.tree, next(numbers))
        return bench.timed(ours)

    ways = {
        "pack": lambda: bench.timed([*ours, "--no-cache"]),
        "tar czf": lambda: bench.timed(theirs),
        "pack again": again,
    }
    found = rounds(bench.rounds, ways)
    bench.faster(found, "pack", "tar czf", 3.5)
    bench.faster(found, "pack again", "tar czf")
    size = (bench.project / "build/dist/demo.1.r0.tgz").stat().st_size / (bench.folder / "t.tgz").stat().st_size
    bench.judge("of tar czf's size", size, 1.15)


def first(bench: Bench) -> None:
    packing = bench.pipeline({"pack": bench.packing("r0")})

    def ours() -> Took:
        bench.fresh("ours")
        return bench.timed(bench.pipeline({"upload": bench.uploading("r0")}))

    def both() -> Took:
        bench.fresh("ours")
        return bench.timed(bench.pipeline({"pack": bench.packing("r0"), "upload": bench.uploading("r0")}))

    bench.timed(packing)
    theirs = {"rsync -a": lambda: bench.timed(bench.rsync("-a"))}
    found = rounds(bench.rounds, {"upload": ours, "pack and upload": both, **theirs})
    bench.slower(found, "upload", "rsync -a", 1.0)
    bench.slower(found, "pack and upload", "rsync -a")


def again(bench: Bench) -> None:
    bench.fresh("ours")
    bench.fresh("fabric")
    bench.timed(bench.pipeline({"pack": bench.packing("r0"), "upload": bench.uploading("r0")}))
    spent: dict[str, list[float]] = {"pack": [], "upload": []}
    numbers = iter(range(1, 10_000))
    number = 0

    def ours() -> Took:
        nonlocal number
        number = next(numbers)
        change(bench.tree, number)
        revision = f"r{number}"
        took = bench.timed(bench.pipeline({"pack": bench.packing(revision), "upload": bench.uploading(revision)}))
        for step, seconds in last_run(bench.project):
            spent[step].append(seconds)
        return took

    def upload() -> Took:
        revision = f"u{number}"
        change(bench.tree, number + 5000)
        bench.timed(bench.pipeline({"pack": bench.packing(revision)}))
        return bench.timed(bench.pipeline({"upload": bench.uploading(revision)}))

    def script() -> Took:
        return bench.timed(bench.fabric(f"v{number}"))

    found = rounds(bench.rounds, {"pack and upload": ours, "upload alone": upload, "fabric script": script})
    for step, seconds in spent.items():
        print(f"  {'of which the step ' + step:<28} {median(seconds):8.3f} s")
    bench.faster(found, "pack and upload", "fabric script", 10)
    bench.faster(found, "upload alone", "fabric script")
    with Wire(bench.server.port) as our_wire, Wire(bench.server.port) as their_wire:
        change(bench.tree, 9999)
        bench.timed(bench.pipeline({"pack": bench.packing("w"), "upload": bench.uploading("w", port=our_wire.port)}))
        bench.timed(bench.fabric("w", port=their_wire.port))
        print(f"  bytes to the host: ours {our_wire.up:,}, the script {their_wire.up:,}")
        bench.judge("of the script's bytes", our_wire.up / their_wire.up, 0.01)


def line(bench: Bench) -> None:
    count = iter(range(30_000, 40_000))
    with Wire(bench.server.port, ROUND_TRIP / 2, RATE) as wire:

        def deployed() -> Took:
            change(bench.tree, revision := next(count))
            return bench.timed(
                bench.pipeline(
                    {"pack": bench.packing(f"l{revision}"), "upload": bench.uploading(f"l{revision}", port=wire.port)}
                )
            )

        def first() -> Took:
            bench.fresh("ours")
            return deployed()

        ways = {
            "pack and upload, first": first,
            "rsync -a": lambda: bench.timed(bench.rsync("-a", port=wire.port)),
            "rsync -az": lambda: bench.timed(bench.rsync("-az", port=wire.port)),
            "pack and upload again": deployed,
            "fabric script": lambda: bench.timed(bench.fabric(f"l{next(count)}", port=wire.port)),
        }
        found = rounds(max(1, bench.rounds // 3), ways, warm=False)
    bench.slower(found, "pack and upload, first", "rsync -a")
    bench.slower(found, "pack and upload, first", "rsync -az")
    bench.faster(found, "pack and upload again", "fabric script")


def delay(bench: Bench) -> None:
    """What is waited for follows from the time itself: where the way is long, everything else is small."""
    small(bench)
    bench.fresh("ours")
    bench.timed(bench.pipeline({"pack": bench.packing("r0"), "upload": bench.uploading("r0")}))
    for number, (name, limit) in enumerate((("listing known here", 6), ("listing fetched", 0))):
        trips, spent = [], []
        for turn in range(max(2, bench.rounds // 2)):
            took = []
            for place, away in enumerate((0.0, LONG, ROUND_TRIP)):
                revision = f"d{number}{turn}{place}"
                change(bench.tree, 20_000 + 100 * number + turn * 10 + place)
                bench.timed(bench.pipeline({"pack": bench.packing(revision)}))
                if number:
                    for path in (bench.project / "build/dist").glob("*.manifest.json"):
                        if f".{revision}." not in path.name:
                            path.unlink()
                with Wire(bench.server.port, away / 2) as wire:
                    command = bench.pipeline({"upload": bench.uploading(revision, port=wire.port)})
                    took.append((bench.timed(command).wall, login(bench, wire)))
            near, far, usual = took
            trips.append(((far[0] - near[0]) - (far[1] - near[1])) / LONG)
            spent.append(usual[0])
        counted = " ".join(f"{trip:.2f}" for trip in trips)
        print(f"  with {ROUND_TRIP * 1000:g} ms: {median(spent):.3f} s; round trips: {counted}")
        bench.judge(f"round trips besides logging in, {name}", round(median(trips)), limit)


def login(bench: Bench, wire: Wire) -> float:
    """Return how long it takes to connect and log in, and nothing else."""
    from buildtools.deploy.layout import address
    from buildtools.deploy.sessions import SshOptions, open_hosts
    from tests.support.context import LoneContext

    options = SshOptions(known_hosts=(bench.folder / "known_hosts",), identity=(bench.server.key,))
    place = address(f"{bench.server.user}@127.0.0.1:{wire.port}")
    assert place
    started = time.perf_counter()
    with open_hosts(LoneContext(bench.folder / "lone"), [place], options):
        return time.perf_counter() - started


def small(bench: Bench) -> None:
    """Make the site one of 2 MB."""
    shutil.rmtree(bench.tree)
    make_site(bench.tree, SMALL * 10**6, SMALL * 40)


def twenty(bench: Bench) -> None:
    count = 20
    small(bench)
    with ExitStack() as stack:
        servers = []
        for number in range(count):
            home = bench.folder / "homes" / str(number)
            home.mkdir(parents=True)
            servers.append(Sshd(bench.folder / f"sshd{number}", config=SUBSYSTEM, home=home))
            stack.callback(servers[-1].stop)
        for server in servers[1:]:
            shutil.copy(f"{servers[0].key}.pub", server.folder / "authorized_keys")
        wires = [stack.enter_context(Wire(server.port, ROUND_TRIP / 2)) for server in servers]
        known = bench.folder / "twenty_hosts"
        keys = [
            f"[127.0.0.1]:{end.port} {server.host_key}\n"
            for server, wire in zip(servers, wires, strict=True)
            for end in (server, wire)
        ]
        known.write_text("".join(keys), encoding="utf-8")
        numbers = iter(range(10_000))

        def deployed(some: Sequence[Sshd | Wire]) -> Took:
            number = next(numbers)
            change(bench.tree, number)
            bench.timed(bench.pipeline({"pack": bench.packing(f"t{number}")}))
            options = bench.uploading(f"t{number}")
            hosts = [f"{servers[0].user}@127.0.0.1:{one.port}" for one in some]
            options |= {"hosts": hosts, "known-hosts": [str(known)], "root": "site", "pool": count}
            return bench.timed(bench.pipeline({"upload": {**options, "identity": [str(servers[0].key)]}}))

        deployed(servers)  # from then on, each is a re-deployment
        ways = {
            "20 hosts": lambda: deployed(servers),
            "1 host": lambda: deployed(servers[:1]),
            "20 hosts, 50 ms away": lambda: deployed(wires),
            "1 host, 50 ms away": lambda: deployed(wires[:1]),
        }
        found = rounds(bench.rounds, ways)
    bench.slower(found, "20 hosts", "1 host", 3)
    bench.slower(found, "20 hosts, 50 ms away", "1 host, 50 ms away")


def last_run(project: Path) -> Iterator[tuple[str, float]]:
    """Yield the steps of the last run and their seconds."""
    newest = max((project / ".buildtools/runs").iterdir(), key=lambda path: path.name)
    for step in json.loads((newest / "run.json").read_text())["steps"]:
        yield step["id"], step["seconds"]


if __name__ == "__main__":
    sys.exit(main())
