"""Is the incremental lint pylint? Edits real projects at random, and compares with plain pylint after each edit.

    python -m tests.differential.pylint_edits [--seed N] [--steps N] [--files N] [--options SET] [PROJECT…]

Each project starts with a cold and a warm run; then each step makes one or several edits, lints with the step's driver
and its cache, and with `PYTHONHASHSEED=0 pylint -j1`. A step is known by project, seed, number of files and its own
number: the same arguments make the same edits. On a difference it says whether a cold run differs as well and whether
the last edit suffices, reduces the files while the difference stays, and keeps both states below `--keep`. It ends with
how many files were linted anew, by kind of edit; exits 1 on any difference. Needs the network as `pylint_identical`.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import platform
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.differential import edits_of_code, edits_of_files
from tests.differential.edits import Project
from tests.differential.projects import FOLDERS, folders, plugins, unpacked
from tests.differential.reduced import Case, reduced
from tests.differential.tally import Tally
from tests.support import same
from tests.support.oracle import Oracle

OPTIONS = {
    "default": (),
    "all": ("--enable=all",),
    "extensions": ("--enable=all", plugins()),
}
EDITS = (*edits_of_code.ALL, *edits_of_files.ALL)
ODD = (
    ("--disable=C",),
    ("--max-line-length=60",),
    ("--min-similarity-lines=3",),
    ("--ignored-modules=third",),
    ("--py-version=3.8",),
)


def copied(project: str, source: Path, base: Path, limit: int) -> Project:
    """Copy what is linted of a project, `limit` files of it (0: all), beside a package that stands for installed."""
    code, third = folders(project, source), base / "third"
    (base / "code").mkdir(parents=True)
    for folder in code:
        shutil.copytree(
            source / folder, base / "code" / folder, ignore=shutil.ignore_patterns("__pycache__", "*.mo", "*.po")
        )
        for above in Path(folder).parents:
            if (source / above / "__init__.py").is_file() and above != Path():
                shutil.copy(source / above / "__init__.py", base / "code" / above / "__init__.py")
    third.mkdir()
    made = Project(base / "code", code, third)
    rest = [file for file in made.files() if file.name != "__init__.py"]
    for file in random.Random(project).sample(rest, k=max(len(rest) - limit, 0)) if limit else ():
        file.unlink()
    edits_of_files.installed(made, random.Random(1))
    return made


def steps(project: Project, seed: str, count: int) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Make edits; yield after each step their names, what they did, and pylint's targets with odd options before."""
    for number in range(count):
        rng = random.Random(f"{seed}:{number}")
        project.past.append(project.state())
        done: list[tuple[str, str]] = []
        wanted = rng.choice((1, 1, 1, 1, 1, 1, 2, 3, 6))
        while len(done) < wanted:
            edit = rng.choice(EDITS)
            said = edit(project, rng)
            if said:
                done.append((edit.__name__, said))
        targets = list(project.folders)
        more: tuple[str, ...] = ()
        if rng.random() < 0.06:
            more = rng.choice(ODD)
            done.append(("option", more[0]))
        if rng.random() < 0.05:
            files = project.files()
            targets += [file.relative_to(project.root).as_posix() for file in rng.sample(files, k=min(2, len(files)))]
            rng.shuffle(targets)
            done.append(("targets", " ".join(targets)))
        yield (
            "+".join(name for name, _said in done),
            "; ".join(said for _name, said in done),
            (*more, "--recursive=y", *targets),
        )


class Harness:
    """One project's run."""

    def __init__(self, oracle: Oracle, options: tuple[str, ...], keep: Path) -> None:
        self._oracle = oracle
        self._options = options
        self._keep = keep
        self.tally = Tally()
        self.bad = 0

    def run(self, project: Project, seed: str, count: int, first: int) -> None:
        """Run cold, warm, and after each of `count` steps; those before `first` are made, and not compared."""
        cache = project.root.parent / "cache"
        targets = ("--recursive=y", *project.folders)
        print(f"{seed}: {len(project.files())} files", flush=True)
        if first == 0:
            self._compare(project, cache, "cold", "", targets)
            self._compare(project, cache, "warm", "", targets)
        for number, (kind, said, arguments) in enumerate(steps(project, seed, count)):
            if number >= first:
                print(f"{seed}:{number} {said}", flush=True)
                self._compare(project, cache, kind, f"{seed}:{number}", arguments)

    def _compare(self, project: Project, cache: Path, kind: str, step: str, arguments: tuple[str, ...]) -> None:
        words, env = (*self._options, *arguments), {"PYTHONPATH": str(project.third)}
        mine = same.ours(project.root, words, cache=cache, env=env)
        other = self._oracle.lint(project.root, words, env=env)
        found = same.differences(mine, other)
        self.tally.add(kind, mine, other, len(project.files()))
        verdict = "DIFFERENT" if found else "identical"
        how = mine.plain or f"{mine.workers} workers"
        print(
            f"   {kind}: {len(other.messages)} messages, {verdict}, linted {mine.linted}, cached {mine.cached},"
            f" {mine.seconds:.1f} s, pylint {other.seconds:.1f} s, {how}",
            flush=True,
        )
        if found:
            self._blame(project, cache, step or kind, words, found)

    def _blame(self, project: Project, cache: Path, step: str, words: tuple[str, ...], found: list[str]) -> None:
        """Say what is known of a difference, keep both states, and go on with a new cache."""
        for line in found[:12]:
            print("     ", line[:400])
        env = {"PYTHONPATH": str(project.third)}
        real = [same.theirs(project.root, words, env=env) for _ in range(2)]
        if same.differences(*real):
            print("      pylint itself differs from run to run here: not counted")
        elif same.differences(self._oracle.lint(project.root, words, env=env), real[0]):
            print("      the oracle differs from pylint here: not counted")
        else:
            self.bad += 1
            before = project.past[-1] if project.past else project.state()
            place = self._keep / step.replace(":", "-").replace(" ", "-")
            print(
                "\n".join(
                    f"      {line}" for line in reduced(Case(before, project.state(), words), place, self._oracle)
                )
            )
        shutil.rmtree(cache, ignore_errors=True)
        same.ours(project.root, words, cache=cache, env=env)


def main(*arguments: str) -> int:
    """Edit and compare; return 1 on a difference."""
    parser = argparse.ArgumentParser(prog="pylint_edits")
    parser.add_argument("--sources", type=Path, help="where the projects' sdists are, or are to be")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--first", type=int, default=0, help="compare from this step on")
    parser.add_argument("--files", type=int, default=0, help="of each project, besides packages; 0: all")
    parser.add_argument("--options", choices=OPTIONS, default="default")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "pylint-edits")
    parser.add_argument("projects", nargs="*", default=list(FOLDERS))
    asked = parser.parse_args(arguments)
    print(f"Python {platform.python_version()}")
    tally, bad = Tally(), 0
    with Oracle() as oracle, tempfile.TemporaryDirectory() as folder:
        base = Path(folder).resolve()
        for name in asked.projects:
            source = unpacked(name, (asked.sources or base / "sources").absolute())
            project = copied(name, source, base / name, asked.files)
            harness = Harness(oracle, OPTIONS[asked.options], asked.keep.absolute())
            harness.run(project, f"{name}-{asked.seed}-{asked.files}", asked.steps, asked.first)
            tally.join(harness.tally)
            bad += harness.bad
    print("\n".join(tally.lines()))
    print(f"{bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
