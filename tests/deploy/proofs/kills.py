"""The kill matrix: deployments are ended or cut off, at every step or at random, and the next run puts things right.

    python -m tests.deploy.proofs.kills [--count N] [--seed S] [--ways kill,cut] [--every STRIDE] [--hosts ssh,local]

`kill`: SIGKILL of the client; `interrupt`: SIGINT. `cut`: the connection is reset, or silent. `host`: what runs on a
host is killed. `--every` goes through the steps of a deployment on each host. A turn is known by seed and number.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.deploy.proofs.editions import PREPARED
from tests.deploy.proofs.matrix import Deed, Matrix, Moment


def deeds(matrix: Matrix, rng: random.Random) -> Deed:
    """Choose what is done."""
    press, edition = matrix.press, matrix.edition
    several = len(matrix.fleet.places) > 1
    hooks = {
        "prepare": f"echo prepared >{PREPARED}",
        "before-switch": "test -f index.html",
        "reload": "test -f index.html",
        "after-switch": "test -f index.html",
        "after-rollback": "test -f index.html",
    }
    kinds: list[Callable[[], Deed]] = [
        lambda: Deed("full", edition(press.fresh()), slow=True),
        lambda: Deed("delta", edition(press.changed())),
        lambda: Deed("same name", edition(press.changed(matrix.latest.name.split(".")[-1]))),
        lambda: Deed("reuse", matrix.previous),
    ]
    if several:
        wrong = {"url": "http://127.0.0.1:9/", "retries": 1, "interval": 0.05, "deadline": "2s"}
        steps = {"canary": 1, "batch": 1}
        kinds += [
            lambda: Deed("canary", edition(press.changed()), {"strategy": steps}),
            lambda: Deed("hooks", edition(press.changed()), {"hooks": hooks}),
            lambda: Deed("unhealthy", edition(press.changed()), {"health": [wrong], "hooks": hooks}, fails=True),
            lambda: Deed("canary ill", edition(press.fresh()), {"health": [wrong], "strategy": steps}, fails=True),
            lambda: rollback(matrix),
        ]
    return rng.choice(kinds)()


def rollback(matrix: Matrix) -> Deed:
    """Go back to the edition before, by the name that it has on all hosts."""
    names = set.intersection(*(place.holding(matrix.previous.state) for place in matrix.fleet.places))
    if not names:
        return Deed("reuse", matrix.previous)
    return Deed("rollback", matrix.previous, words=("rollback", "demo", "--to", min(names)))


WAYS = {"kill": ("kill",), "cut": ("reset", "reset", "silent"), "host": ("host",), "interrupt": ("interrupt",)}


def random_turns(matrix: Matrix, count: int, ways: Sequence[str], first: int = 0) -> None:
    """Interrupt at random moments: half of them at steps, half by the clock."""
    for number in range(first, first + count):
        rng = random.Random(f"{matrix.seed}:turn:{number}")
        deed = deeds(matrix, rng)
        way = rng.choice(WAYS[ways[number % len(ways)]])
        host = rng.randrange(len(matrix.fleet.places))
        moment = Moment(part=rng.random() * 1.1)
        if rng.random() < 0.5:
            most = matrix.steps.get(deed.name, 90)
            moment = Moment(host=host, at=rng.randrange(1, most + 1), when=rng.choice(("before", "after")))
        matrix.turn(number, deed, moment, way)


def every_turn(matrix: Matrix, ways: Sequence[str], stride: int) -> None:
    """Interrupt at every step of a deployment, on every host; with `stride` above 1 at every so manieth."""
    for kind in ("full", "delta"):
        make = matrix.press.fresh if kind == "full" else matrix.press.changed
        for host, place in enumerate(matrix.fleet.places):
            place.traps.arm(999_999, "before", "")
            matrix.finish(Deed(kind, matrix.edition(make())), f"counting the steps of {kind}")
            steps = place.traps.disarm()
            print(f"{kind} on host {host}: {len(steps)} steps", flush=True)
            for number, at in enumerate(range(1, len(steps) + 2, stride)):
                when = ("before", "after")[number % 2] if at <= len(steps) else "after"
                way = WAYS[ways[at % len(ways)]][0]
                deed = Deed(f"every {kind}", matrix.edition(make()))
                matrix.turn(f"{kind}-{host}-{at}", deed, Moment(host, min(at, len(steps)), when), way)


def main(*arguments: str) -> int:
    """Interrupt, look, and return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="kills")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--ways", default="kill")
    parser.add_argument("--every", type=int, default=0, metavar="STRIDE")
    parser.add_argument("--hosts", default="ssh,local,ssh")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "kills")
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    ways = asked.ways.split(",")
    with (
        tempfile.TemporaryDirectory(prefix="kills-") as folder,
        Matrix(Path(folder), asked.seed, asked.hosts.split(","), asked.keep) as matrix,
        suppress(KeyboardInterrupt),
    ):  # ended early: what has been done counts
        if asked.every:
            every_turn(matrix, ways, asked.every)
        random_turns(matrix, asked.count, ways, asked.first)
    for name, number in sorted(matrix.counts.items()):
        print(f"{number:5} {name}")
    print(f"{time.monotonic() - begun:.0f} s, {len(matrix.broken)} promises broken")
    return 1 if matrix.broken else 0


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    sys.exit(main(*sys.argv[1:]))
