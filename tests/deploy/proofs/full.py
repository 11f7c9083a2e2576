"""The disk of one host fills up at some step of a deployment: nothing half is ever served, and the next run is clean.

    python -m tests.deploy.proofs.full [--count N] [--seed S] [--every STRIDE]

ROOT of one host (by SSH or this machine) is a small tmpfs, which needs root. At a step of the protocol its bytes, or
its inodes, are used up by somebody else; the deployment may fail or not; then there is room again, and the next run
ends well.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.deploy.proofs.fleet import Place, watched
from tests.deploy.proofs.kills import deeds
from tests.deploy.proofs.matrix import Deed, Matrix

_BYTES = """/bin/cat /dev/zero >{site}/filler 2>/dev/null
"""
_INODES = """n=0; mkdir -p {site}/filler
while true >{site}/filler/$n; do n=$((n + 1)); done 2>/dev/null
"""


def small(site: Path) -> None:
    """Mount a small file system."""
    site.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=6m,nr_inodes=800", "none", str(site)]
    if os.getuid() != 0 or subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")


def empty(site: Path) -> None:
    """Give the room back."""
    filler = site / "filler"
    if filler.is_dir():
        shutil.rmtree(filler)
    filler.unlink(missing_ok=True)


class Full:
    """A fleet of which one host is small."""

    def __init__(self, matrix: Matrix, place: Place) -> None:
        self.matrix, self.place = matrix, place
        self.site = place.home / "site"

    def turn(self, number: int | str, deed: Deed, at: int, when: str, kind: str) -> None:
        """Fill the disk at a step, look, make room, and make the next run."""
        matrix, before = self.matrix, self.matrix.latest
        what = f"turn {number}, {deed.name}, no {kind} {when} step {at}"
        self.place.traps.arm(at, when, {"bytes": _BYTES, "inodes": _INODES}[kind].format(site=self.site))
        with watched(matrix.fleet) as wrong:
            matrix.begin(deed)
            ended = matrix.client.wait()
            fired = self.place.traps.fired
            steps = self.place.traps.disarm()
            if fired and len(steps) >= at:
                matrix.counts[f"at {steps[at - 1]}"] += 1
            problems = list(matrix.fleet.broken(before, deed.wanted))
            problems += [f"runs on: {left}" for left in matrix.fleet.settle()]
            if "Traceback" in ended.text or ended.code not in (0, 1, 5):
                problems.append(f"ended with {ended.code}:\n{ended.text}")
            if ended.code and not deed.fails and not re.search("No space left|[Rr]oom", ended.text):
                matrix.counts["failed without naming the reason"] += 1
                print(f"{what}: said {ended.text[-400:]!r}", flush=True)
            matrix.counts[f"no {kind}: {'failed' if ended.code else 'went through'}"] += 1
            if ended.code == 0 and not deed.fails:
                problems += matrix.fleet.broken(deed.wanted)
            empty(self.site)
            matrix.judge(what, problems)
            again = matrix.edition(matrix.press.changed())
            matrix.finish(Deed("again", deed.wanted if number in ("0",) or at % 2 else again), what)
        matrix.judge(f"{what}, at some moment", sorted(set(wrong))[:3])

    def every(self, stride: int) -> None:
        """Fill it at every step of a full upload."""
        matrix = self.matrix
        self.place.traps.arm(999_999, "before", "")
        matrix.finish(Deed("full", matrix.edition(matrix.press.fresh())), "counting the steps")
        steps = self.place.traps.disarm()
        print(f"{len(steps)} steps", flush=True)
        for number, at in enumerate(range(1, len(steps) + 1, stride)):
            deed = Deed("full", matrix.edition(matrix.press.fresh()))
            self.turn(f"every-{at}", deed, at, "before", ("bytes", "inodes")[number % 2])

    def at_random(self, count: int, seed: int) -> None:
        """Fill it at random steps of all kinds of deployments."""
        for number in range(count):
            rng = random.Random(f"{seed}:full:{number}")
            deed = deeds(self.matrix, rng)
            self.turn(
                number, deed, rng.randrange(1, 90), rng.choice(("before", "after")), rng.choice(("bytes", "inodes"))
            )


def main(*arguments: str) -> int:
    """Fill the disk, look, and return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="full")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=0, metavar="STRIDE")
    parser.add_argument("--hosts", default="ssh,local")
    parser.add_argument("--small", type=int, default=0, metavar="NUMBER", help="which host's disk is small")
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="full-") as folder, ExitStack() as stack:
        matrix = Matrix(Path(folder), asked.seed, asked.hosts.split(","), Path(folder))
        stack.callback(matrix.stack.close)
        place = matrix.fleet.places[asked.small]
        small(place.home / "site")
        stack.callback(subprocess.run, ["umount", "-l", str(place.home / "site")], check=True)
        with matrix:
            full = Full(matrix, place)
            if asked.every:
                full.every(asked.every)
            full.at_random(asked.count, asked.seed)
    for name, number in sorted(matrix.counts.items()):
        print(f"{number:5} {name}")
    print(f"{time.monotonic() - begun:.0f} s, {len(matrix.broken)} promises broken")
    return 1 if matrix.broken else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
