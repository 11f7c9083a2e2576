"""How long all reports of a large run take, and how much memory: each kind alone, then all of them as a run does it.

    python benchmarks/reports.py [FINDINGS] [TESTS] [--repeat 3]

The run has 50,000 findings in 500 files, whose sources are there to be quoted, and 20,000 tests, every fiftieth failed.
Printed are the size, the best wall time, the time of the processor then, and the peak of the process that holds the
run and renders it. Every measurement has a process of its own, forked when the run stands. Exits with 1 if all reports
together take more than 5 s or 500 MB.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from buildtools.core.results import RunResult
from buildtools.reports.files import write
from buildtools.reports.kinds import RENDERERS
from buildtools.reports.scene import Scene
from tests.support.runs import large

SECONDS, MEGABYTES = 5.0, 500.0


class Cost(msgspec.Struct):
    """One rendering: bytes, seconds of wall and processor, and MB at its peak."""

    size: int
    wall: float
    busy: float
    peak: float


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("findings", nargs="?", type=int, default=50_000)
    parser.add_argument("tests", nargs="?", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        result = large(asked.findings, asked.tests)
        write_sources(root, result)
        scene = Scene(root=root, repository=root)
        alone = measured(lambda: 0)
        print(f"{asked.findings:,} findings, {asked.tests:,} tests; the run itself takes {alone.peak:.0f} MB")
        print(f"{'report':<16}{'size':>10}{'wall':>9}{'busy':>9}{'peak':>9}")
        for kind, render in RENDERERS.items():
            show(kind, best(lambda render=render: len(render(result, scene)), asked.repeat))
        files = [(kind, root / "reports" / kind) for kind in RENDERERS if kind != "junit:rich"]
        together = best(lambda: write_all(result, files, scene), asked.repeat)
        show("all, written", together)
    missed = together.wall > SECONDS or together.peak > MEGABYTES
    print(f"target: {SECONDS:.0f} s and {MEGABYTES:.0f} MB for all: {'missed' if missed else 'reached'}")
    return int(missed)


def write_sources(root: Path, result: RunResult) -> None:
    for path in {finding.path for run in result.steps for finding in run.result.findings}:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"    value_{number} = compute(value, {number})\n" for number in range(1_000)))


def write_all(result: RunResult, files: list[tuple[str, Path]], scene: Scene) -> int:
    problems = write(result, files, scene)
    assert not problems, problems
    return sum(path.stat().st_size for _, path in files)


def best(work: Callable[[], int], repeat: int) -> Cost:
    return min((measured(work) for _ in range(repeat)), key=lambda cost: cost.wall)


def measured(work: Callable[[], int]) -> Cost:
    """Do `work`, which returns a number of bytes, in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            wall, busy = time.perf_counter(), time.process_time()
            size = work()
            wall, busy = time.perf_counter() - wall, time.process_time() - busy
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
            os.write(writer, msgspec.json.encode(Cost(size, wall, busy, peak)))
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        raise SystemExit("a report could not be rendered")
    return msgspec.json.decode(said, type=Cost)


def show(name: str, cost: Cost) -> None:
    print(f"{name:<16}{cost.size / 1e6:>7.1f} MB{cost.wall:>7.2f} s{cost.busy:>7.2f} s{cost.peak:>6.0f} MB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
