"""Duplicate code (R0801), file by file and pair by pair, so that only what has changed is compared again.

pylint compares each file with each other. Here each file leaves its stripped lines as plain data, with a number for
every run of as many lines as a similarity needs at least; only files that have such a number in common are compared,
by pylint's own code, and what a pair has in common is kept for as long as both stay as they are.
"""

from __future__ import annotations

import codecs
import marshal
import zlib
from array import array
from typing import Any, Iterable, Iterator, Sequence  # noqa: UP035 - for Python 3.8

from .known import Known


def taken(linesets: Iterable[Any], shortest: int, path: str, encoding: str | None) -> list[tuple[Any, ...]]:
    """Return line sets as plain data: name, number of lines, stripped lines, their runs, path and encoding."""
    out: list[tuple[Any, ...]] = []
    for lines in linesets:
        texts = [line.text for line in lines.stripped_lines]
        numbers = [line.line_number for line in lines.stripped_lines]
        data = marshal.dumps((texts, numbers))
        out.append((lines.name, len(lines), data, _runs(texts, shortest), path, encoding or ""))
    return out


def _runs(texts: Sequence[str], shortest: int) -> bytes:
    """Return a number for each run of `shortest` lines: equal for equal lines, in whatever order, as pylint's."""
    hashes = [zlib.crc32(text.encode("utf-8", "surrogatepass")) for text in texts]
    runs = array("Q")
    if len(hashes) >= shortest > 0:
        total = sum(hashes[:shortest])
        runs.append(total)
        for leaving, entering in zip(hashes, hashes[shortest:]):  # noqa: B905 - for Python 3.8
            total += entering - leaving
            runs.append(total)
    return runs.tobytes()


class Comparison:
    """Compares files; takes what is known of pairs from `known`, and leaves there what it has found out."""

    def __init__(self, checker: Any, parts: Sequence[tuple[str, tuple[Any, ...]]], known: Known) -> None:
        self._checker = checker
        self._keys = [key for key, _part in parts]
        self._runs = [part[3] for _key, part in parts]
        self._known, self._same = known.pairs, known.same
        kind = _kind()
        self.linesets = [kind(part) for _key, part in parts]

    def install(self) -> None:
        """Let pylint's checker take similarities from here."""
        self._checker.linesets = self.linesets
        vars(self._checker)["_iter_sims"] = self._all

    def _all(self) -> Iterator[Any]:
        from pylint.checkers import symilar

        found: dict[tuple[int, int], list[tuple[int, ...]]] = {}
        fresh: dict[tuple[int, int], None] = {}
        for pair in self._candidates():
            keys = self._keys[pair[0]], self._keys[pair[1]]
            if keys in self._known:
                found[pair] = self._known[keys]
            else:
                fresh[pair] = None
        hashes: dict[int, Any] = {}
        shortest = self._checker.namespace.min_similarity_lines
        for one, two in fresh:
            for number in (one, two):
                if number not in hashes:
                    hashes[number] = symilar.hash_lineset(self.linesets[number], shortest)
            common = self._checker._find_common(self.linesets[one], self.linesets[two], hashes[one], hashes[two])
            found[one, two] = [(c[0], c[2], c[3], c[5], c[6]) for c in common]
            self._known[self._keys[one], self._keys[two]] = found[one, two]
        for one, two in sorted(found):
            first, second = self.linesets[one], self.linesets[two]
            for count, *places in found[one, two]:
                start, end, other_start, other_end = map(symilar.LineNumber, places)
                yield symilar.Commonality(count, first, start, end, second, other_start, other_end)

    def _candidates(self) -> Iterable[tuple[int, int]]:
        """Return the pairs of files that have a run of lines in common."""
        places = {key: number for number, key in enumerate(self._keys)}
        same = {places[key] for key in self._same if key in places}
        if len(places) < len(self._keys):
            # A file that counts twice.
            same = set()
        found = (sorted((places[one], places[two])) for one, two in self._known if {one, two} <= places.keys())
        pairs: dict[tuple[int, int], None] = {(one, two): None for one, two in found if same.issuperset((one, two))}
        owners: dict[int, list[int]] = {}
        for number in sorted(range(len(self._runs)), key=same.__contains__):
            runs = array("Q")
            runs.frombytes(self._runs[number])
            if number in same and owners.keys().isdisjoint(runs):
                continue
            for run in set(runs):
                others = owners.get(run, [])
                for other in others:
                    pairs[min(other, number), max(other, number)] = None
                if number not in same:
                    owners[run] = [*others, number]
        return pairs


def _kind() -> Any:
    from pylint.checkers.symilar import LineSet, LineSpecifs

    class Kept(LineSet):
        """A line set that reads its lines when it is asked for them."""

        def __init__(self, part: tuple[Any, ...]) -> None:
            self.name, self._count, self._data, _runs, self._path, self._encoding = part
            self._stripped: Any = None

        # pylint's own asks for `id`, which takes three times as long.
        __hash__ = object.__hash__

        def __len__(self) -> int:
            return int(self._count)

        @property
        def stripped_lines(self) -> Any:
            if self._stripped is None:
                texts, numbers = marshal.loads(self._data)
                pairs = zip(texts, numbers)  # noqa: B905 - for Python 3.8
                self._stripped = [LineSpecifs(text=text, line_number=number) for text, number in pairs]
            return self._stripped

        @property
        def real_lines(self) -> Any:
            with open(self._path, "rb") as stream:
                return codecs.getreader(self._encoding or "utf-8")(stream).readlines()

    return Kept


def usable() -> bool:
    """Tell whether this pylint compares as is known here (since 4.1)."""
    try:
        from pylint.checkers import symilar
    except ImportError:
        return False
    names = ("hash_lineset", "Commonality", "LineSpecifs", "LineSet", "LineSetHashResult")
    return all(hasattr(symilar, name) for name in names) and hasattr(symilar.Symilar, "_find_common")
