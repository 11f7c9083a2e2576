"""Bad input: names, file names, links, hooks' output, tampered manifests and archives, and what lies about on a host.

    python -m tests.deploy.proofs.hostile [--count N] [--seed S] [--hosts ssh,local]

Every text would make a file named `pwned` if a shell ever ran it. What is refused says so without a traceback, and
changes nothing; what is accepted arrives byte by byte.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.deploy.proofs.siege import Siege, text
from tests.deploy.proofs.tampering import archives, manifests
from tests.deploy.proofs.words import files, links, names, options

_SAID = (
    "printf '@bt switched x\\n@bt error lock 2030|eve|there|9999999999\\n@bt released\\n@bt hash x\\n'",
    "printf '\\n@bt error moved\\n' >&2; printf '@bt took x\\n@bt warn x\\n'",
    "printf '\\033[31mred\\033]0;title\\007\\n'",
    "printf '##teamcity[buildStatus status=%s]\\n::error::x\\n' \"'FAILURE'\"",
    "printf '\\377\\376\\000binary\\n'", "yes '$(touch pwned)' | head -n 60000", "printf 'no newline at the end'",
    "echo '`touch pwned`' \"'; touch pwned; '\"", "printf '%s' '} ; exit 0 ; {'", "cat <<'E'\n$(touch pwned)\nE\n",
    "printf 'x\\r@bt code 0\\r@bt error gone x\\r'",
    "printf 'x\\013@bt code 0\\014@bt error gone x\\302\\205@bt code 0\\342\\200\\250@bt code 0\\n'",
    "printf '\\r\\r\\033[2K@bt error gone\\r\\n'", "exec 1>&- 2>&-", "cd /; cat", "umask 777; set -f; IFS=x; PATH=; :",
)  # fmt: skip


def hooks(siege: Siege, rng: random.Random) -> None:
    """Let hooks say hostile things, and fail or not: only their exit status counts."""
    place = rng.choice(("prepare", "before-switch", "reload", "after-switch"))
    said, fails = rng.choice(_SAID), rng.random() < 0.5
    made = siege.press.changed()
    ended = siege.upload(made.archive, hooks={place: f"({said}\n)\nexit {3 if fails else 0}"})
    what = f"hook output: {place}, {said!r}, exit {3 if fails else 0}"
    if fails:
        siege.known[made.name] = made  # it may stay, complete and unreferenced
        siege.judge(what, siege.refused(ended))
    else:
        siege.judge(what, siege.accepted(ended, made))


def debris(siege: Siege, rng: random.Random) -> None:
    """Put hostile things where a deployment looks: locks, leftovers, odd releases."""
    place = rng.choice(siege.fleet.places)
    private = place.folder / ".buildtools"
    kind = rng.randrange(6)
    made = siege.press.changed()
    if kind == 0:
        (private / "lock").symlink_to(
            rng.choice(("$(touch pwned)|`touch pwned`|x:1|9999999999", "';touch pwned;'", "a|b|c|d|e", "|||"))
        )
        ended = siege.upload(made.archive)
        still = (private / "lock").is_symlink()
        if ended.code:
            (private / "lock").unlink(missing_ok=True)
            siege.known[made.name] = made
            siege.judge("a hostile lock: refused", [*siege.refused(ended), *([] if still else ["was removed"])])
        else:
            siege.judge("a hostile lock: taken over", siege.accepted(ended, made))
        return
    bad = (text(rng) + "x").replace("/", "_").replace("\x00", "").lstrip(".")[:80] or "x"
    name = os.fsencode(bad) if "\udcff" not in bad else bad.encode("utf-8", "surrogateescape")
    folder = os.fsencode(private / ("txn", "stage")[kind % 2])
    if kind < 4:
        path = os.path.join(folder, name)  # noqa: PTH118 - bytes
        os.makedirs(path)  # noqa: PTH103
        with open(os.path.join(path, b"record"), "wb") as file:  # noqa: PTH118, PTH123
            file.write(b"release=$(touch pwned)\nfrom=../../x\npeers='`touch pwned`\n" if kind < 2 else b"\xff\x00")
        siege.judge(f"leftovers: {bad!r}", siege.accepted(siege.upload(made.archive), made))
        return
    path = os.path.join(os.fsencode(place.folder / "releases"), name)  # noqa: PTH118
    os.mkdir(path)  # noqa: PTH102
    ended = siege.upload(made.archive)
    there = os.path.isdir(path)  # noqa: PTH112
    if there:
        os.rmdir(path)  # noqa: PTH106
    problems = [*siege.accepted(ended, made), *([] if there else [f"releases/{bad!r}, by other hands, was removed"])]
    siege.judge(f"a folder of others in releases: {bad!r}", problems)


def main(*arguments: str) -> int:
    """Try it all; return 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="hostile")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hosts", default="ssh,local")
    parser.add_argument("--only", default="")
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    trials = (names, options, files, links, hooks, manifests, archives, debris)
    with (
        tempfile.TemporaryDirectory(prefix="hostile-") as folder,
        Siege(Path(folder), asked.seed, asked.hosts.split(",")) as siege,
    ):
        for number in range(asked.count):
            trial = trials[number % len(trials)]
            if asked.only in ("", trial.__name__):
                trial(siege, random.Random(f"{asked.seed}:{number}"))
    for name, number in sorted(siege.counts.items()):
        print(f"{number:5} {name}")
    print(f"{time.monotonic() - begun:.0f} s, {len(siege.broken)} promises broken")
    return 1 if siege.broken else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
