"""What the result of tests depends on, where the file says which files they read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from buildtools.plugin import Cache, Inputs, StepContext
from buildtools.steps.declared import input_files
from buildtools.steps.installed import installed
from buildtools.system.files import find_files

_SETTINGS = ("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", ".coveragerc", "conftest.py")
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


class Reading:
    """Gathers the files that tests read, each once: those that the file names, and those that nobody thinks of."""

    def __init__(self, ctx: StepContext, cache: Cache) -> None:
        self._ctx = ctx
        self._cache = cache

    def inputs(self, patterns: Sequence[str], paths: Sequence[str], named: tuple[str, Sequence[str]]) -> Inputs:
        """Return the inputs; `paths` are what is tested, `named` the interpreter and further variables.

        Raises `StepError` or `OSError` for what cannot be told.
        """
        python, env = named
        there = installed(self._ctx, self._cache, python)
        files = [*input_files(self._ctx, patterns), *self._settings(), *self._tested(paths), *there.links]
        return Inputs(
            files=tuple(dict.fromkeys(files)),
            tools=(("python", there.version), *there.packages),
            env=(*_ENV, *env),
        )

    def _settings(self) -> Iterator[Path]:
        """Yield the files by which runners are set up, from the work folder up to the root."""
        root, workdir = self._ctx.root, self._ctx.workdir
        for folder in (workdir, *workdir.parents) if workdir.is_relative_to(root) else (workdir,):
            yield from (folder / name for name in _SETTINGS)
            if folder == root:
                return

    def _tested(self, paths: Sequence[str]) -> Iterator[Path]:
        for path in paths:
            place = self._ctx.workdir / path.partition("::")[0]
            if place.is_dir():
                yield from find_files(place, ["**/*.py"])
            elif place.is_file():
                yield place
