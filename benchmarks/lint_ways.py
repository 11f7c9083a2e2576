"""The ways to lint a project that `benchmarks/lint.py` measures, each held against what `pylint -j1` reports."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.cost import Cost, measured
from buildtools.steps.pylint.inside.state import load
from tests.support import same

_HERE = Path(sys.executable).parent
_BUILDTOOLS, _PEER = _HERE / "buildtools", _HERE / "pylint-cache"
_EDIT = b"\n\n\ndef added_by_the_benchmark(first, second):\n    return first or second\n"
_TRIALS = 3
_MESSAGE = re.compile(rb"^\S.*?:\d+:\d+: [A-Z]\d{4}: ", re.MULTILINE)


class Result(NamedTuple):
    """One run of a way: its cost, what is to be said of it, and the number of differences to `-j1` (-1: not ours)."""

    cost: Cost
    note: str = ""
    differences: int = -1


class Bench:
    """A project that may be edited, and what is measured on it; `folder` is for caches and reports.

    What is linted is `paths`. `leaf` is a file whose edit makes our cache lint the fewest files anew, `hub` one whose
    edit makes it lint the most; `chosen` says of both how many these were.
    """

    def __init__(self, root: Path, paths: tuple[str, ...], folder: Path) -> None:
        self.root, self.paths, self.folder = root, paths, folder
        self.expected: dict[str, same.Ran] = {}
        self._primed, self._warm_command, self._peer_db = folder / "primed", folder / "command", folder / "peer.db"
        self._kept = root / ".buildtools"
        self.leaf = self.hub = self.chosen = ""

    def ways(self) -> dict[str, Callable[[], Result | None]]:
        """Return all ways by name, in the order in which they take turns; one may have nothing to do."""
        return {
            "pylint-j1": lambda: self._pylint(1),
            "pylint-j2": lambda: self._pylint(2),
            "cold": self._cold,
            "warm": lambda: self._ours(self._primed),
            "leaf": lambda: self._edited_ours(self.leaf),
            "hub": lambda: self._edited_ours(self.hub),
            "command-warm": self._command,
            "command-leaf": lambda: self._command(self.leaf),
            "pylint-cache-cold": lambda: None if self._peer_db.exists() else self._peer(),
            "pylint-cache-warm": self._peer,
            "pylint-cache-leaf": lambda: self._peer(self.leaf),
            "pylint-cache-hub": lambda: self._peer(self.hub),
            "ruff-PL": self._ruff,
        }

    def prepare(self) -> None:
        """Fill our cache, so that something is there to be warm, and choose the files to edit."""
        files = [str(Path(file)) for file in self._driver(self._primed)[1]["files"]]
        (file,) = self._primed.iterdir()
        state = load(file)
        if state is None:
            sys.exit(f"the lint of {self.root} kept nothing")
        readers = Counter(path for entry in state.entries.values() for path in entry.files)
        size = {path: (self.root / path).stat().st_size for path in files}
        # Not an empty file for a leaf: one as people edit them.
        middle = statistics.median(size.values())
        leaves = sorted(size, key=lambda path: (readers[path], abs(size[path] - middle), path))
        hubs = sorted(size, key=lambda path: (-readers[path], path))
        trial = {path: self._trial(path) for path in dict.fromkeys((*leaves[:_TRIALS], *hubs[:_TRIALS]))}
        self.leaf = min(leaves[:_TRIALS], key=trial.__getitem__)
        self.hub = max(hubs[:_TRIALS], key=trial.__getitem__)
        self.chosen = f"leaf {self.leaf} ({trial[self.leaf]} linted anew), hub {self.hub} ({trial[self.hub]})"

    def _trial(self, path: str) -> int:
        with self._copy(self._primed) as cache, self._edited(path):
            return int(self._driver(cache)[1]["linted"])

    def _pylint(self, jobs: int) -> Result:
        out = self._out()
        words = (sys.executable, "-m", "pylint", *same.reporting(out), f"-j{jobs}", *self._arguments())
        cost, status = measured(words, self.root)
        ran = _ran(same.read(out), status)
        if jobs == 1:
            self.expected[""] = ran
            return Result(cost)
        found = len(same.differences(ran, self.expected[""]))
        return Result(cost, f"{found} differences to -j1" if found else "")

    def _cold(self) -> Result:
        with self._copy(None) as cache:
            return self._ours(cache)

    def _ours(self, cache: Path, edited: str = "") -> Result:
        cost, report, status = self._driver(cache)
        reasons = Counter(why for _file, why in report["why"]).most_common(1)
        note = f"{report['linted']} linted, {report['cached']} from the cache"
        note += "".join(f" (mostly: {why})" for why, _count in reasons)
        return Result(cost, note, len(same.differences(_ran(report, status), self._expect(edited))))

    def _edited_ours(self, path: str) -> Result:
        with self._copy(self._primed) as cache, self._edited(path):
            return self._ours(cache, path)

    def _driver(self, cache: Path) -> tuple[Cost, dict[str, Any], int]:
        out = self._out()
        words = (sys.executable, same.DRIVER, out, "-", "--persistent=n", "--jobs=0", *self._arguments())
        cost, status = measured(words, self.root, env={same.CACHE: str(cache)})
        report = same.read(out)
        if "linted" not in report:
            sys.exit(f"our lint of {self.root.name} broke down with status {status}")
        return cost, report, status

    def _command(self, edited: str = "") -> Result | None:
        """Measure what a user calls; its cache is in the project."""
        if not _BUILDTOOLS.exists():
            return None
        reports = self.folder / "reports"
        words = (_BUILDTOOLS, "step", "--reports", reports, "pylint", *self.paths)
        if not self._warm_command.exists():
            measured(words, self.root)
            shutil.copytree(self._kept, self._warm_command)
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self._warm_command, self._kept)
        shutil.rmtree(reports, ignore_errors=True)
        with self._edited(edited):
            cost, _status = measured(words, self.root)
            expected = self._expect(edited)
        (step,) = json.loads((reports / "run.json").read_bytes())["steps"]
        mine, theirs = Counter(map(_finding, step["result"]["findings"])), Counter(map(_row, expected.messages))
        return Result(cost, step["tail"].strip(), ((mine - theirs) + (theirs - mine)).total())

    def _peer(self, edited: str = "") -> Result | None:
        if not _PEER.exists():
            return None
        said, database = self.folder / "peer.txt", self.folder / "peer-now.db"
        if self._peer_db.exists():
            shutil.copy(self._peer_db, database)
        path = f"{_HERE}{os.pathsep}{os.environ.get('PATH', '')}"
        with self._edited(edited):
            words = (_PEER, *self.paths, "--args=--persistent=n")
            cost, _status = measured(words, self.root, env={"PYLINT_CACHE_DB": str(database), "PATH": path}, said=said)
            total = len(self._expect(edited).messages)
        if not self._peer_db.exists():
            shutil.copy(database, self._peer_db)
        text = said.read_bytes()
        linted = re.findall(rb"ran=(\d+)", text)[-1].decode()
        return Result(cost, f"{linted} linted; {len(_MESSAGE.findall(text))} messages where -j1 has {total}")

    def _ruff(self) -> Result:
        words = (sys.executable, "-m", "ruff", "check", "--select=PL", "--no-cache", "--isolated", "-q", *self.paths)
        return Result(measured(words, self.root)[0], "another linter")

    def _expect(self, edited: str) -> same.Ran:
        """Return what `-j1` reports with this file edited; it has to be edited while this is called."""
        if edited not in self.expected:
            self.expected[edited] = same.theirs(self.root, self._arguments())
        return self.expected[edited]

    def _arguments(self) -> tuple[str, ...]:
        return "--recursive=y", *self.paths

    def _out(self) -> Path:
        out = self.folder / "out.json"
        out.unlink(missing_ok=True)
        return out

    @contextlib.contextmanager
    def _copy(self, cache: Path | None) -> Iterator[Path]:
        """Yield a cache that lives for one run: a copy, or an empty one."""
        copy = self.folder / "once"
        if cache:
            shutil.copytree(cache, copy)
        try:
            yield copy
        finally:
            shutil.rmtree(copy, ignore_errors=True)

    @contextlib.contextmanager
    def _edited(self, path: str) -> Iterator[None]:
        """Append a function to a file, if one is named; no cache that is used has seen it so."""
        if not path:
            yield
            return
        file = self.root / path
        text, times = file.read_bytes(), file.stat()
        file.write_bytes(text + _EDIT)
        try:
            yield
        finally:
            file.write_bytes(text)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def _ran(report: Mapping[str, Any], status: int) -> same.Ran:
    return same.Ran(report.get("messages", []), report.get("statistics", {}), status, 0)


def _row(message: dict[str, Any]) -> tuple[object, ...]:
    """Return a message as the step's findings have it."""
    line, column, last, after = (message[name] for name in ("line", "column", "endLine", "endColumn"))
    text = same.promised(message)["message"]
    start = column + 1 if line > 0 and column >= 0 else 0
    end = after + 1 if last and after is not None else 0
    return message["path"], line, start, last or 0, end, message["messageId"], message["symbol"], str(text)


def _finding(finding: dict[str, Any]) -> tuple[object, ...]:
    text = same.promised({"type": "", **finding})["message"]
    numbers = (finding.get(name, 0) for name in ("line", "column", "end_line", "end_column"))
    return finding["path"], *numbers, finding["rule"], finding["symbol"], str(text)
