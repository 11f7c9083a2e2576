"""A table of attributes of which some are filled in when somebody looks at them.

Almost nobody asks what a file assigns to an attribute of `OSError`; who does, pays for that file's tree.
"""

# ruff: noqa: D102 - the methods are those of a dictionary

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List  # noqa: UP035 - for Python 3.8

Fill = Callable[[Dict[str, Any], str, List[Any]], None]  # noqa: UP006
"""Called with the table, an attribute, and what waits for it, whose order is kept"""

Ready = Callable[[List[Any]], bool]  # noqa: UP006
"""Tells of what waits whether it can be filled in now; if not, it waits on, and the table is as if it held nothing"""


class Waiting(dict):  # type: ignore[type-arg]
    """A copy of a table, with names to `wait` for. The names are there from the beginning, and stay in their order.

    While `adding()` is true, whoever looks by `setdefault` only wants to add what waits here already: nothing has to be
    filled in for that, and nothing is added.
    """

    def __init__(
        self, plain: dict[str, Any], fill: Fill, ready: Ready = bool, adding: Callable[[], bool] = bool
    ) -> None:
        super().__init__(plain)
        self.names: set[str] = set()
        self._fill = fill
        self._ready = ready
        self._adding = adding
        self._waiting: dict[str, list[Any]] = {}

    def wait(self, name: str, what: Any) -> None:
        """Let something wait for whoever asks for a name."""
        super().setdefault(name, [])
        self.names.add(name)
        self._waiting.setdefault(name, []).append(what)

    def _settle(self, name: Any) -> None:
        waiting = self._waiting.get(name) if self._waiting else None
        if waiting and self._ready(waiting):
            # Not any more while it is filled in: to make a tree can be to look here.
            del self._waiting[name]
            self._fill(self, name, waiting)

    def _settle_all(self) -> None:
        for name in list(self._waiting):
            self._settle(name)

    def __getitem__(self, name: str) -> Any:
        self._settle(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._settle(name)
        return super().get(name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name in self._waiting and self._adding():
            return default
        self._settle(name)
        return super().setdefault(name, default)

    def __setitem__(self, name: str, value: Any) -> None:
        self._settle(name)
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        self._settle(name)
        super().__delitem__(name)

    def pop(self, name: str, *default: Any) -> Any:
        self._settle(name)
        return super().pop(name, *default)

    def popitem(self) -> Any:
        self._settle_all()
        return super().popitem()

    def clear(self) -> None:
        self._waiting.clear()
        super().clear()

    def update(self, *others: Any, **more: Any) -> None:
        self._settle_all()
        super().update(*others, **more)

    def values(self) -> Any:
        self._settle_all()
        return super().values()

    def items(self) -> Any:
        self._settle_all()
        return super().items()

    def copy(self) -> dict[str, Any]:
        return dict(self.items())

    __copy__ = copy

    def __iter__(self) -> Iterator[str]:
        # As it is; but what copies a dictionary without asking it asks one that has this.
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        self._settle_all()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None
