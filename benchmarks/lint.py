"""How long pylint takes: the step's driver and the whole command beside pylint's own ways, `pylint-cache` and `ruff`.

    python benchmarks/lint.py [--repeat 3] [--ways PATTERN,…] [--sources FOLDER] [PROJECT[=PATHS]…]

Projects are downloaded from PyPI (into `--sources`, and not again if they lie there); by default requests, flask,
werkzeug, a part of django and the whole of it. Another one is given with the paths to lint: `sphinx=sphinx`.

Measured are, each in turn within every repeat, so that a busy machine does all equal wrong:

pylint-j1, pylint-j2          plain pylint; `-j1` always takes part, for the others are held against it
cold                          our driver with an empty cache
warm, leaf, hub               with a full one: nothing changed; one file changed that few, or many, others hang on
command-warm, command-leaf    `buildtools step pylint` as people call it, which reports besides
pylint-cache-…                the same four with `pip install pylint-cache`, which starts pylint once for each file;
                              cold only once, since that takes minutes
ruff-PL                       `ruff check --select PL` without a cache, for scale

The leaf and the hub are chosen by trial edits, and printed. An edit appends a function; each run has a cache that has
not seen it. Printed are the best and the median of the wall times, the time of all processors in the best run, the
greatest memory of all processes together (PSS, sampled), and beside each what `-j1` and `-j2` take, relative to it;
then what was linted, and whether the messages are those of `-j1` on the same files. Exits 1 where ours are not.
"""

from __future__ import annotations

import argparse
import fnmatch
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.lint_ways import Bench, Result
from tests.differential.projects import folders, unpacked

PROJECTS = {
    "requests": ("requests", "src"),
    "flask": ("flask", "src"),
    "werkzeug": ("werkzeug", "src"),
    "django": ("django", "django/db django/core django/contrib/admin"),
    "django-whole": ("django", "django"),
}
"""What each is called at PyPI, and what of it is linted"""


def compare(bench: Bench, patterns: Sequence[str], repeat: int) -> bool:
    """Measure and print; return whether all that is ours is as `-j1` has it."""
    bench.prepare()
    wanted = [way for way in bench.ways() if any(fnmatch.fnmatch(way, pattern) for pattern in patterns)]
    results: dict[str, list[Result]] = {}
    for number in range(repeat):
        for way, run in bench.ways().items():
            if way in wanted or way == "pylint-j1":
                show(f"{number + 1}/{repeat} {way}")
                result = run()
                if result is not None:
                    results.setdefault(way, []).append(result)
    show("")
    print(f"{bench.root.name} {' '.join(bench.paths)}: {len(bench.expected[''].messages)} messages; {bench.chosen}")
    print(f"  {'':18}{'best':>9}{'median':>10}{'cpu':>10}{'memory':>10}   time: ×j1   ×j2   memory: ×j1   ×j2")
    for way, runs in results.items():
        print(row(way, runs, results), flush=True)
    for way in wanted:
        if way not in results:
            print(f"  {way:18} is left out: its program is not installed beside this Python")
    return not any(result.differences > 0 for runs in results.values() for result in runs)


def row(way: str, runs: list[Result], results: dict[str, list[Result]]) -> str:
    """Return a line of the table."""
    best = min(run.cost for run in runs)
    middle = statistics.median(run.cost.seconds for run in runs)
    peak = max(run.cost.peak for run in runs)
    faster, lighter = "", ""
    for other in ("pylint-j1", "pylint-j2"):
        others = [run.cost for run in results.get(other, ())]
        faster += f"{min(others).seconds / best.seconds:10.2f}" if others else f"{'':10}"
        lighter += f"{peak / max(cost.peak for cost in others):8.2f}" if others and peak else f"{'':8}"
    said = [text for text in dict.fromkeys(run.note for run in runs) if text]
    worst = max(run.differences for run in runs)
    if worst >= 0:
        said.insert(0, f"{worst} DIFFERENCES to -j1" if worst else "identical to -j1")
    times = f"{best.seconds:8.3f}s{middle:9.3f}s{best.busy:9.2f}s{peak:8.0f}MB"
    return f"  {way:18}{times} {faster} {lighter}   {'; '.join(said)}".rstrip()


def show(doing: str) -> None:
    """Say on a terminal what is being measured."""
    if sys.stderr.isatty():
        print(f"\r{doing:30}\r", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Measure what is asked for; return 1 on any difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--ways", default="*", help="which ways, by patterns: cold,warm,pylint-*")
    parser.add_argument("--sources", type=Path, help="a folder with the projects' sources, or for them")
    parser.add_argument("projects", nargs="*", metavar="PROJECT[=PATHS]", default=list(PROJECTS))
    asked = parser.parse_args()
    good = True
    for each in asked.projects:
        given, _, paths = each.partition("=")
        project, usual = PROJECTS.get(given, (given, ""))
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            source = unpacked(project, (asked.sources or folder / "sources").absolute())
            root = folder / source.name
            shutil.copytree(source, root, symlinks=True)
            chosen = tuple((paths or usual).split()) or folders(project, root)
            work = folder / "work"
            work.mkdir()
            good = compare(Bench(root, chosen, work), asked.ways.split(","), max(asked.repeat, 1)) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
