"""As much of the stack as pylint has where it parses and lints a file: some of what it finds hangs on that.

Where an expression or a chain of inferences is too deep, Python raises `RecursionError`, and pylint says F0002 or takes
what it looks for as unknown.
"""

from __future__ import annotations

import contextlib
import sys
from types import FrameType
from typing import Iterator, Optional  # noqa: UP035 - for Python 3.8

_PYLINTS = 4
"""Frames above what parses or lints all files, when people call `pylint`: the script, two in `pylint.run`, `check`"""


@contextlib.contextmanager
def as_deep_as_pylint() -> Iterator[None]:
    """Let what is called directly inside have the room that it has in pylint."""
    limit = sys.getrecursionlimit()
    # Above: the generator's frame, and `__enter__`.
    sys.setrecursionlimit(limit + max(depth() - 2 - _PYLINTS, 0))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def depth() -> int:
    """Return how many frames there are down to the caller's."""
    frame: Optional[FrameType] = sys._getframe(1)  # noqa: UP045 - for Python 3.8
    count = 0
    while frame is not None:
        count, frame = count + 1, frame.f_back
    return count
