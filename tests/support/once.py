"""What all workers of a session need once: made by the first that asks, waited for by the others."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path


def once(folder: Path, make: Callable[[Path], str]) -> str:
    """Let `make` fill the folder, unless another worker has; return what it said: empty, or why there is nothing."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = folder / "said"
        if not said.exists():
            said.write_text(make(folder))
        return said.read_text()
