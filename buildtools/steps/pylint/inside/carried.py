"""What checkers carry from one file to the next: taken out where a file was linted, put in where all are joined.

Some of pylint's own collect something from all files and judge it at the end (`imports` for R0401, `similarities` for
R0801), or leave something to the next file; `kinds` knows these. Other checkers may say how themselves (`get_map_data`,
`reduce_map_data`); one that carries something and does not say so can't be run in several processes.
"""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterable  # noqa: UP035 - for Python 3.8

from .kinds import Annotations, Files, Imports, Lines, Mapped, Strings
from .known import Known
from .remembered import state


class Carried:
    """All that the checkers of a run carry. Raises `Unknown` when that can't be told."""

    def __init__(self, checkers: Iterable[Any], files: Files) -> None:
        self._kinds: dict[int, Any] = {}
        self._checkers = [checker for checker in checkers if not hasattr(checker, "prepare_checkers")]
        for number, checker in enumerate(self._checkers):
            kind = _kind(checker)
            if kind is not None:
                try:
                    self._kinds[number] = kind(checker, files)
                except AttributeError as error:
                    raise Unknown(f"{described(checker)} is not the one that is known: {error}") from None
        self._states: list[Any] = []

    def watch(self, linter: Any) -> None:
        """Remember how the linter and every checker look before the first file."""
        self._linter = linter
        self._messages = dict(linter._msgs_state)
        self._states = [state(checker, number in self._kinds) for number, checker in enumerate(self._checkers)]

    def begin(self, number: int) -> None:
        """Make the checkers as they are before the first file, for the file of this number."""
        self._options = _options(self._linter)
        for kind in self._kinds.values():
            kind.begin(number)

    def problem(self, path: str) -> str:
        """Return which checker, other than those that say so, has kept something of a file, or wanted to."""
        if self._messages != self._linter._msgs_state or self._options != _options(self._linter):
            return f"a plugin has changed pylint's options in {path}, for the next files too"
        for number, checker in enumerate(self._checkers):
            kind = self._kinds.get(number)
            if isinstance(kind, Strings) and kind.unsure:
                return f"{described(checker)} may look in {kind.unsure} for a string of {path}"
            before, after = self._states[number], state(checker, kind is not None)
            if before != after:
                names = {name for name in {*before, *after} if before.get(name) != after.get(name)}
                return f"{described(checker)} keeps {', '.join(sorted(names))} of {path} for the next file"
        return ""

    def take(self) -> list[Any]:
        """Return what one file added."""
        return [kind.take() for kind in self._kinds.values()]

    def put(self, parts: list[list[Any]], keys: list[str], known: Known) -> None:
        """Make the checkers as they are after all files, each of which (named by `keys`) added one of `parts`.

        What is new is added to `known` when the checkers close.
        """
        for number, kind in enumerate(self._kinds.values()):
            if isinstance(kind, (Imports, Lines)):
                kind.known = known
            if isinstance(kind, Lines):
                kind.keys = keys
            kind.put([part[number] for part in parts])

    def leave(self, left: dict[int, set[str]]) -> None:
        """Let files, by number, be linted with what was left to them, as `misled` has told."""
        for kind in self._kinds.values():
            if isinstance(kind, Annotations):
                kind.left = left

    def misled(self, parts: list[list[Any] | None]) -> dict[int, set[str]]:
        """Return which files must be linted again, since others have left something to them, and what that is.

        `parts` is what each file has added, `None` for one that is not linted.
        """
        for place, kind in enumerate(self._kinds.values()):
            if isinstance(kind, Annotations):
                return kind.misled([None if part is None else part[place] for part in parts])
        return {}

    def strings(self) -> list[tuple[int, int, int]]:
        """Return where the last file asked for strings of files before it: line, column, the answering number."""
        return next((kind.asked for kind in self._kinds.values() if isinstance(kind, Strings)), [])


def _options(linter: Any) -> dict[str, Any]:
    """Return the options, but for those in which pylint notes the comments of a file."""
    return {name: value for name, value in vars(linter.config).items() if name not in ("enable", "disable")}


class Unknown(Exception):
    """A checker whose ways are not known; the text says which and why."""


def described(checker: Any) -> str:
    """Return a checker's name with its module's."""
    return f"{checker.name} ({type(checker).__module__})"


def settled(checkers: Iterable[Any]) -> None:
    """Let R0801 quote the same lines every time: those of the place that comes last in the order of the files."""
    kind = _similarities()
    for checker in checkers:
        if type(checker) is kind and hasattr(checker, "_compute_sims"):
            vars(checker)["_compute_sims"] = _in_order(checker, checker._compute_sims)


def _in_order(checker: Any, compute: Callable[[], Any]) -> Callable[[], Any]:
    def computed() -> Any:
        order = {id(lines): number for number, lines in enumerate(checker.linesets)}
        # pylint takes the last of a set, which comes in the order of addresses in memory.
        return [
            (number, sorted(places, key=lambda place: (order[id(place[0])], place[1:]))) for number, places in compute()
        ]

    return computed


def _similarities() -> type | None:
    import importlib

    # The second name is that of pylint before 3.3.
    for module, kind in (("symilar", "SimilaritiesChecker"), ("similar", "SimilarChecker")):
        with contextlib.suppress(ImportError, AttributeError):
            found: type = getattr(importlib.import_module(f"pylint.checkers.{module}"), kind)
            return found
    return None


def _kind(checker: Any) -> Any:
    from pylint.checkers import BaseChecker
    from pylint.checkers.imports import ImportsChecker
    from pylint.checkers.strings import StringConstantChecker
    from pylint.checkers.variables import VariablesChecker

    if type(checker) is ImportsChecker:
        return Imports
    if type(checker) is _similarities():
        return Lines
    if type(checker) is StringConstantChecker:
        return Strings
    if type(checker) is VariablesChecker:
        return Annotations
    # Others may have exchanged the method of one checker alone.
    if _differs(checker, BaseChecker, "get_map_data") and _differs(checker, BaseChecker, "reduce_map_data"):
        return Mapped
    if _differs(checker, BaseChecker, "close"):
        raise Unknown(f"{described(checker)} judges all files together, and does not say how to do so in parts")
    return None


def _differs(checker: Any, base: type, method: str) -> bool:
    return getattr(getattr(checker, method), "__func__", None) is not getattr(base, method)
