"""Guesses what will be read where nothing is known of the last lint: what is linted, and what that imports, in turn."""

from __future__ import annotations

import contextlib
import os
from importlib.machinery import PathFinder
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple  # noqa: UP035 - for Python 3.8

Found = Tuple[str, str]  # noqa: UP006
"""A module's name and its file"""

_INIT = "__init__"


class Guess:
    """Files in the order in which pylint may want them, for these of its arguments. What they import, `add` tells."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._files = (path for word in arguments if not word.startswith("-") for path in _files(word))
        self._todo: List[Found] = []  # noqa: UP006
        self._done: set[str] = set()
        self._places: Dict[str, Any] = {}  # noqa: UP006

    def __iter__(self) -> Iterator[Found]:
        for file in self._files:
            self._todo.append(_named(file))
            while self._todo:
                name, path = self._todo.pop()
                if path not in self._done:
                    self._done.add(path)
                    yield name, path

    def add(self, name: str, path: str, tree: Any) -> None:
        """Let what a module imports when it is imported come next."""
        package = name if os.path.basename(path) == f"{_INIT}.py" else name.rpartition(".")[0]
        wanted = dict.fromkeys(_imported(tree.body, package))
        found = [(one, place) for one in wanted for place in (self._place(one),) if place]
        self._todo += found[::-1]

    def _place(self, name: str) -> Optional[str]:  # noqa: UP045
        origin = getattr(self._spec(name), "origin", None)
        return origin if isinstance(origin, str) and origin.endswith(".py") else None

    def _spec(self, name: str) -> Any:
        if name not in self._places:
            self._places[name] = None
            outer = name.rpartition(".")[0]
            where = getattr(self._spec(outer), "submodule_search_locations", None) if outer else None
            if where is not None or not outer:
                with contextlib.suppress(Exception):  # whatever finders there are
                    self._places[name] = PathFinder.find_spec(name, where)
        return self._places[name]


def _files(word: str) -> Iterator[str]:
    if os.path.isdir(word):
        for folder, folders, names in os.walk(word):
            # Environments and the like are seldom linted.
            folders[:] = [one for one in sorted(folders) if one[0] != "." and not _is_venv(os.path.join(folder, one))]
            # As pylint has them: a package's `__init__` comes before what is in it.
            for name in sorted(names, key=lambda one: (one != f"{_INIT}.py", one)):
                if name.endswith(".py"):
                    yield os.path.abspath(os.path.join(folder, name))
    elif word.endswith(".py") and os.path.isfile(word):
        yield os.path.abspath(word)


def _is_venv(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "pyvenv.cfg"))


def _named(path: str) -> Found:
    """Return a file's module name, which begins where the first folder has no `__init__`."""
    folder, name = os.path.split(path[: -len(".py")])
    parts = [] if name == _INIT else [name]
    while os.path.dirname(folder) != folder and os.path.isfile(os.path.join(folder, f"{_INIT}.py")):
        folder, name = os.path.split(folder)
        parts.insert(0, name)
    return ".".join(parts), path


def _imported(body: Iterable[Any], package: str) -> Iterator[str]:
    """Yield the names that statements of a module import, of astroid's or `ast`'s: of modules, or of what is in one."""
    for node in body:
        kind = type(node).__name__
        if kind == "Import":
            yield from _names(node)
        elif kind == "ImportFrom":
            base = getattr(node, "modname", None) or getattr(node, "module", None) or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            yield base
            for name in _names(node):
                yield f"{base}.{name}"
        elif kind in ("If", "Try", "With"):
            yield from _imported(node.body, package)
            yield from _imported(getattr(node, "orelse", ()), package)


def _names(node: Any) -> Iterator[str]:
    for one in node.names:
        yield one[0] if isinstance(one, tuple) else one.name
