"""Puts what files assign into classes and modules of others in its place, without parsing all of them first.

To find out by inference what an assignment assigns into takes whatever was parsed before it, in that order. For a file
that has not changed, and reads nothing that has, it is known already: when a module's tree has been made, the names of
the attributes that others assign into it are put where they were the last time, and when somebody asks for what one of
these is, the trees of those who assign it are made too.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Callable, Dict, List, Set, Tuple  # noqa: UP035 - for Python 3.8

from .stack import as_deep_as_pylint
from .waiting import Waiting

Assigned = Tuple[str, str, str, str, str, int, int]  # noqa: UP006
"""Target's path and module, the class or function in it (dotted; empty: the module), attribute, table, line, column"""

Pending = Dict[Tuple[str, str], List[Tuple[str, str, List[Assigned]]]]  # noqa: UP006
"""By target's path and module, for a file can be two modules: path and name of who assigns, and what, in their order"""


class Replay:
    """`known` are the paths of the files whose assignments are known. `failed` says so if a place can't be found.

    `adding` is to be true while astroid puts one of these in its place.

    Trees are made inside `aside()`, where nothing counts as read by whoever has asked.
    """

    def __init__(self, pending: Pending, known: Set[str], aside: Callable[[], Any]) -> None:  # noqa: UP006
        self.known = known
        self.failed = ""
        self.adding = False
        self._pending = pending
        self._aside = aside
        self._limit = sys.getrecursionlimit()
        self._put: set[tuple[int, str, int]] = set()
        self._tables: dict[int, Waiting] = {}
        self._making: set[tuple[str, str]] = set()
        self._assignments: dict[tuple[str, str], dict[tuple[int, int], Any]] = {}

    def made(self, module: Any, path: str) -> None:
        """Hear that a module's tree has been made."""
        for own, name, assigned in self._pending.pop((path, module.name), ()):
            for _path, _module, dotted, attribute, table, line, column in assigned:
                target = _found(module, dotted)
                if target is None:
                    self.failed = f"{own}:{line} assigns into {path}, and that can't be repeated"
                    return
                self._table(target, table).wait(attribute, (target, table, own, name, line, column))

    def _table(self, target: Any, table: str) -> Waiting:
        held = getattr(target, table)
        made = self._tables.get(id(held))
        if made is not None:
            return made
        made = Waiting(held, self._fill, self._ready, lambda: self.adding)
        self._tables[id(made)] = made
        # A module's own names are in two tables that are one.
        for name in ("instance_attrs", "locals", "globals"):
            if vars(target).get(name) is held:
                setattr(target, name, made)
        return made

    def _ready(self, waiting: list[Any]) -> bool:
        """Tell whether it can be put now: while one who assigns is made for that, it can't be yet."""
        return not any((own, name) in self._making for _target, _table, own, name, *_place in waiting)

    def _fill(self, held: dict[str, Any], attribute: str, waiting: list[Any]) -> None:
        """Put what others assign to an attribute in its place."""
        for target, table, own, name, line, column in waiting:
            node = self._nodes(own, name).get((line, column))
            if node is None:
                self.failed = f"{own}:{line} assigns something, and that can't be repeated"
                return
            values = held.setdefault(attribute, [])
            self._put.add((id(target), table, id(node)))
            if not any(one is node for one in values):
                values.append(node)

    def _nodes(self, path: str, name: str) -> dict[tuple[int, int], Any]:
        """Return the assignments of a file by line and column; none if it has no tree, which has to be seen then."""
        held = self._assignments.get((path, name))
        if held is None:
            self._making.add((path, name))
            tree = self._tree(path, name)
            self._making.remove((path, name))
            nodes = _assignments(tree) if tree is not None else ()
            held = self._assignments[path, name] = {(node.lineno, node.col_offset): node for node in nodes}
        return held

    def _tree(self, path: str, name: str) -> Any:
        from astroid import AstroidError, manager

        limit = sys.getrecursionlimit()
        # As much room as when it is the file's turn, wherever in a chain of inferences this is.
        sys.setrecursionlimit(self._limit)
        try:
            with as_deep_as_pylint(), self._aside():
                return manager.AstroidManager().ast_from_file(path, name, source=True)
        except AstroidError:
            return None
        finally:
            sys.setrecursionlimit(limit)

    def undo(self, found: list[tuple[Any, str, Any]]) -> None:
        """Take assignments (target, table, assignment) out of where they are but for those that were put here.

        These may come twice: the tree of who assigns is not finished yet when that of the target is made.
        """
        for target, table, node in found:
            if (id(target), table, id(node)) in self._put:
                continue
            held = getattr(target, table)
            values = held.get(node.attrname, [])
            values[:] = [one for one in values if one is not node]
            if not values and not (isinstance(held, Waiting) and node.attrname in held.names):
                held.pop(node.attrname, None)


def assigned_by(found: list[tuple[Any, str, Any]], path_of: Any) -> list[Assigned]:
    """Return assignments as they can be kept, but for those that no other process could find again."""
    out: list[Assigned] = []
    for target, table, node in found:
        root = target.root()
        dotted = "" if root is target else target.qname()[len(root.name) + 1 :]
        out.append((path_of(root), root.name, dotted, node.attrname, table, node.lineno, node.col_offset))
    return out


def targets(node: Any) -> list[tuple[Any, str, Any]]:
    """Return into what of other modules an assignment to an attribute was put: (class or so, table, assignment)."""
    from astroid import bases, exceptions

    own, found = node.root(), []
    with contextlib.suppress(exceptions.AstroidError, AttributeError, RecursionError, StopIteration):
        for inferred in node.expr.infer():
            target = inferred._proxied if isinstance(inferred, bases.Instance) else inferred
            for table in ("instance_attrs", "locals"):
                # Where assignments wait, this one is one of them, or is there.
                held = dict.get(vars(target).get(table, {}), node.attrname, ())
                if any(one is node for one in held) and target.root() is not own:
                    found.append((target, table, node))
    return found


def of_self(node: Any) -> bool:
    """Tell whether an assignment is plainly to `self`, or whatever a method's first argument is called."""
    expr = node.expr
    if type(expr).__name__ != "Name":
        return False
    frame = node.frame()
    arguments = getattr(getattr(frame, "args", None), "args", None)
    return bool(
        arguments
        and arguments[0].name == expr.name
        and len(frame.locals.get(expr.name, ())) == 1
        and type(frame.parent).__name__ == "ClassDef"
    )


def _assignments(tree: Any) -> Any:
    from astroid import nodes

    return tree.nodes_of_class(nodes.AssignAttr)


def _found(module: Any, dotted: str) -> Any:
    place = module
    for part in dotted.split(".") if dotted else ():
        held = getattr(place, "locals", {}).get(part, ())
        place = next(
            (one for one in held if type(one).__name__ in ("ClassDef", "FunctionDef", "AsyncFunctionDef")), None
        )
    return place
