"""Where step plugins come from: the built-in ones, installed packages, a named file, the `steps/` folder.

Looked up in this order, and no further than needed: the table of built-in plugins; the entry points of the group
`buildtools.steps`; the Step classes in `steps/*.py` beside the pipeline file. `package.module:Class` and
`./file.py:Class` (relative to the pipeline file) name a class directly.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

import msgspec

from buildtools.core.errors import UsageProblem
from buildtools.core.step import Step
from buildtools.pipeline.describe import BadOption, kebab, summary_of
from buildtools.pipeline.options import Plugin
from buildtools.pipeline.problems import Problems, suggest
from buildtools.pipeline.source import shown, shown_path

GROUP = "buildtools.steps"
_FOLDER = "steps"
_FILE = "_buildtools_plugin_"
"""What the names of modules that are a plugin file begin with"""
BUILTIN = (
    ("pylint", "buildtools.steps.pylint:Pylint", "Lint Python with pylint."),
    ("tests", "buildtools.steps.tests:Tests", "Run Python tests, with coverage."),
    ("jslint", "buildtools.steps.jslint:Jslint", "Lint JavaScript with JSLint on Node or Rhino."),
    ("eslint", "buildtools.steps.linters.eslint:Eslint", "Lint JavaScript and TypeScript with the project's ESLint."),
    (
        "biome",
        "buildtools.steps.linters.biome:Biome",
        "Lint JavaScript, TypeScript, JSON, CSS with the project's Biome.",
    ),
    ("oxlint", "buildtools.steps.linters.oxlint:Oxlint", "Lint JavaScript and TypeScript with the project's Oxlint."),
    ("ruff", "buildtools.steps.linters.ruff:Ruff", "Lint Python code with ruff."),
    ("mypy", "buildtools.steps.linters.mypy:Mypy", "Check the types of Python code with mypy."),
    ("bandit", "buildtools.steps.linters.bandit:Bandit", "Look for security problems in Python code with bandit."),
    ("report", "buildtools.steps.report:Report", "Let the reports of other tools join the gate."),
    ("pack", "buildtools.steps.pack:Pack", "Pack the release into one reproducible archive."),
    ("upload", "buildtools.steps.upload:Upload", "Deploy a packed release to hosts, in one transaction."),
    ("shell", "buildtools.steps.shell:Shell", "Run a command line."),
)


class PluginInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin of the list. `origin` is `built-in`, a package's name or a file; `problem` why it cannot be used."""

    name: str
    target: str
    summary: str = ""
    origin: str = "built-in"
    problem: str = ""


class PluginError(UsageProblem):
    """A plugin cannot be found or used; `remedy` says what to do.

    One that a file names is a problem of that file; as it is, this reaches only who named the plugin as an argument.
    """


class Registry:
    """The plugins that a pipeline file in `folder` can use; without a folder, those that are installed."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._plugins: dict[str, Plugin | PluginError] = {}
        self._found: list[tuple[str, Path, type[Step]]] | None = None
        self._broken: list[PluginError] = []
        self._scanned: list[Any] | None = None
        self._guesses = Problems()

    def find(self, uses: str) -> Plugin:
        """Return the plugin that `uses` names. Raises `PluginError`; each plugin is looked for once."""
        if uses not in self._plugins:
            try:
                cls = self._find(uses)
                self._plugins[uses] = Plugin(uses, _checked(cls, uses))
            except BadOption as error:
                self._plugins[uses] = PluginError(f"the plugin {shown(uses)} cannot be used: {error}")
            except PluginError as error:
                self._plugins[uses] = error
        plugin = self._plugins[uses]
        if isinstance(plugin, PluginError):
            raise plugin
        return plugin

    def listing(self) -> tuple[PluginInfo, ...]:
        """Return all plugins that can be named, the built-in ones first; nothing of a broken one is lost."""
        infos = [PluginInfo(name=name, target=target, summary=summary) for name, target, summary in BUILTIN]
        for point in self._points():
            infos.append(self._described(point.name, point.value, _origin(point)))
        for name, path, cls in self._local():
            target = f"./{path.parent.name}/{path.name}:{cls.__name__}"
            infos.append(PluginInfo(name=name, target=target, summary=summary_of(cls), origin=shown_path(path)))
        infos += [PluginInfo(name="", target="", origin="steps", problem=str(error)) for error in self._broken]
        return tuple(infos)

    def _described(self, name: str, target: str, origin: str) -> PluginInfo:
        try:
            cls = self.find(name).cls
        except PluginError as error:
            return PluginInfo(name=name, target=target, origin=origin, problem=error.message)
        return PluginInfo(name=name, target=target, summary=summary_of(cls), origin=origin)

    def _find(self, uses: str) -> Any:
        for name, target, _ in BUILTIN:
            if name == uses:
                return _load_target(target, uses)
        if ":" in uses:
            return self._named(uses)
        points = [point for point in self._points() if point.name == uses]
        if len({point.value for point in points}) > 1:
            names = " and ".join(sorted(_origin(point) for point in points))
            raise PluginError(f"two packages have a plugin {shown(uses)}: {names}", remedy="Uninstall one of them.")
        local = [(path, cls) for name, path, cls in self._local() if name == uses]
        if points:
            if local:
                where = f"{_origin(points[0])} and {shown_path(local[0][0])}"
                raise PluginError(f"two plugins are called {shown(uses)}: {where}", remedy="Rename one of them.")
            return _load_target(points[0].value, uses)
        if len(local) > 1:
            where = " and ".join(f"{shown_path(path)}:{cls.__name__}" for path, cls in local)
            raise PluginError(f"two plugins are called {shown(uses)}: {where}", remedy="Give one another `name`.")
        if local:
            return local[0][1]
        if self._broken:
            broken = self._broken[0]
            raise PluginError(f"no plugin is called {shown(uses)}, and {broken.message}", remedy=broken.remedy)
        raise PluginError(f"no plugin is called {shown(uses)}", remedy=self._guesses.suggest(uses, self._names()))

    def _points(self) -> list[Any]:
        if self._scanned is None:
            self._scanned = _entry_points()
        return self._scanned

    def _names(self) -> list[str]:
        names = [name for name, _, _ in BUILTIN] + [point.name for point in self._points()]
        return names + [name for name, _, _ in self._local()]

    def _named(self, uses: str) -> Any:
        where, _, name = uses.rpartition(":")
        if not name.isidentifier() or not where:
            raise PluginError(
                f"{shown(uses)} names no class", remedy="Write package.module:Class or ./path/file.py:Class."
            )
        if not (where.endswith(".py") or "/" in where):
            return _load_target(uses, uses)
        path = (self.folder or Path()).absolute() / where
        module = _run_file(path)
        if not hasattr(module, name):
            classes = [cls.__name__ for cls in _classes(module)]
            raise PluginError(f"{shown_path(path)} has no class {name}", remedy=suggest(name, classes))
        return getattr(module, name)

    def _local(self) -> list[tuple[str, Path, type[Step]]]:
        """Return name, file and class of every plugin in `steps/`; what cannot be imported is in `_broken`."""
        if self._found is not None:
            return self._found
        self._found = []
        folder = self.folder / _FOLDER if self.folder else None
        try:
            paths = sorted(folder.glob("*.py")) if folder and folder.is_dir() else []
        except OSError:
            paths = []
        for path in paths:
            try:
                classes = list(_classes(_run_file(path)))
            except PluginError as error:
                self._broken.append(error)
                continue
            for cls in classes:
                name = str(cls.__dict__.get("name") or kebab(cls.__name__))
                if any(name == builtin for builtin, _, _ in BUILTIN):
                    message = (
                        f"{shown_path(path)}: the plugin {cls.__name__} is called {shown(name)} like a built-in one"
                    )
                    self._broken.append(PluginError(message, remedy="Give it another `name`."))
                elif not cls.__name__.startswith("_"):
                    self._found.append((name, path, cls))
        return self._found


def code_of(cls: type[Step]) -> list[Path]:
    """Return the files that hold a plugin's code: its module's, and all Python files of the `steps/` that this lies in.

    Of an installed package, only the module's: its version says more. Raises `OSError`.
    """
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if not file:
        return []
    path = Path(file)
    if path.parent.name == _FOLDER and cls.__module__.startswith(_FILE):
        from buildtools.system.files import find_files

        return find_files(path.parent, ["**/*.py"])
    return [path]


def _checked(cls: Any, uses: str) -> type[Step]:
    if not isinstance(cls, type) or not issubclass(cls, Step):
        what = f"the class {cls.__name__}" if isinstance(cls, type) else f"a {type(cls).__name__}"
        hint = "A plugin is a class derived from buildtools.plugin.Step."
        raise PluginError(f"the plugin {shown(uses)} is {what}, not a Step class", remedy=hint)
    if cls.run is Step.run:
        raise PluginError(f"the plugin {shown(uses)} ({cls.__name__}) has no run method")
    return cls


def _classes(module: ModuleType) -> Iterator[type[Step]]:
    """Yield the Step classes that a module defines itself and that can run."""
    for value in list(vars(module).values()):
        mine = isinstance(value, type) and issubclass(value, Step) and value.__module__ == module.__name__
        if mine and value.run is not Step.run:
            yield value


def _entry_points() -> list[Any]:
    from importlib import metadata

    return sorted(metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value))


def _origin(point: Any) -> str:
    return str(point.dist.name) if point.dist else "an installed package"


def _load_target(target: str, uses: str) -> Any:
    """Import `package.module:Class`."""
    where, _, name = target.partition(":")
    try:
        module = importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name is None or not (where == error.name or where.startswith(f"{error.name}.")):
            raise _failed(f"the plugin {shown(uses)}", error) from error
        hint = "Install the package that has it, or write ./path/file.py:Class for a file of your own."
        raise PluginError(f"the plugin {shown(uses)}: there is no module {error.name}", remedy=hint) from None
    except (Exception, SystemExit) as error:
        raise _failed(f"the plugin {shown(uses)}", error) from error
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is None:
        classes = [cls.__name__ for cls in _classes(module)]
        raise PluginError(f"the plugin {shown(uses)}: {where} has no class {name}", remedy=suggest(name, classes))
    return found


def _run_file(path: Path) -> ModuleType:
    """Run a plugin file as a module of its own; nothing is written beside it. Raises `PluginError`."""
    import hashlib

    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    module = ModuleType(f"{_FILE}{digest}_{path.stem.replace('-', '_')}")
    module.__file__ = str(path)
    what = f"the plugin file {shown_path(path)}"
    try:
        code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except OSError as error:
        raise PluginError(f"{what}: {error.strerror or error}") from None
    except (SyntaxError, ValueError) as error:
        raise _failed(what, error) from error
    # Annotations are looked up in the module by its name, so it must be there while the classes live.
    sys.modules[module.__name__] = module
    try:
        exec(code, module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise _failed(what, error) from error
    return module


def _failed(what: str, error: BaseException) -> PluginError:
    """Say that importing failed, with the file and line that raised."""
    text = " ".join(str(error).split()) or "no message"
    if isinstance(error, SyntaxError) and error.filename:
        text = f"{error.msg} ({error.filename}:{error.lineno})"
    else:
        place = _raised_at(error.__traceback__)
        text += f" ({place})" if place else ""
    return PluginError(f"{what} cannot be imported: {type(error).__name__}: {text}")


def _raised_at(trace: TracebackType | None) -> str:
    """Return file:line of the innermost frame that is not the import machinery's or this module's."""
    place = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith("<frozen") and file not in (__file__, importlib.__file__):
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
