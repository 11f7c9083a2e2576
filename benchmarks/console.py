"""What the live console costs while steps run, beside the plain one: the processor time of buildtools' own process.

    python benchmarks/console.py [STEPS [SECONDS [ROUNDS]]]

Every step prints a line with colours each second, for as long as it is looked at. The terminal is 200 columns wide and
so high that each step has its line. What the steps themselves use is not counted, nor is the time before all of them
run. Printed are the shares of one processor, and what the moving lines add. Exits with 1 if that is 2 % or more.
Linux only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

STEPS, SECONDS, ROUNDS = 60, 8.0, 3
TARGET = 0.02
PATIENCE = 120.0
"""Seconds until all steps run"""
LINE = "printf 'line %s: \\033[32mfine\\033[0m, and some more words, as programs have them\\n' $n"
STEP = f"n=0; touch up-NAME; while :; do n=$((n + 1)); {LINE}; sleep 1; done"


def main() -> int:
    given = sys.argv[1:]
    steps = int(given[0]) if given else STEPS
    seconds = float(given[1]) if len(given) > 1 else SECONDS
    rounds = int(given[2]) if len(given) > 2 else ROUNDS
    shares: dict[str, list[float]] = {"plain": [], "live": []}
    with tempfile.TemporaryDirectory() as name:
        for number in range(rounds):
            for mode, found in shares.items():
                folder = Path(name) / f"{mode}-{number}"
                folder.mkdir()
                found.append(share(mode, steps, seconds, folder))
    plain, live = median(shares["plain"]), median(shares["live"])
    added = median(a - b for a, b in zip(shares["live"], shares["plain"], strict=True))
    print(f"{steps} running steps, {rounds} rounds of {seconds:g} s, shares of one processor")
    print(f"plain   {plain:7.2%}")
    print(f"live    {live:7.2%}   {live / max(plain, 1e-9):.2f} times plain")
    print(f"added   {added:7.2%}   target: under {TARGET:.0%}: {'kept' if added < TARGET else 'MISSED'}")
    return 0 if added < TARGET else 1


def share(mode: str, steps: int, seconds: float, folder: Path) -> float:
    """Return what a run of so many steps uses of one processor while all of them run."""
    lines = [f"  s{n}: {{uses: shell, needs: [], with: {{run: {step(n)}}}}}" for n in range(steps)]
    (folder / "pipeline.yaml").write_text("\n".join(["steps:", *lines, ""]))
    words = [sys.executable, "-m", "buildtools", "run", "--jobs", str(steps), "--output", mode]
    with terminal(2 * steps + 4) as tty:
        child = subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=tty, stderr=tty)
        try:
            await_all(child, folder, steps)
            before, began = used(child.pid), time.monotonic()
            time.sleep(seconds)
            spent, lasted = used(child.pid) - before, time.monotonic() - began
        finally:
            child.send_signal(signal.SIGINT)
            child.wait()
    return spent / lasted


def step(number: int) -> str:
    """Return a step's line for the shell, as YAML has it in single quotes."""
    return "'" + STEP.replace("NAME", str(number)).replace("'", "''") + "'"


@contextlib.contextmanager
def terminal(rows: int) -> Iterator[int]:
    """Yield the near end of a terminal whose far end is read as fast as it is written."""
    far, near = pty.openpty()
    fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 200, 0, 0))
    reader = threading.Thread(target=swallow, args=(far,))
    reader.start()
    try:
        yield near
    finally:
        os.close(near)
        reader.join()
        os.close(far)


def swallow(far: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(far, 65536):
            pass


def await_all(child: subprocess.Popen[bytes], folder: Path, steps: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(list(folder.glob("up-*"))) < steps:
        if child.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"not all {steps} steps came to run")
        time.sleep(0.1)
    time.sleep(1.0)


def used(process: int) -> float:
    """Return the seconds of processor time that a process has used, without its children's."""
    words = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
