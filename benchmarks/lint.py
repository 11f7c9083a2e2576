"""How long pylint takes: the step's driver on all processors beside `pylint -j1`, `-j2` and, for scale, `ruff`.

    python benchmarks/lint.py [--repeat 3] [PROJECT=PATH…]

Without arguments it downloads requests, flask, werkzeug and django from PyPI. Prints, for each way, the best wall time
of its repeats, the time of all processors in that repeat, the greatest memory of its processes together (PSS,
sampled), and what `-j1` and `-j2` take relative to the step. The ways take turns, so that a busy machine does them
equal wrong. Also said is whether the messages are those of `-j1`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.differential.pylint_identical import unpacked
from tests.support import same

DEFAULT = {"requests": "src", "flask": "src", "werkzeug": "src", "django": "django/db django/core django/contrib/admin"}


def ways(folder: Path, paths: list[str]) -> dict[str, list[str]]:
    pylint = [sys.executable, "-m", "pylint", "--persistent=n", "--recursive=y", "--output-format=json2"]
    ruff = [sys.executable, "-m", "ruff", "check", "--select=PL", "--no-cache", "--isolated", "-q", *paths]
    return {
        "step": [sys.executable, str(same.DRIVER), str(folder / "out.json"), "-", "--recursive=y", *paths],
        "pylint -j2": [*pylint, "-j2", *paths],
        "pylint -j1": [*pylint, "-j1", *paths],
        "ruff PL": ruff,
    }


def measured(words: list[str], root: Path) -> tuple[float, float, float]:
    """Return the seconds, the processors' seconds and the peak in MB of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started, peak = time.perf_counter(), 0
    env = {**os.environ, "PYTHONHASHSEED": "0"}
    child = subprocess.Popen(
        words, cwd=root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while child.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.2)
        peak = max(peak, memory(child.pid))
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak / 1024


def memory(session: int) -> int:
    """Return the proportional memory of all processes of a session in KB."""
    total = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[3]) == session:
                    rollup = (entry / "smaps_rollup").read_text()
                    total += int(rollup.split("\nPss:", 1)[1].split()[0])
    return total


def compare(name: str, root: Path, paths: list[str], repeat: int) -> None:
    best: dict[str, tuple[float, float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(repeat):
            for way, words in ways(Path(folder), paths).items():
                one = measured(words, root)
                best[way] = min(best.get(way, one), one)
    mine, other = (run(root, ("--recursive=y", *paths)) for run in (same.ours, same.theirs))
    found = same.differences(mine, other)
    print(f"{name}: {len(other.messages)} messages, {f'{len(found)} DIFFERENCES' if found else 'identical to -j1'}")
    base = best["step"]
    for way, (seconds, busy, peak) in best.items():
        print(
            f"  {way:11} {seconds:7.2f} s  {busy:7.2f} s cpu  {peak:6.0f} MB   "
            f"{seconds / base[0]:5.2f} × the step's time, {peak / base[2]:5.2f} × its memory",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("projects", nargs="*", metavar="PROJECT=PATH")
    asked = parser.parse_args()
    chosen = dict(each.partition("=")[::2] for each in asked.projects) or DEFAULT
    for project, paths in chosen.items():
        with tempfile.TemporaryDirectory() as folder:
            root = unpacked(project, Path(folder))
            compare(root.name, root, (paths or "src").split(), asked.repeat)


if __name__ == "__main__":
    main()
