"""Guards that every test runs under, and the `project` fixture."""

from __future__ import annotations

import os
import shutil
import signal
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from tests.support import guards
from tests.support.project import Project


class MakeProject(Protocol):
    """The `project` fixture: make a project of these files; called again, it adds to the same one."""

    def __call__(self, files: Mapping[str, str | bytes] | None = None) -> Project: ...


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a session share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _sheltered(session_folder: Path) -> Iterator[None]:
    """Nobody's settings, and no CI's, reach a test."""
    # What `nohup` and a shell's `&` tell their children to ignore, tests about Ctrl-C and hanging up send.
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)
    before = dict(os.environ)
    home = session_folder / "home"
    home.mkdir(exist_ok=True)
    env = guards.sheltered(before, session_folder) | {"HOME": str(home)}
    os.environ.clear()
    os.environ.update(env)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def _guarded(session_folder: Path) -> Iterator[None]:
    """Fail a test that writes into the home folder, changes environment or current folder, or leaves a process."""
    mark = uuid.uuid4().hex
    home = session_folder / f"home-{mark}"
    home.mkdir()
    outer = dict(os.environ)
    os.environ.update({"HOME": str(home), guards.MARK: mark})
    before, folder, others = dict(os.environ), Path.cwd(), guards.children()
    yield
    problems = [f"changed the environment: {line}" for line in guards.environment_changes(before, os.environ)]
    os.environ.clear()
    os.environ.update(outer)
    try:
        now = Path.cwd()
    except FileNotFoundError:
        now = Path("(deleted)")
    if now != folder:
        problems.append(f"changed the current folder: {now}")
        os.chdir(folder)
    left = guards.leaked(mark, others)
    guards.end(set(left))
    problems += [f"left a process behind: {pid} {words}" for pid, words in left.items()]
    problems += [f"wrote into the home folder: {name}" for name in guards.home_changes(home)]
    shutil.rmtree(home, ignore_errors=True)
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep coverage out of the programs that the test starts: it imports, writes and hears signals on its own."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def project(tmp_path: Path, session_folder: Path) -> MakeProject:
    """Make a project of text files in which the real command line runs, see `tests.support.project`."""
    made: list[Project] = []

    def make(files: Mapping[str, str | bytes] | None = None) -> Project:
        if not made:
            root, home = tmp_path / "project", tmp_path / "home"
            root.mkdir()
            home.mkdir()
            made.append(Project(root, home, tmp_path / "importable"))
        return made[0].write(files or {})

    return make
