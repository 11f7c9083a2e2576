"""What earlier runs have found out of all files together, for as long as that holds."""

from __future__ import annotations

import importlib
import os
from typing import Any, Dict, List, NamedTuple, Sequence, Set, Tuple  # noqa: UP035 - for Python 3.8

from .files import digest_of

Pairs = Dict[Tuple[str, str], List[Tuple[int, ...]]]  # noqa: UP006
"""By two files' keys: (number of lines, start and end in the first, start and end in the second)"""
Cycles = Dict[bytes, List[List[str]]]  # noqa: UP006
"""By a digest of who imports whom: the cycles that pylint finds there"""


class Known(NamedTuple):
    """`pairs` are the duplicates in pairs of files: all there are of the files `same`, whose lines are as they were.

    `cycles` are those of the last run. New ones are added to `pairs`, and replace those in `cycles`.
    """

    pairs: Pairs
    same: Set[str]  # noqa: UP006
    cycles: Cycles


def nothing() -> Known:
    """Return what is known before the first run."""
    return Known({}, set(), {})


def remember_cycles(edges: Sequence[Any], known: Cycles) -> None:
    """Let pylint take the cycles among these imports, of all files in their order, from what is known.

    To look for them is slow, and hangs on nothing but these, their order, and the order of sets.
    """
    imports: Any = importlib.import_module("pylint.checkers.imports")
    plain = imports.get_cycles
    key = digest_of(repr((os.environ.get("PYTHONHASHSEED"), edges)).encode("utf-8", "surrogatepass"))
    before = known.get(key)
    known.clear()

    def get_cycles(*arguments: Any, **more: Any) -> Any:
        imports.get_cycles = plain
        found = known[key] = plain(*arguments, **more) if before is None else before
        return found

    imports.get_cycles = get_cycles
