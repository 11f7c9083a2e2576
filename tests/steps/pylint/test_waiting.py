"""The table of attributes that is filled in when somebody looks: as a plain one for whoever does, only later."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from buildtools.steps.pylint.inside.waiting import Waiting

LOOKS: dict[str, Callable[[Any], Any]] = {
    "[]": lambda table: table["b"],
    "get": lambda table: table.get("b", []),
    "setdefault": lambda table: table.setdefault("b", []),
    "pop": lambda table: (table.pop("b"), list(table)),
    "values": lambda table: list(table.values()),
    "items": lambda table: list(table.items()),
    "copy": lambda table: table.copy(),
    "copy.copy": copy.copy,
    "dict": dict,
    "**": lambda table: {**table},
    "update": lambda table: ({}).update(table) or list(table.items()),
    "|": lambda table: {"z": 0} | table,
    "==": lambda table: table == {"a": [1], "b": [2, 3], "c": [4]},
    "!=": lambda table: table != {"a": [1], "b": [2, 3], "c": [4]},
    "match": lambda table: next(iter(table.values())),
}


def tables(log: list[str] | None = None, *, ready: bool = True) -> tuple[dict[str, Any], Waiting]:
    """Return a plain table, and one in which two of its three names wait."""

    def fill(table: dict[str, Any], name: str, waiting: list[Any]) -> None:
        if log is not None:
            log.append(name)
        assert table[name] is table[name]
        table[name].extend(waiting)

    held = Waiting({"a": [1]}, fill, lambda _waiting: ready)
    for name, what in (("b", 2), ("c", 4), ("b", 3)):
        held.wait(name, what)
    return {"a": [1], "b": [2, 3], "c": [4]}, held


@pytest.mark.parametrize("look", LOOKS)
def test_whoever_looks_sees_what_a_plain_table_holds(look: str) -> None:
    plain, held = tables()
    assert LOOKS[look](held) == LOOKS[look](plain)
    assert held == plain


def test_names_are_there_and_in_order_before_anything_is_filled_in() -> None:
    log: list[str] = []
    plain, held = tables(log)
    assert list(held) == list(held.keys()) == list(plain)
    assert len(held) == 3
    assert "c" in held
    assert not log


def test_each_name_is_filled_in_once_and_alone() -> None:
    log: list[str] = []
    _plain, held = tables(log)
    assert held["c"] == held["c"] == [4]
    assert log == ["c"]


def test_what_is_not_ready_waits_on() -> None:
    _plain, held = tables(ready=False)
    assert held["b"] == []
    held._ready = lambda _waiting: True
    assert held["b"] == [2, 3]


def test_who_adds_what_waits_already_makes_nobody_fill_it_in() -> None:
    log: list[str] = []
    adding = True

    def fill(table: dict[str, Any], name: str, waiting: list[Any]) -> None:
        log.append(name)
        table[name].extend(waiting)

    held = Waiting({"a": [1]}, fill, adding=lambda: adding)
    held.wait("b", 2)
    held.setdefault("b", []).append(2)
    held.setdefault("a", []).append(3)
    held.setdefault("c", []).append(4)
    assert not log
    assert held["b"] == [2]
    held.setdefault("b", []).append(5)
    adding = False
    assert dict(held.items()) == {"a": [1, 3], "b": [2, 5], "c": [4]}
    assert log == ["b"]
