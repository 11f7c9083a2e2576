"""A fleet under siege: what is tried on it must be refused, or arrive as it is, and never run."""

# ruff: noqa: T201

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.deploy.proofs.clients import Ended, Nursery
from tests.deploy.proofs.editions import Edition, Press, State
from tests.deploy.proofs.fleet import Fleet

PIECES = (
    "'", '"', "$(touch pwned)", "`touch pwned`", "; touch pwned;", ">pwned", "$HOME", "${IFS}", "&", "|", "<", "!",
    "\n", "\r", "\t", "\\", "\\n", "\x1b[31m", "\x7f", "\x00", " ", "  ", "#", "=", "*", "?", "[a]", "{a,b}",
    "-", "--", "-rf", ".", "..", "../", "/", "~", "@bt error lock x", "current", "releases", ".buildtools", "a",
    "%s", "x" * 40, "\u2028", "ü", "u\u0308", "\U0001f600", "\u202e", "\udcff",
)  # fmt: skip
"""texts of which names are put together"""


class Siege:
    """A fleet that serves one edition, which must stay, and a client that tries things."""

    def __init__(self, folder: Path, seed: int, hosts: Sequence[str]) -> None:
        self.folder = folder
        self.stack = ExitStack()
        self.fleet = self.stack.enter_context(Fleet(folder / "fleet", hosts))
        self.client = self.stack.enter_context(Nursery(folder / "client", self.fleet.env))
        self.press = Press(folder / "editions", seed, blobs=1, pages=4)
        self.latest = self.press.fresh()
        self.known = {self.latest.name: self.latest}
        self.broken: list[str] = []
        self.counts: Counter[str] = Counter()
        self._told: set[str] = set()

    def __enter__(self) -> Siege:
        self.judge("the first deployment", self.accepted(self.upload(self.latest.archive), self.latest))
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def upload(self, archive: Path, **more: object) -> Ended:
        """Deploy an archive."""
        self.client.upload({**self.fleet.options(), "archive": str(archive), **more})
        return self.client.wait()

    def pipeline(self, steps: object) -> Ended:
        """Run these steps."""
        file = self.client.folder / "pipeline.yaml"
        file.write_text(json.dumps({"steps": steps}), encoding="utf-8")
        self.client.start("run", "--output", "plain", "pipeline.yaml")
        return self.client.wait()

    def refused(self, ended: Ended) -> Iterator[str]:
        """Yield what is wrong with a refusal."""
        if ended.code not in (1, 2, 3, 4, 5):
            yield f"ended with {ended.code} instead of a refusal:\n{ended.text[-1500:]}"
        yield from self.harmless(ended)
        yield from self.fleet.broken(self.latest)
        yield from self.fleet.untidy(self.known)

    def accepted(self, ended: Ended, edition: Edition) -> Iterator[str]:
        """Yield what is wrong with a deployment that was to go through."""
        self.latest = edition
        self.known[f"{edition.name} {edition.archive}"] = edition
        if ended.code:
            yield f"ended with {ended.code}:\n{ended.text[-1500:]}"
        yield from self.harmless(ended)
        yield from self.fleet.broken(edition)
        yield from self.fleet.untidy(self.known)

    def true(self, ended: Ended, made: Edition, listed: State) -> Iterator[str]:
        """Yield what is wrong unless it was refused, or arrived just as its manifest says.

        The manifest decides: of an archive that holds other things besides, a delta takes what the manifest names.
        """
        if ended.code == 0 and listed:
            self.counts["tampered with, and delivered as listed"] += 1
            yield from self.accepted(ended, Edition(made.name, made.archive, listed))
        else:
            yield from self.refused(ended)

    def harmless(self, ended: Ended) -> Iterator[str]:
        """Yield what should not have come about, whatever the end."""
        if "Traceback" in ended.text or ended.code == 70:
            yield f"a fault ({ended.code}):\n{ended.text[-3000:]}"
        if "\x1b" in ended.text:
            yield f"an escape sequence reaches the terminal: {ended.text[-600:]!r}"
        for top, folders, files in os.walk(self.folder):
            for name in (*folders, *files):
                if name == "pwned":
                    yield f"{top}/{name} was made"
                    (Path(top) / name).unlink()

    def judge(self, what: str, problems: Iterable[str]) -> None:
        """Count and tell what is wrong."""
        self.counts[what.partition(":")[0]] += 1
        for problem in problems:
            if problem in self._told:  # what is wrong on a host is so after each further trial too
                continue
            self._told.add(problem)
            self.broken.append(f"{what}: {problem}")
            print(f"BROKEN {what}: {problem}", flush=True)


def text(rng: random.Random) -> str:
    """Put a hostile text together."""
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 4)))
