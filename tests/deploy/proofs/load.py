"""nginx serves `current` of three hosts while deployments and rollbacks go by, and clients ask all the time.

    python -m tests.deploy.proofs.load [--count N] [--seed S] [--hosts ssh,local,ssh]

No request fails, and each answer is one edition's file, byte for byte. Of the runs, one in six is a rollback.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from buildtools.steps.pack import Pack
from tests.deploy.proofs.clients import CHECKOUT, Nursery
from tests.deploy.proofs.editions import Edition, state
from tests.deploy.proofs.fleet import Fleet
from tests.deploy.proofs.server import Crowd, Nginx
from tests.support.context import LoneContext

PATHS = ("index.html", "static/site.css", "static/same-size.css", "large.bin")
_SNIPPET = re.compile(r"```nginx\n(.*?)```", re.DOTALL)


def line(number: int, path: str) -> bytes:
    """Return what a file of an edition consists of, again and again."""
    return f"edition {number:06} {path}\n".encode()


def lines(number: int, path: str) -> int:
    """Return how often it stands there."""
    return {"large.bin": 40_000 + number % 5 * 1000, "static/same-size.css": 100}.get(path, 20 + number % 17)


def right(path: str, body: bytes) -> str:
    """Say what is wrong with an answer."""
    match = re.match(rb"edition ([0-9]{6}) ", body)
    if not match:
        return f"begins with {body[:40]!r}"
    number = int(match[1])
    if body == line(number, path) * lines(number, path):
        return ""
    return f"{len(body)} bytes, not all of edition {number}"


def edition(folder: Path, number: int, dated: bool) -> Edition:
    """Pack an edition; without git and `SOURCE_DATE_EPOCH`, all have the same time."""
    source = folder / f"source-{number}"
    for path in PATHS:
        file = source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(line(number, path) * lines(number, path))
        file.chmod(0o644)
    step = Pack(
        release_dir=source, target="demo", release_version="1", revision=f"{number}", archive_dir=folder / "dist"
    )
    context = LoneContext(folder, env={"SOURCE_DATE_EPOCH": str(1_700_000_000 + number)} if dated else {})
    outputs = step.run(context).outputs
    return Edition(f"1.{number}", folder / outputs["archive"], state(source))


def documented() -> str:
    """Return what docs/deploy.md says to write into nginx' server block, but for names, places and FastCGI."""
    page = (CHECKOUT / "docs/deploy.md").read_text(encoding="utf-8")
    block = _SNIPPET.findall(page)[0].strip().removeprefix("server {").removesuffix("}")
    block = re.sub(r"    location [^{]*\{[^}]*fastcgi_pass[^}]*\}\n", "", block)
    return re.sub(r"^ *(listen|server_name|root) [^;]*;\n", "", block, flags=re.MULTILINE)


def main(*arguments: str) -> int:
    """Deploy under load; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="load")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hosts", default="ssh,local,ssh")
    parser.add_argument("--undated", action="store_true", help="all files of all editions have one time")
    asked = parser.parse_args(arguments)
    rng, begun = random.Random(asked.seed), time.monotonic()
    broken: list[str] = []
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="load-") as base, ExitStack() as stack:
        folder = Path(base)
        fleet = stack.enter_context(Fleet(folder / "fleet", asked.hosts.split(",")))
        client = stack.enter_context(Nursery(folder / "client", fleet.env))
        editions = [edition(folder / "editions", number, not asked.undated) for number in range(asked.count + 1)]
        known = {one.name: one for one in editions}

        def options(wanted: Edition) -> dict[str, object]:
            return {**fleet.options(), "archive": str(wanted.archive), "keep": 3}

        def expect(what: str, wanted: Edition) -> None:
            ended = client.wait()
            problems = [f"ended with {ended.code}:\n{ended.text}"] if ended.code else []
            problems += fleet.broken(wanted)
            problems += fleet.untidy(known)
            broken.extend(f"{what}: {problem}" for problem in problems)
            counts[what] += 1

        client.upload(options(editions[0]))
        expect("first deployment", editions[0])
        pile = [editions[0]]
        server = Nginx(folder / "nginx", [place.folder for place in fleet.places], documented())
        stack.callback(server.stop)
        with Crowd(server.ports, PATHS, right) as crowd:
            for number in range(1, asked.count + 1):
                # Never two in a row, so that a good release before the current one is surely kept.
                if number % 6 == 5 and len(pile) > 1:
                    pile.pop()
                    client.start("rollback", "demo")
                    expect("rollbacks", pile[-1])
                else:
                    wanted = editions[number]
                    pile.append(wanted)
                    client.upload(options(wanted))
                    expect("deployments", wanted)
                time.sleep(rng.random() * 0.05)
        if " [error] " in server.log or " [crit] " in server.log:
            broken.append(f"nginx complained:\n{server.log[-2000:]}")
        counts += crowd.counts
        broken += [f"{text} ({number} times)" for text, number in Counter(crowd.wrong).most_common(12)]
    for name, total in sorted(counts.items()):
        print(f"{total:7} {name}")
    for problem in broken:
        print(f"BROKEN {problem}")
    print(f"{time.monotonic() - begun:.0f} s, {len(broken)} promises broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
