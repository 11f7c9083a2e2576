"""Which version of a program or of a Python package is installed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from buildtools.core.errors import BuildtoolsError
from buildtools.system.query import query

_VERSION = re.compile(rb"\d+(?:\.\d+)+[^\s\",;)]*")


def program_version(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> str:
    """Return the first version number that `argv` prints; `installed` if it runs and prints none, `""` if it does not.

    Both streams count: java and ssh speak on stderr.
    """
    try:
        status, out, err = query(argv, cwd=cwd, env=env)
    except BuildtoolsError:
        return ""
    found = _VERSION.search(out) or _VERSION.search(err)
    if found:
        return found[0].decode("ascii", "replace")
    return "installed" if status == 0 else ""


def package_version(python: str, package: str, *, cwd: Path, env: Mapping[str, str]) -> str:
    """Return the version of a package in the interpreter `python`, `""` if it is not installed there."""
    code = "import sys\nfrom importlib.metadata import version\nprint(version(sys.argv[1]))"
    try:
        status, out, _ = query((python, "-c", code, package), cwd=cwd, env=env)
    except BuildtoolsError:
        return ""
    return out.decode("utf-8", "replace").strip() if status == 0 else ""
