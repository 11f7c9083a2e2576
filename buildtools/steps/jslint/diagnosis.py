"""What the step needs on this machine, as `buildtools doctor` shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from buildtools.plugin import StepError, Tool
from buildtools.steps.jslint import programs, store
from buildtools.steps.jslint.provision import locate_edition
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
    asked = root / step.jslint_js.expanduser() if step.jslint_js else None
    edition = locate_edition(asked, root / step.dir.expanduser(), root)
    if isinstance(edition, Path):
        found = (str(step.jslint_js) if asked else "in node_modules") if edition.is_file() else ""
        return Tool(name="JSLint", version=found, remedy=f"{edition} is not there: correct the option `jslint-js:`")
    cached = (store.cache_folder(env) / edition.file).is_file()
    remedy = f"not fetched yet: the first run fetches {edition.spec} through npm"
    return Tool(name="JSLint", version=edition.version if cached else "", remedy=remedy, optional=True)
