"""A project made of text, and the real command line run in it: `project({"pipeline.yaml": …}).run("lint")`."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.support import guards

CHECKOUT = Path(__file__).resolve().parents[2]

# What a program may need to work at all, to reach a package registry, or to be measured; nothing else is passed on.
_PASSED = {"PATH", "TZ", "TMPDIR", "JAVA_HOME", "LD_LIBRARY_PATH", "XDG_CACHE_HOME", "GIT_CONFIG_GLOBAL", guards.MARK}
_PASSED_PREFIXES = ("COVERAGE_", "PIP_", "npm_config_", "NODE_EXTRA_", "SSL_", "UV_", "PYTHONWARNINGS")
_PASSED_SUFFIXES = ("_proxy", "_PROXY", "_CA_BUNDLE", "_CAINFO")


class Outcome:
    """A finished `buildtools` process, and what it wrote."""

    def __init__(self, project: Project, process: subprocess.CompletedProcess[bytes]) -> None:
        self.project = project
        self.argv: list[str] = process.args
        self.code = process.returncode
        self.stdout = process.stdout.decode("utf-8", "replace")
        self.stderr = process.stderr.decode("utf-8", "replace")

    def __repr__(self) -> str:
        """Show all of it: this is what a failing assertion prints."""
        return f"{' '.join(self.argv)}\nexit {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"

    @property
    def text(self) -> str:
        """Both streams: what a person sees."""
        return self.stdout + self.stderr

    def report(self, name: str) -> bytes:
        """Return a file of the reports folder as it stands now."""
        return (self.project.root / "build/reports" / name).read_bytes()

    @cached_property
    def run_json(self) -> dict[str, Any]:
        """The run's result, `run.json`."""
        value: dict[str, Any] = json.loads(self.report("run.json"))
        return value

    @cached_property
    def junit(self) -> ET.Element:
        """The root of `junit.xml`."""
        return ET.fromstring(self.report("junit.xml"))

    @cached_property
    def steps(self) -> dict[str, dict[str, Any]]:
        """The steps of `run.json`, by id."""
        return {step["id"]: step for step in self.run_json["steps"]}

    def status(self, step: str) -> str:
        """Return how a step ended; `run.json` leaves out what is the default."""
        return str(self.steps[step]["result"].get("status", "passed"))

    def cause(self, step: str) -> str:
        """Return why a step has its status."""
        return str(self.steps[step]["result"].get("cause", ""))

    def reason(self, step: str) -> str:
        """Return what a step says about its status."""
        return str(self.steps[step]["result"].get("reason", ""))


class Project:
    """A folder with files in it, and a home folder of its own beside it."""

    def __init__(self, root: Path, home: Path, scratch: Path) -> None:
        self.root = root
        self.home = home
        self.env: dict[str, str] = _environment(home, scratch)
        """for every call; a test may change it"""

    def write(self, files: Mapping[str, str | bytes]) -> Project:
        """Write files, by path relative to the root; text loses its common indentation."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            raw = content if isinstance(content, bytes) else textwrap.dedent(content).encode("utf-8", "surrogateescape")
            path.write_bytes(raw)
        return self

    def copy(self, source: Path, name: str) -> Project:
        """Copy a file or a folder of the checkout into the project, without caches."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignore = shutil.ignore_patterns(
                "__pycache__", "*.pyc", ".buildtools", "build", ".coverage*", "node_modules"
            )
            shutil.copytree(source, path, ignore=ignore, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(source, path)
        return self

    def replace(self, name: str, old: str, new: str) -> Project:
        """Replace a piece of text that stands exactly once in a file."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name}: {old!r} stands there {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return self

    def git(self, *words: str) -> str:
        """Run git in the root and return what it printed."""
        argv = ["git", *words]
        done = subprocess.run(argv, cwd=self.root, env=self.env, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.strip()

    def commit(self, message: str = "A change") -> str:
        """Commit everything (making the repository if need be) and return the revision."""
        if not (self.root / ".git").exists():
            self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *words: str | Path, env: Mapping[str, str] | None = None) -> Outcome:
        """Run `buildtools run WORDS…`."""
        return self.call("run", *words, env=env)

    def call(
        self, *words: str | Path, env: Mapping[str, str] | None = None, stdin: bytes = b"", seconds: float = 120
    ) -> Outcome:
        """Run `buildtools WORDS…` in the root, with `env` laid over the project's environment."""
        argv = [sys.executable, "-m", "buildtools", *(os.fspath(word) for word in words)]
        around = {**self.env, **(env or {})}
        done = subprocess.run(
            argv, cwd=self.root, env=around, input=stdin, capture_output=True, timeout=seconds, check=False
        )
        return Outcome(self, done)


def _environment(home: Path, scratch: Path) -> dict[str, str]:
    env = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED or name.startswith(_PASSED_PREFIXES) or name.endswith(_PASSED_SUFFIXES)
    }
    env |= {"HOME": str(home), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    if not _installed():
        # A folder with one link in it: the checkout itself on the path would offer its `tests` to the project.
        scratch.mkdir(exist_ok=True)
        link = scratch / "buildtools"
        if not link.is_symlink():
            link.symlink_to(CHECKOUT / "buildtools")
        env["PYTHONPATH"] = str(scratch)
    return env


def _installed() -> bool:
    try:
        importlib.metadata.distribution("buildtools")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
