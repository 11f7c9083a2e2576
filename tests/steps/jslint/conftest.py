"""JSLint itself, for the tests that run it: fetched once a session through npm, into the session's cache."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from buildtools.plugin import StepError
from buildtools.steps.jslint.programs import RHINO_JARS, find_node, find_npm
from buildtools.steps.jslint.provision import JSLINT, runner_folder
from buildtools.steps.jslint.registry import locked, obtain
from tests.support.context import LoneContext


def fetched(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Put a locked package into the session's cache, or skip."""
    context = LoneContext(tmp_path_factory.mktemp("fetch"))
    package = locked(runner_folder() / "package-lock.json", name)
    try:
        obtain(context, package, lambda: find_npm(context.env, find_node(context.env)))
    except StepError as error:
        pytest.skip(f"{name} is needed and cannot be had here: {error}")


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Node and JSLint are there."""
    fetched(tmp_path_factory, JSLINT)


@pytest.fixture(scope="session")
def rhino(node: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Java, Rhino, and what makes JSLint fit for it are there."""
    if not shutil.which("java") or not any(Path(jar).is_file() for jar in RHINO_JARS):
        pytest.skip("Java and Rhino are needed")
    fetched(tmp_path_factory, "typescript")


@pytest.fixture(params=["node", "rhino"])
def engine(request: pytest.FixtureRequest) -> str:
    """Both engines, one after the other."""
    request.getfixturevalue(request.param)
    return str(request.param)
