"""What became of earlier runs, in one SQLite file that several runs, and several machines, may write to.

Numbers and names only: no findings' texts and no output. A file that is damaged is put aside and begun anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from buildtools.core.encoding import whole
from buildtools.core.model import Status
from buildtools.core.results import RunResult, StepRun, TestCase
from buildtools.reports.attempts import matched

_VERSION = 1
_KEPT = 1_000
"""runs of one pipeline; older ones are forgotten"""
_WAIT = 10.0
"""seconds for another one's writing"""
_BAD = (Status.FAILED, Status.ERROR)
_SCHEMA = """
CREATE TABLE runs (id TEXT PRIMARY KEY, pipeline TEXT, started REAL, seconds REAL, exit_code INTEGER,
    revision TEXT);
CREATE INDEX runs_by_time ON runs (pipeline, started);
CREATE TABLE steps (run TEXT REFERENCES runs ON DELETE CASCADE, step TEXT, plugin TEXT, status TEXT, seconds REAL,
    cached INTEGER, flaky INTEGER, findings INTEGER, tests INTEGER, failed INTEGER, PRIMARY KEY (run, step));
CREATE TABLE metrics (run TEXT REFERENCES runs ON DELETE CASCADE, step TEXT, name TEXT, value REAL, unit TEXT,
    PRIMARY KEY (run, step, name));
CREATE TABLE cases (run TEXT REFERENCES runs ON DELETE CASCADE, step TEXT, name TEXT, outcome TEXT,
    PRIMARY KEY (run, step, name));
"""


def tested(run: StepRun) -> bool:
    """Whether tests were carried out in a step."""
    return any(map(_is_test, run.result.cases))


class HistoryError(Exception):
    """The file cannot be read or written; the text says which and why."""


class StepPast(msgspec.Struct, frozen=True, kw_only=True):
    """A step in one earlier run; `metrics` by name, with their units."""

    run: str
    started: float
    revision: str
    status: str
    seconds: float
    cached: bool
    flaky: bool
    findings: int
    tests: int
    failed: int
    metrics: dict[str, tuple[float, str]]


class FlakyTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test that has both passed and failed on one and the same state of the project; `times` that was seen."""

    step: str
    name: str
    times: int
    last: float


class History:
    """The history of all pipelines of a file; made with the first run that is added."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, result: RunResult, revision: str) -> None:
        """Add a finished run; `revision` is empty where the tree was not as a commit has it. Raises `HistoryError`."""
        try:
            self._add(result, revision)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise HistoryError(f"{self.path}: is being written to by somebody else") from None
            if isinstance(error, sqlite3.OperationalError):
                raise HistoryError(f"{self.path}: cannot be written: {error}") from None
            self._put_aside()
            with _explained(self.path):
                self._add(result, revision)
        except OSError as error:
            raise HistoryError(f"{self.path}: cannot be written: {error.strerror}") from None

    def previous(self, pipeline: str, step: str, metric: str) -> float | None:
        """Return a metric of a step in the last run in which it passed. Raises `HistoryError`."""
        query = (
            "SELECT metrics.value FROM metrics JOIN steps USING (run, step) JOIN runs ON runs.id = run "
            "WHERE pipeline = ? AND step = ? AND name = ? AND status = 'passed' ORDER BY runs.started DESC LIMIT 1"
        )
        rows = self._ask(query, (whole(pipeline), step, metric))
        return float(rows[0][0]) if rows else None

    def pipelines(self) -> list[str]:
        """Return the names of the pipelines, the one that ran last first."""
        return [row[0] for row in self._ask("SELECT pipeline FROM runs GROUP BY 1 ORDER BY max(started) DESC", ())]

    def steps(self, pipeline: str, runs: int) -> dict[str, list[StepPast]]:
        """Return each step's past, oldest first, over so many runs at most; those that have started only."""
        recent = "SELECT id FROM runs WHERE pipeline = ? ORDER BY started DESC LIMIT ?"
        metrics: dict[tuple[str, str], dict[str, tuple[float, str]]] = {}
        query = f"SELECT run, step, name, value, unit FROM metrics WHERE run IN ({recent})"
        for run, step, name, value, unit in self._ask(query, (whole(pipeline), runs)):
            metrics.setdefault((run, step), {})[name] = (value, unit)
        query = (
            "SELECT step, id, started, revision, status, steps.seconds, cached, flaky, findings, tests, failed "
            f"FROM steps JOIN runs ON runs.id = run WHERE run IN ({recent}) ORDER BY started"
        )
        found: dict[str, list[StepPast]] = {}
        for step, *row in self._ask(query, (whole(pipeline), runs)):
            past = dict(zip(StepPast.__struct_fields__, (*row, metrics.get((row[0], step), {})), strict=True))
            found.setdefault(step, []).append(msgspec.convert(past, StepPast, strict=False))
        return found

    def flaky(self, pipeline: str, runs: int) -> list[FlakyTest]:
        """Return the tests that were flaky in so many runs, the worst first.

        That is: they failed and then passed within one run, or failed in one run and not in another on the same
        revision of a clean tree, in which their step was carried out.
        """
        recent = "SELECT * FROM runs WHERE pipeline = ?1 ORDER BY started DESC LIMIT ?2"
        query = f"""
        WITH recent AS ({recent}),
        failed AS (SELECT step, name, recent.* FROM cases JOIN recent ON recent.id = run WHERE outcome = 'failed'),
        seen AS (
            SELECT step, name, started FROM cases JOIN recent ON recent.id = run WHERE outcome = 'flaky'
            UNION
            SELECT failed.step, failed.name, failed.started FROM failed
            JOIN recent AS other ON other.revision = failed.revision AND other.id != failed.id
            JOIN steps ON steps.run = other.id AND steps.step = failed.step AND steps.tests > 0 AND NOT steps.cached
            WHERE failed.revision != ''
            AND NOT EXISTS (SELECT 1 FROM cases WHERE run = other.id AND step = failed.step AND name = failed.name)
        )
        SELECT step, name, count(*), max(started) FROM seen GROUP BY step, name ORDER BY 3 DESC, 4 DESC, step, name
        """
        rows = self._ask(query, (whole(pipeline), runs))
        return [FlakyTest(step=step, name=name, times=times, last=last) for step, name, times, last in rows]

    def _ask(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        if not self.path.is_file():
            return []
        with _explained(self.path), closing(sqlite3.connect(self.path, timeout=_WAIT)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version != _VERSION:
                raise HistoryError(f"{self.path}: is of version {version}, which this buildtools does not know")
            return connection.execute(query, values).fetchall()

    def _add(self, result: RunResult, revision: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=_WAIT)) as connection, connection:
            # What is lost with the power is only history; waiting for the disk would be felt at the end of each run.
            connection.execute("PRAGMA synchronous = OFF")
            # At once for itself alone: two that begin with reading would wait for each other for ever.
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise HistoryError(f"{self.path}: is of version {version}, which this buildtools does not know")
            row = (result.id, whole(result.pipeline), result.started, result.seconds, int(result.exit_code), revision)
            connection.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)", row)
            for run in result.steps:
                _add_step(connection, result.id, run)
            _forget(connection, whole(result.pipeline))

    def _put_aside(self) -> None:
        with suppress(OSError):
            self.path.replace(self.path.with_name(f"{self.path.name}.damaged"))


def _add_step(connection: sqlite3.Connection, identity: str, run: StepRun) -> None:
    if run.started is None:
        return
    result = run.result
    cases = matched(run)[0]
    failed = [case for case in cases if case.status in _BAD]
    row = (identity, run.id, run.plugin, result.status.value, run.seconds, run.cached, run.flaky)
    numbers = (len(result.findings), sum(map(_is_test, cases)), len(failed))
    connection.execute("INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, *numbers))
    connection.executemany(
        "INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?)",
        [(identity, run.id, metric.name, metric.value, metric.unit) for metric in result.metrics],
    )
    told = [(case, "failed") for case in failed]
    told += [(case, "flaky") for case in cases if case.status is Status.PASSED and case.attempts]
    connection.executemany(
        "INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?)",
        [(identity, run.id, _name(case), outcome) for case, outcome in told],
    )


def _is_test(case: TestCase) -> bool:
    return bool(case.classname or case.suite) and case.status is not Status.SKIPPED


def _name(case: TestCase) -> str:
    return whole("::".join(part for part in (case.classname, case.name) if part))


def _forget(connection: sqlite3.Connection, pipeline: str) -> None:
    query = "SELECT id FROM runs WHERE pipeline = ? ORDER BY started DESC LIMIT -1 OFFSET ?"
    old = [row[:1] for row in connection.execute(query, (pipeline, _KEPT))]
    for table, key in (("steps", "run"), ("metrics", "run"), ("cases", "run"), ("runs", "id")):
        connection.executemany(f"DELETE FROM {table} WHERE {key} = ?", old)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise HistoryError(f"{path}: cannot be read: {error}") from None
