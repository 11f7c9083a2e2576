"""How the paths in a foreign report become paths of the project."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from buildtools.steps.locate import locator


def whereabouts(root: Path, workdir: Path, sources: Sequence[str] = ()) -> Callable[[str], str]:
    """Return the function that makes a tool's path relative to the root.

    A relative path starts at the report's own sources, the work folder, the root or the repository's top, whichever of
    them has such a file; where none has, at the work folder. One that is absolute on another machine, a
    container's say, starts behind a source if the rest of it is a file here.
    """
    locate = locator(root, workdir)
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    bases = [*(os.path.join(workdir, source) for source in sources), *map(str, (workdir, root, top))]  # noqa: PTH118
    bases = [base for base in dict.fromkeys(bases) if os.path.lexists(base)]
    known: dict[str, str] = {}

    def found(path: str) -> str:
        if path not in known:
            known[path] = locate(_full(path.replace("\0", "\ufffd")))
        return known[path]

    def _full(path: str) -> str:
        if path.startswith("/"):
            rests = (path[len(source) :].lstrip("/") for source in sources if path.startswith(source.rstrip("/") + "/"))
            return path if os.path.lexists(path) else next(filter(None, map(_below, rests)), path)
        return _below(path) or path

    def _below(path: str) -> str:
        return next((full for base in bases if os.path.lexists(full := os.path.join(base, path))), "")  # noqa: PTH118

    return found
