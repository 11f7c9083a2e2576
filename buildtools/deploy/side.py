"""The same work for many hosts, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from buildtools.core.errors import BuildtoolsError
from buildtools.deploy.refusal import together

_Item = TypeVar("_Item")
_Done = TypeVar("_Done")


def side_by_side(pool: int, items: Sequence[_Item], work: Callable[[_Item], _Done]) -> list[_Done]:
    """Do the work for all items, at most `pool` at once, and return what came of each, in order.

    All are waited for, whatever becomes of one of them. Raises what a single one raised, or one error for several.
    """
    done, failures = tried(pool, items, work)
    if failures:
        raise together(failures)
    return [done[at] for at in range(len(items))]


def tried(
    pool: int, items: Sequence[_Item], work: Callable[[_Item], _Done]
) -> tuple[dict[int, _Done], list[BuildtoolsError]]:
    """Do the same, and return what came of those that succeeded, by their place, and what the others raised."""
    done: dict[int, _Done] = {}
    failures: list[BuildtoolsError] = []
    if len(items) == 1:
        # In this very thread, so that a fault is shown where it is.
        try:
            done[0] = work(items[0])
        except BuildtoolsError as error:
            failures.append(error)
        return done, failures
    with ThreadPoolExecutor(max_workers=max(1, pool), thread_name_prefix="host") as threads:
        futures = [threads.submit(work, item) for item in items]
    for at, future in enumerate(futures):
        try:
            done[at] = future.result()
        except BuildtoolsError as error:
            failures.append(error)
    return done, failures
