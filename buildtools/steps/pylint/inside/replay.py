"""Puts what files assign into classes and modules of others in its place, without parsing all of them first.

To find out by inference what an assignment assigns into takes whatever was parsed before it, in that order. For a file
that has not changed, and reads nothing that has, it is known already: when a module's tree has been made, the trees of
those who assign into it are made too, and their assignments are put where they were the last time.
"""

from __future__ import annotations

from typing import Any, Dict, List, Set, Tuple  # noqa: UP035 - for Python 3.8

Assigned = Tuple[str, str, str, str, str, int, int]  # noqa: UP006
"""Target's path and module, the class or function in it (dotted; empty: the module), attribute, table, line, column"""

Pending = Dict[Tuple[str, str], List[Tuple[str, str, List[Assigned]]]]  # noqa: UP006
"""By target's path and module, for a file can be two modules: path and name of who assigns, and what, in their order"""


class Replay:
    """`known` are the paths of the files whose assignments are known. `failed` says so if a place can't be found."""

    def __init__(self, pending: Pending, known: Set[str]) -> None:  # noqa: UP006
        self.known = known
        self.failed = ""
        self._pending = pending
        self._put: set[tuple[int, str, int]] = set()

    def made(self, module: Any, path: str) -> None:
        """Hear that a module's tree has been made."""
        from astroid import manager

        for own, name, assigned in self._pending.pop((path, module.name), ()):
            tree = manager.AstroidManager().ast_from_file(own, name, source=True)
            nodes = {(node.lineno, node.col_offset): node for node in _assignments(tree)}
            for _path, _module, dotted, attribute, table, line, column in assigned:
                target, node = _found(module, dotted), nodes.get((line, column))
                if target is None or node is None:
                    self.failed = f"{own}:{line} assigns into {path}, and that can't be repeated"
                    return
                values = getattr(target, table).setdefault(attribute, [])
                self._put.add((id(target), table, id(node)))
                if not any(one is node for one in values):
                    values.append(node)

    def undo(self, found: list[tuple[Any, str, Any]]) -> None:
        """Take assignments (target, table, assignment) out of where they are but for those that were put here.

        These may come twice: the tree of who assigns is not finished yet when that of the target is made.
        """
        for target, table, node in found:
            if (id(target), table, id(node)) in self._put:
                continue
            values = getattr(target, table).get(node.attrname, [])
            values[:] = [one for one in values if one is not node]
            if not values:
                getattr(target, table).pop(node.attrname, None)


def assigned_by(found: list[tuple[Any, str, Any]], path_of: Any) -> list[Assigned]:
    """Return assignments as they can be kept, but for those that no other process could find again."""
    out: list[Assigned] = []
    for target, table, node in found:
        root = target.root()
        dotted = "" if root is target else target.qname()[len(root.name) + 1 :]
        out.append((path_of(root), root.name, dotted, node.attrname, table, node.lineno, node.col_offset))
    return out


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
