"""What pylint's own checkers carry from one file to the next, each in its own way.

`begin` makes a checker as it is before the first file, `take` returns what a file added, as plain data, and `put` makes
it as it is after all files.
"""

from __future__ import annotations

import pickle
import re
import tokenize
from collections import defaultdict
from typing import Any, Callable, List, Tuple  # noqa: UP035 - for Python 3.8

from . import similar
from .known import nothing, remember_cycles

Files = List[Tuple[Any, Any]]  # noqa: UP006
"""pylint's file items and their trees, in its order"""

_STRING = re.compile(rb"[A-Za-z]{0,2}['\"]")


class _Added(dict):  # type: ignore[type-arg]
    """A set that knows the order of what was added; the order in which a set is walked hangs on that."""

    def add(self, value: Any) -> None:
        self[value] = None


class Imports:
    """`imports`: who imports whom, which of that R0401 is to overlook, and which package a module is in."""

    def __init__(self, checker: Any, _files: Files) -> None:
        self._checker = checker
        self.known = nothing()
        if not isinstance(checker.import_graph, defaultdict) or not isinstance(checker._module_pkg, dict):
            raise AttributeError("import_graph")

    def begin(self, _number: int) -> None:
        self._checker.import_graph = defaultdict(_Added)
        self._checker._excluded_edges = defaultdict(_Added)
        self._checker._module_pkg = {}

    def take(self) -> Any:
        graphs = (self._checker.import_graph, self._checker._excluded_edges)
        edges = [{name: list(ends) for name, ends in graph.items()} for graph in graphs]
        return edges, self._checker._module_pkg

    def put(self, parts: list[Any]) -> None:
        remember_cycles([edges for edges, _packages in parts], self.known.cycles)
        for edges, packages in parts:
            for graph, added in zip((self._checker.import_graph, self._checker._excluded_edges), edges):  # noqa: B905
                for name, ends in added.items():
                    for end in ends:
                        graph[name].add(end)
            self._checker._module_pkg.update(packages)


class Lines:
    """`similarities`: the lines of a file without blanks and comments."""

    def __init__(self, checker: Any, files: Files) -> None:
        self._checker = checker
        self._files = files
        self._plain = similar.usable()
        self.keys: list[str] = []
        self.known = nothing()
        if not isinstance(checker.linesets, list):
            raise AttributeError("linesets")

    def begin(self, number: int) -> None:
        self._number = number
        self._checker.linesets = []

    def take(self) -> Any:
        if not self._plain:
            return self._checker.linesets
        tree = self._files[self._number][1]
        shortest = self._checker.namespace.min_similarity_lines
        return similar.taken(self._checker.linesets, shortest, tree.file, tree.file_encoding)

    def put(self, parts: list[Any]) -> None:
        if not self._plain:
            self._checker.linesets = [lines for part in parts for lines in part]
            return
        keys = self.keys or list(map(str, range(len(parts))))
        pairs = [(key, lines) for key, part in zip(keys, parts) for lines in part]  # noqa: B905
        similar.Comparison(self._checker, pairs, self.known).install()


class Strings:
    """`string`: tokens by line and column; a place that a file does not have is answered by the last file that has it.

    Strings inside f-strings (before Python 3.12) and in one-byte encodings are looked up in vain in their own file.
    """

    def __init__(self, checker: Any, files: Files) -> None:
        self._checker = checker
        self._files = files
        self._lines: dict[int, list[bytes]] = {}
        if not isinstance(checker.string_tokens, dict):
            raise AttributeError("string_tokens")

    def begin(self, number: int) -> None:
        self.unsure = ""
        self.asked: list[tuple[int, int, int]] = []
        self._number = number
        self._checker.string_tokens = _Tokens(self._earlier)
        if hasattr(self._checker, "_parenthesized_string_tokens"):
            self._checker._parenthesized_string_tokens = {}

    def take(self) -> Any:
        return None

    def put(self, parts: list[Any]) -> None:
        """Need nothing: at the end, nobody asks."""

    def _earlier(self, place: Any) -> Any:
        """Return what the files before this one have at a place, which is then this file's as well."""
        answer, tokens = self._answer(place)
        self.asked.append((*place, answer))
        return tokens

    def _answer(self, place: Any) -> tuple[int, Any]:
        """Return the number of the last file before this one that has a string there, and its tokens; or -1."""
        for number in range(self._number - 1, -1, -1):
            if self._files[number][1] is not None and self._may_be(number, *place):
                own = self._checker.string_tokens, getattr(self._checker, "_parenthesized_string_tokens", {})
                tokens, parenthesized = self._tokens(number)
                self._checker.string_tokens, self._checker._parenthesized_string_tokens = own
                if place in tokens:
                    if any(word in line for line in self._lines[number] for word in (b"skip-file", b"disable")):
                        # Whether pylint read this file at all hangs on its comments.
                        self.unsure = self._files[number][0].filepath
                    own[1][place] = parenthesized.get(place, False)
                    return number, tokens[place]
        return -1, None

    def _may_be(self, number: int, line: int, column: int) -> bool:
        """Tell whether a string can begin there."""
        if number not in self._lines:
            with self._files[number][1].stream() as stream:
                self._lines[number] = lines_of(stream.read())
        return may_begin(self._lines[number], line, column)

    def _tokens(self, number: int) -> tuple[dict[Any, Any], dict[Any, Any]]:
        from pylint.utils import utils

        checker = self._checker
        checker.string_tokens, checker._parenthesized_string_tokens = {}, {}
        checker.add_message = lambda *_args, **_more: None
        try:
            checker.process_tokens(utils.tokenize_module(self._files[number][1]))
        except tokenize.TokenError:
            return {}, {}
        finally:
            del checker.add_message
        return checker.string_tokens, checker._parenthesized_string_tokens


class _Tokens(dict):  # type: ignore[type-arg]
    """One file's tokens, and those of files before it where they are asked for."""

    def __init__(self, earlier: Callable[[Any], Any]) -> None:
        self._earlier = earlier

    def __contains__(self, place: object) -> bool:
        if super().__contains__(place):
            return True
        found = self._earlier(place)
        if found is not None:
            self[place] = found
        return found is not None


class Annotations:
    """`variables`: names in annotations, which a package's `__init__` leaves to the files after it.

    There they count as used. A file is linted as if none had been left; it says which names it asked for, and is
    linted again, with what was left, if one of these is among them.
    """

    def __init__(self, checker: Any, _files: Files) -> None:
        self._checker = checker
        self.left: dict[int, set[str]] = {}
        if not isinstance(checker._type_annotation_names, list):
            raise AttributeError("_type_annotation_names")

    def begin(self, number: int) -> None:
        self._names = _Asked(self.left.get(number, set()))
        self._checker._type_annotation_names = self._names

    def take(self) -> Any:
        forgotten = self._checker._type_annotation_names is not self._names
        asked = self._names.asked
        return sorted(asked), sorted(set(self._names)), forgotten, sorted(asked & self._names.left)

    def put(self, parts: list[Any]) -> None:
        """Need nothing: at the end, nobody asks."""

    @staticmethod
    def misled(parts: list[Any]) -> dict[int, set[str]]:
        """Return, by number, which files were linted without what was really left to them, and what that is."""
        out: dict[int, set[str]] = {}
        left: set[str] = set()
        for number, part in enumerate(parts):
            if part is not None:
                asked, own, forgotten, found = part
                if left.intersection(asked) != set(found):
                    out[number] = set(left)
                left = set() if forgotten else left.union(own)
        return out


class _Asked(list):  # type: ignore[type-arg]
    """A list that remembers what was looked for in it in vain, and also has what was left by others."""

    def __init__(self, left: set[str]) -> None:
        self.asked: set[str] = set()
        self.left = left

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        if isinstance(name, str):
            self.asked.add(name)
        return name in self.left


class Mapped:
    """A checker that says itself how it is to be run in several processes."""

    def __init__(self, checker: Any, _files: Files) -> None:
        self._checker = checker
        self._config = checker.linter.config

    def begin(self, _number: int) -> None:
        # As pylint itself does: what the checker has of other files is gone then. Its options are those of the start.
        config, self._checker.linter.config = self._checker.linter.config, self._config
        self._checker.open()
        self._checker.linter.config = config

    def take(self) -> Any:
        return pickle.dumps(self._checker.get_map_data())

    def put(self, parts: list[Any]) -> None:
        checker, data = self._checker, [data for part in parts for data in (pickle.loads(part),) if data is not None]
        if not data:
            return

        def close() -> None:
            # The reduction may end with `close`, as those of pylint do.
            del checker.close
            checker.reduce_map_data(checker.linter, data)

        vars(checker)["close"] = close


def lines_of(data: bytes) -> list[bytes]:
    """Return a source's lines, without a byte order mark."""
    return (data[3:] if data.startswith(b"\xef\xbb\xbf") else data).split(b"\n")


def may_begin(lines: list[bytes], line: int, column: int) -> bool:
    """Tell whether a string can begin at a line, from 1, and a column, which counts bytes."""
    return line <= len(lines) and _STRING.match(lines[line - 1], column) is not None
