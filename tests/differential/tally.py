"""Counts what incremental runs did, by kind of edit."""

from __future__ import annotations

import statistics
from collections import defaultdict

from tests.support.same import Ran


class Tally:
    """Runs by kind of edit."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[int, int, float, float]]] = defaultdict(list)

    def add(self, kind: str, mine: Ran, other: Ran, files: int) -> None:
        """Count one run; steps of several edits are one kind."""
        linted = files if mine.linted < 0 else mine.linted
        self._rows["several" if "+" in kind else kind].append((linted, files, mine.seconds, other.seconds))

    def join(self, other: Tally) -> None:
        """Add another tally's runs."""
        for kind, rows in other._rows.items():
            self._rows[kind] += rows

    def lines(self) -> list[str]:
        """Return a table: the number of runs, files linted (median, most), and the seconds of ours and of pylint."""
        out = [f"{'edit':24}{'runs':>6}{'linted':>8}{'most':>6}{'of':>6}{'ours s':>9}{'pylint s':>10}"]
        everything = [row for rows in self._rows.values() for row in rows]
        for kind, rows in [*sorted(self._rows.items()), ("all", everything)]:
            linted, files, ours, theirs = zip(*rows, strict=True)
            out.append(
                f"{kind:24}{len(rows):6}{statistics.median(linted):8.0f}{max(linted):6}{statistics.median(files):6.0f}"
                f"{statistics.median(ours):9.2f}{statistics.median(theirs):10.2f}"
            )
        return out
