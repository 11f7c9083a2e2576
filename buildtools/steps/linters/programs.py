"""Where a linter's program is: the project's own installation first, never a download."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from buildtools.plugin import ToolMissing


def asked_for(program: str, workdir: Path, env: Mapping[str, str]) -> Path:
    """Return the program that the option `program` names: on PATH, or by its path from the work folder."""
    if os.sep not in program:
        found = shutil.which(program, path=env.get("PATH"))
    else:
        path = workdir / Path(program).expanduser()
        found = str(path) if path.is_file() and os.access(path, os.X_OK) else None
    if found is None:
        raise ToolMissing(program, remedy="The option `program:` asks for it: a program on PATH or a path to one.")
    return Path(found)


def of_packages(name: str, workdir: Path) -> Path | None:
    """Return the program in the nearest `node_modules/.bin` of the work folder or a folder above it."""
    for folder in (workdir, *workdir.parents):
        program = folder / "node_modules/.bin" / name
        if program.is_file() and os.access(program, os.X_OK):
            return program
    return None


def on_path(name: str, env: Mapping[str, str], remedy: str) -> Path:
    """Return the program on PATH; raises `ToolMissing` with the remedy."""
    found = shutil.which(name, path=env.get("PATH"))
    if found is None:
        raise ToolMissing(name, remedy=remedy)
    return Path(found)


def need_node(program: Path, env: Mapping[str, str]) -> None:
    """Raise `ToolMissing` if the program is a script for Node and Node is not on PATH: `env` would not name it so."""
    with program.open("rb") as file:
        first = file.readline(200)
    if first.startswith(b"#!") and b"node" in first and not shutil.which("node", path=env.get("PATH")):
        raise ToolMissing("node", remedy=f"{program} is a script for it: install Node.js, or add its folder to PATH.")
