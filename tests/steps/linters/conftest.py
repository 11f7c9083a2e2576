"""The linters of Node, installed once a session as the lockfile says, and programs that only pretend to be one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from buildtools.linters import Linter
from tests.steps.linters.samples import ALL
from tests.support.once import once
from tests.support.project import CHECKOUT

LOCKED = CHECKOUT / "tests/support/linters"


@pytest.fixture(scope="session")
def installed(session_folder: Path) -> Path:
    """The folder whose `node_modules` has ESLint, Biome (2, and 1 as `biome-1`) and Oxlint."""
    folder = session_folder / "linters"
    if text := once(folder, _install):
        pytest.skip(f"the linters of Node are needed and cannot be had here: {text}")
    return folder


def _install(folder: Path) -> str:
    if not shutil.which("npm") or not shutil.which("node"):
        return "there is no npm"
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(LOCKED / name, folder)
    # Not `npm ci`: it wants every platform's packages in the lockfile.
    argv = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return "npm did not finish within five minutes"
    (folder / "node_modules/biome-1/bin/biome").chmod(0o755) if done.returncode == 0 else None
    return (done.stderr.strip() or "npm failed") if done.returncode else ""


@pytest.fixture
def web(tmp_path: Path, installed: Path) -> Path:
    """A project's folder below one with these linters in its `node_modules`."""
    (tmp_path / "node_modules").symlink_to(installed / "node_modules")
    root = tmp_path / "project"
    root.mkdir()
    return root


class Stub:
    """A program in the place of a linter: it writes what it was told, and ends as it was told."""

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self._name = name
        self.file = root / "bin/python" if "python" in ALL[name].__struct_fields__ else root / "bin" / name
        self.file.parent.mkdir()

    def step(self, **options: object) -> Linter:
        where = "python" if self.file.name == "python" else "program"
        return ALL[self._name](**{where: str(self.file), **options})  # type: ignore[arg-type]

    def says(self, stdout: bytes, stderr: bytes = b"", ending: str = "exit 0") -> Stub:
        self.file.with_suffix(".out").write_bytes(stdout)
        self.file.with_suffix(".err").write_bytes(stderr)
        script = f'#!/bin/sh\nprintf "%s\\n" "$@" > "$0.args"\ncat "$0.out"\ncat "$0.err" >&2\n{ending}\n'
        self.file.write_text(script)
        self.file.chmod(0o755)
        return self

    @property
    def arguments(self) -> list[str]:
        """What it was called with the last time."""
        return self.file.with_suffix(".args").read_text().splitlines()


@pytest.fixture(params=sorted(ALL))
def stub(request: pytest.FixtureRequest, tmp_path: Path) -> Stub:
    """Each linter's stub, one after the other."""
    (tmp_path / "a.py").write_text("")
    return Stub(tmp_path, str(request.param))
