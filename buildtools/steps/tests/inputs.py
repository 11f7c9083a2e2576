"""What the result of tests depends on, where the file says which files they read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from buildtools.plugin import Cache, Inputs, StepContext
from buildtools.steps.declared import all_files, input_files
from buildtools.steps.installed import installed

_SETTINGS = (
    *("pyproject.toml", "pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"),
    *(".coveragerc", "conftest.py", "__init__.py"),
)
_ENV = (
    "COVERAGE_CORE",
    "COVERAGE_RCFILE",
    "DJANGO_SETTINGS_MODULE",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "PYTEST_ADDOPTS",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
    "PYTEST_PLUGINS",
    "PYTHONDEVMODE",
    "PYTHONHASHSEED",
    "PYTHONOPTIMIZE",
    "PYTHONPATH",
    "PYTHONUTF8",
    "PYTHONWARNINGS",
    "TZ",
)
"""Variables that pytest, coverage and the interpreter read themselves."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """What the step's options name: what is tested, in which words, with which interpreter, and what that makes."""

    paths: tuple[str, ...]
    """files, folders, ids of tests and dotted names"""
    others: tuple[str, ...] = ()
    """words that may be a path too"""
    top: str = ""
    python: str
    env: tuple[str, ...] = ()
    made: tuple[Path, ...] = ()
    """files and folders that the step writes"""


class Reading:
    """Gathers the files that tests read, each once: those that the file names, and those that nobody thinks of."""

    def __init__(self, ctx: StepContext, cache: Cache, named: Named) -> None:
        self._ctx = ctx
        self._cache = cache
        self._named = named

    def inputs(self, patterns: Sequence[str]) -> Inputs:
        """Return the inputs. Raises `StepError` or `OSError` for what cannot be told."""
        there = installed(self._ctx, self._cache, self._named.python)
        files = [*input_files(self._ctx, patterns), *self._tested(), *self._settings(), *there.links]
        return Inputs(
            files=tuple(dict.fromkeys(files)),
            tools=(("python", there.version), *there.packages),
            env=(*_ENV, *self._named.env),
        )

    def _places(self) -> Iterator[Path]:
        """Yield what is tested, where that is a file or a folder."""
        for path in (*self._named.paths, *self._named.others):
            place = Path(os.path.normpath(self._ctx.workdir / path.partition("::")[0]))
            if path and place.exists():
                yield place

    def _tested(self) -> Iterator[Path]:
        """Yield the files below the paths; all of the work folder where the runner finds tests by itself."""
        for place in self._places():
            yield from all_files(self._ctx, place, self._named.made) if place.is_dir() else [place]
        workdir = self._ctx.workdir
        names = [path.partition("::")[0] for path in self._named.paths]
        if not names or not all((workdir / name).exists() for name in names):
            for folder in dict.fromkeys((workdir, workdir / self._named.top)):
                environments = [path.parent for path in folder.glob("*/pyvenv.cfg")]
                yield from all_files(self._ctx, folder, (*self._named.made, *environments))

    def _settings(self) -> Iterator[Path]:
        """Yield the files by which runners are set up, from the work folder and from what is tested up to the root."""
        root = self._ctx.root
        for start in (self._ctx.workdir, *(place.parent for place in self._places())):
            for folder in (start, *start.parents) if start.is_relative_to(root) else (start,):
                yield from (folder / name for name in _SETTINGS)
                if folder == root:
                    break
