"""The trees of what is built in, which are made by looking at the live objects: half of that is put off.

astroid gives every function there a class node of its own for its `__class__`, of which almost none is ever asked for.
"""

from __future__ import annotations

from typing import Any

from .waiting import Waiting

_NAMED = ("__module__", "__qualname__")
"""What a class node holds from the beginning of where it is; nodes can be moved later"""


def make_classes_late() -> None:
    """Let functions' classes be made when somebody asks, where to make one changes nothing but the function."""
    from astroid import raw_building

    maker: Any = raw_building
    plain = getattr(maker, "_add_dunder_class", None)
    if plain is None or not _known(plain):
        return

    def fill(_table: dict[str, Any], _name: str, waiting: list[Any]) -> None:
        for function, parent, member, places in waiting:
            plain(function, parent, member)
            (made,) = function.instance_attrs["__class__"]
            for name, value in zip(_NAMED, _named(places, member)):  # noqa: B905 - for Python 3.8
                made.locals[name][0].value = value

    last: list[Any] = [None, None, ()]

    def later(function: Any, parent: Any, member: Any) -> None:
        if function.instance_attrs or not getattr(member.__class__, "__name__", None):
            plain(function, parent, member)
            return
        # A class's functions come one after the other, and it stays where it is until they all are there.
        if last[0] is not parent or last[1] is not parent.parent:
            last[:] = parent, parent.parent, _places(parent)
        function.instance_attrs = table = Waiting({}, fill)
        table.wait("__class__", (function, parent, member, last[2]))

    maker._add_dunder_class = later


def _places(parent: Any) -> tuple[str, str]:
    return parent.root().qname(), parent.frame().qname()


def _named(places: tuple[str, str], member: Any) -> tuple[str, str]:
    return places[0], f"{places[1]}.{member.__class__.__name__}"


def _known(plain: Any) -> bool:
    """Tell whether this astroid makes such a class as is known here: nothing else changes, and it is called so."""
    from astroid import raw_building

    try:
        module = raw_building.build_module("tried")
        parent = raw_building.build_class("tried", module)
        function = raw_building.build_function("tried", parent)
        held, before = function.instance_attrs, (dict(module.locals), dict(parent.locals))
        plain(function, parent, len)
        (made,) = held["__class__"]
        named = tuple(made.locals[name][0].value for name in _NAMED)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return (
        function.instance_attrs is held
        and before == (module.locals, parent.locals)
        and named == _named(_places(parent), len)
    )
