"""Opening files that somebody may have replaced by something else."""

from __future__ import annotations

import os


def without_waiting(path: str, flags: int) -> int:
    """Open a file, as the `opener` of `open`: a pipe in its place does not hold up everything. Raises `OSError`."""
    return os.open(path, flags | os.O_NONBLOCK)
