"""Two deploy to the same hosts at once: one wins, the other is refused with the winner's name, and nothing is mixed.

    python -m tests.deploy.proofs.rivals [--count N] [--seed S] [--hosts ssh,local,ssh]

The two name the hosts in different orders now and then, and begin up to 0.3 s apart.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.deploy.proofs.clients import Ended, Nursery
from tests.deploy.proofs.editions import Edition, Press
from tests.deploy.proofs.fleet import Fleet, watched

NAMES = ("alice", "bob")


class Match:
    """Two clients and one fleet."""

    def __init__(self, folder: Path, seed: int, hosts: Sequence[str]) -> None:
        self.seed = seed
        self.stack = ExitStack()
        self.fleet = self.stack.enter_context(Fleet(folder / "fleet", hosts))
        self.clients = [
            self.stack.enter_context(Nursery(folder / name, {**self.fleet.env, "LOGNAME": name, "USER": name}))
            for name in NAMES
        ]
        self.press = Press(folder / "editions", seed)
        self.known: dict[str, Edition] = {}
        self.broken: list[str] = []
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> Match:
        self.latest = self._made()
        self.clients[0].upload(self._options(self.latest))
        self._judge("the first deployment", self._unless(self.clients[0].wait()))
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def turn(self, number: int) -> None:
        """Let both begin, and look at the end."""
        rng = random.Random(f"{self.seed}:{number}")
        # With the same content both want the same: that is no contest.
        wanted = [self._made(), self._made()]
        first = rng.randrange(2)
        with watched(self.fleet) as wrong:
            for place in (first, 1 - first):
                options = self._options(wanted[place])
                if place != first:
                    if number % 3 == 2:
                        options["hosts"] = list(reversed(self.fleet.options()["hosts"]))  # type: ignore[call-overload]
                    time.sleep(rng.random() * 0.3)
                self.clients[place].upload(options)
            ended = [client.wait() for client in self.clients]
            left = [f"runs on: {text}" for text in self.fleet.settle()]
        problems = [*left, *sorted(set(wrong))[:3], *self._verdict(ended, wanted)]
        self._judge(f"turn {number} ({[one.code for one in ended]})", problems)
        if number % 10 == 9:
            print(f"turn {number}: {dict(self.counts)}", flush=True)

    def _verdict(self, ended: Sequence[Ended], wanted: Sequence[Edition]) -> Iterator[str]:
        winners = [place for place in (0, 1) if ended[place].code == 0]
        if len(winners) != 1:
            self.counts["both lost" if not winners else "both won"] += 1
            yield "both were refused" if not winners else "both went through"
            yield "\n".join(f"--- {name}\n{one.text}" for name, one in zip(NAMES, ended, strict=True))
        else:
            winner = winners[0]
            self.latest = wanted[winner]
            self.counts[f"{NAMES[winner]} won"] += 1
            said = ended[1 - winner].text
            # Who comes when the other is done already finds the site changed.
            if f"locked by {NAMES[winner]}" not in said and f"set by {NAMES[winner]} on" not in said:
                self.counts["refused without the winner's name"] += 1
                yield f"{NAMES[1 - winner]} was not told who won:\n{said}"
            if not any(self._refused(place.log(), NAMES[1 - winner]) for place in self.fleet.places):
                yield f"no host's log says that {NAMES[1 - winner]} was refused"
        yield from self.fleet.broken(self.latest)
        yield from self.fleet.untidy(self.known)

    def _refused(self, log: str, name: str) -> bool:
        lines = [json.loads(line) for line in log.splitlines()[-12:]]
        return any(line["event"] == "refused" and line["who"] == name for line in lines)

    def _made(self) -> Edition:
        made = self.press.changed()
        self.known[made.name] = made
        return made

    def _options(self, edition: Edition) -> dict[str, object]:
        # The hook makes both last longer than they begin apart.
        return {
            **self.fleet.options(), "archive": str(edition.archive), "keep": 3, "hooks": {"prepare": "sleep 0.6"},
            "connect-timeout": "10s", "timeout": "30s", "lock-expiry": "120s",
        }  # fmt: skip

    def _unless(self, ended: Ended) -> list[str]:
        return [f"ended with {ended.code}:\n{ended.text}"] if ended.code else []

    def _judge(self, what: str, problems: Sequence[str]) -> None:
        for problem in problems:
            self.broken.append(f"{what}: {problem}")
            print(f"BROKEN {what}: {problem}", flush=True)


def main(*arguments: str) -> int:
    """Hold the contests; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="rivals")
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hosts", default="ssh,local,ssh")
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="rivals-") as folder,
        Match(Path(folder), asked.seed, asked.hosts.split(",")) as match,
        suppress(KeyboardInterrupt),
    ):  # ended early: what has been done counts
        for number in range(asked.count):
            match.turn(number)
    for name, number in sorted(match.counts.items()):
        print(f"{number:5} {name}")
    print(f"{time.monotonic() - begun:.0f} s, {len(match.broken)} promises broken")
    return 1 if match.broken else 0


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    sys.exit(main(*sys.argv[1:]))
