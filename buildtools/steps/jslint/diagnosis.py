"""What the step needs on this machine, as `buildtools doctor` shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from buildtools.plugin import StepError, Tool
from buildtools.steps.jslint import programs, store
from buildtools.steps.jslint.provision import JSLINT, runner_folder
from buildtools.steps.jslint.registry import locked
from buildtools.system.tools import program_version

if TYPE_CHECKING:
    from buildtools.steps.jslint.step import Jslint


def needed(step: Jslint, root: Path, env: Mapping[str, str]) -> Iterator[Tool]:
    """Yield the programs of both engines, the other engine's as optional ones, and JSLint itself."""

    def program(name: str, find: Callable[[], Path], *flags: str, optional: bool) -> Tool:
        try:
            path = find()
        except StepError as error:
            return Tool(name=name, remedy=error.remedy or error.message, optional=optional)
        version = program_version((str(path), *flags), cwd=root, env=env) if flags else "installed"
        return Tool(name=name, version=version, optional=optional)

    rhino = step.engine == "rhino"
    yield program("node", lambda: programs.find_node(env, step.node, root), "--version", optional=rhino)
    yield program("java", lambda: programs.find_java(env, step.java, root), "-version", optional=not rhino)
    jar = root / step.rhino_jar.expanduser() if step.rhino_jar else None
    yield program("rhino", lambda: programs.find_rhino(jar), optional=not rhino)
    yield _edition(step, root, env)


def _edition(step: Jslint, root: Path, env: Mapping[str, str]) -> Tool:
    if step.jslint_js:
        path = root / step.jslint_js.expanduser()
        remedy = f"{path} is not there: correct the option `jslint-js:`"
        return Tool(name="JSLint", version=str(step.jslint_js) if path.is_file() else "", remedy=remedy)
    package = locked(runner_folder() / "package-lock.json", JSLINT)
    if (root / "node_modules" / JSLINT / "jslint.mjs").is_file():
        return Tool(name="JSLint", version="in node_modules")
    cached = (store.cache_folder(env) / package.file).is_file()
    remedy = f"not fetched yet: the first run fetches {package.spec} through npm"
    return Tool(name="JSLint", version=package.version if cached else "", remedy=remedy, optional=True)
