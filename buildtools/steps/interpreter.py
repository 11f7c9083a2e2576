"""Which Python a step works with: the project's own, whose packages are seen there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from buildtools.plugin import StepContext, Tool, ToolMissing


def interpreter(ctx: StepContext, python: str) -> str:
    """Return what to start for the option `python` of a running step, see `interpreter_in`."""
    return interpreter_in(ctx.workdir, python)


def interpreter_in(workdir: Path, python: str) -> str:
    """Return what to start for the option `python`: by default the Python that runs this.

    A bare name is looked up on PATH when it is started. A path counts from the step's work folder, is never resolved
    (a virtual environment is known by its own link), and may name a virtual environment's folder.
    """
    if not python:
        return sys.executable
    python = os.path.expanduser(python)  # noqa: PTH111 - a Path would resolve nothing more, and lose a leading `./`
    if os.sep not in python and not (workdir / python).is_dir():
        return python
    path = workdir / python
    return str(path / "bin" / "python" if path.is_dir() else path)


def install(python: str, requirement: str) -> str:
    """Return the remedy for a package that is missing in the interpreter `python`."""
    import shlex

    command = shlex.join([python, "-m", "pip", "install", requirement])
    return f"Install it there: {command}\nOr set `python:` to the interpreter of the project's environment."


def package_tool(python: str, requirement: str, place: tuple[Path, Mapping[str, str]]) -> Tool:
    """Return a package as it is installed in the interpreter `python`; `place` is the work folder and environment."""
    from buildtools.system.tools import package_version

    workdir, env = place
    program = interpreter_in(workdir, python)
    name = requirement.partition(">")[0].partition("[")[0]
    version = package_version(program, name, cwd=workdir, env=env)
    return Tool(name=name, version=version, remedy=install(program, requirement))


@contextmanager
def found() -> Iterator[None]:
    """Within the block, that the interpreter itself is not there comes with its remedy."""
    try:
        yield
    except ToolMissing as error:
        raise ToolMissing(error.tool, remedy=_NO_INTERPRETER) from None


_NO_INTERPRETER = "Make it, or set `python:` to the project's interpreter or to its virtual environment's folder."
