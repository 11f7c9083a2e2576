"""Which modules, names and files a lint reads: astroid's own look-ups, seen as they happen.

Everything that is read counts for the frame that is on top. A frame is opened for each file that is parsed or linted,
and for what is worked out once and kept for whoever comes next (a module's tree, a function's kind): who uses it later
has read, through it, what its own frame holds. So that inference begins anew in a frame, and does not answer from what
somebody else has read, its caches are taken away for that long.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
import sys
from collections import OrderedDict
from typing import Any, Callable, Iterator  # noqa: UP035 - for Python 3.8

from .builtin import make_classes_late
from .carried import Unknown
from .replay import Replay, of_self, targets
from .unchanged import VOLATILE


class Frame:
    """What has been read: modules (astroid's), names that were looked up with the folders to look in, files.

    No folders: those of `sys.path`; `None`: a module of that name was wanted, wherever it is, which could be one of the
    files that are linted.

    `injects` holds what was assigned into other modules: (class or so, table, assignment); `built` the modules whose
    trees were made.
    """

    __slots__ = ("built", "files", "injects", "modules", "names")

    def __init__(self) -> None:
        self.modules: set[Any] = set()
        self.names: set[tuple[str, tuple[str, ...] | None]] = set()
        self.files: set[str] = set()
        self.injects: list[tuple[Any, str, Any]] = []
        self.built: list[Any] = []

    def add(self, other: Frame) -> None:
        """Add what another frame holds."""
        self.modules |= other.modules
        self.names |= other.names
        self.files |= other.files
        self.injects += other.injects
        self.built += other.built


class Trace:
    """Sees what astroid looks up from `install` on. `frame` is the one on top."""

    def __init__(self) -> None:
        self.frame = Frame()
        self.replay: Replay | None = None
        self._of_module: dict[Any, Frame] = {}
        self._cached: list[Any] = []

    def install(self) -> None:
        """Begin; there is no end to it. Raises `Unknown` for an astroid that is built differently."""
        try:
            self._install()
        except (AttributeError, ImportError) as error:
            raise Unknown(f"this astroid is not known: {error}") from None

    def made(self, module: Any) -> None:
        """Hear that a module's tree has been made: what is known to be assigned into it is put there."""
        if self.replay is not None:
            self.replay.made(module, place(module))

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Let what is read inside count for nobody, and have nothing to do with what is just being inferred."""
        inference_tip = self._caches[1]
        outer, self.frame = self.frame, Frame()
        busy, inference_tip._CURRENTLY_INFERRING = inference_tip._CURRENTLY_INFERRING, set()
        try:
            with self.reading():
                yield
        finally:
            inference_tip._CURRENTLY_INFERRING = busy
            self.frame = outer

    @contextlib.contextmanager
    def reading(self, *, within: bool = False) -> Iterator[Frame]:
        """Put an empty frame on top; what it gathers is the frame's below as well.

        `within`: so is what has been inferred; else that is forgotten.
        """
        context, inference_tip = self._caches
        outer, self.frame = self.frame, Frame()
        held = context._INFERENCE_CACHE, inference_tip._cache
        context._INFERENCE_CACHE, inference_tip._cache = {}, OrderedDict()
        try:
            yield self.frame
        finally:
            if within:
                held[0].update(context._INFERENCE_CACHE)
            context._INFERENCE_CACHE, inference_tip._cache = held
            outer.add(self.frame)
            self.frame = outer

    def forget(self) -> None:
        """Empty what pylint remembers of nodes, so that the next file asks anew."""
        for cached in self._cached:
            cached.cache_clear()

    def closed(self, frame: Frame) -> tuple[set[str], set[tuple[str, tuple[str, ...] | None]]]:
        """Return the files and names that a frame has read, with what went into the trees that it has read."""
        files, names = set(frame.files), set(frame.names)
        todo, seen = list(frame.modules), set(frame.modules)
        while todo:
            inner = self._of_module.get(todo.pop())
            if inner is not None:
                names |= inner.names
                files |= inner.files
                new = inner.modules - seen
                seen |= new
                todo += new
        files.update(path for module in seen for path in (place(module),) if path)
        return files, names

    def _install(self) -> None:
        from astroid import builder, context, manager, nodes
        from astroid.interpreter._import import spec

        # `astroid.inference_tip` is the function of that name.
        inference_tip: Any = importlib.import_module("astroid.inference_tip")
        self._caches: tuple[Any, Any] = context, inference_tip
        if not isinstance(context._INFERENCE_CACHE, dict) or not isinstance(inference_tip._cache, OrderedDict):
            raise AttributeError("caches")
        if not isinstance(inference_tip._CURRENTLY_INFERRING, set):
            raise AttributeError("_CURRENTLY_INFERRING")
        kind: Any = manager.AstroidManager
        for name in ("ast_from_file", "ast_from_module"):
            setattr(kind, name, self._touching(getattr(kind, name)))
        kind.ast_from_module_name = self._naming(self._touching(kind.ast_from_module_name))
        spec.find_spec = self._finding(spec.find_spec)
        for name in ("file_build", "module_build"):
            setattr(builder.AstroidBuilder, name, self._building(getattr(builder.AstroidBuilder, name)))
        maker: Any = builder.AstroidBuilder
        maker.delayed_assattr = self._injecting(maker.delayed_assattr)
        for cls, name in ((nodes.FunctionDef, "type"), (nodes.FunctionDef, "extra_decorators")):
            setattr(cls, name, _Remembered(cls.__dict__[name], name, self))
        maker = nodes.ClassDef
        maker._all_slots = _Remembered(maker.__dict__["_all_slots"], "_all_slots", self)
        maker._metaclass_lookup_attribute = _uncached(maker._metaclass_lookup_attribute)
        maker.declared_metaclass = self._declared(maker.declared_metaclass)
        make_classes_late()
        self._watch_opens()
        self._watch_isort()
        wrapper = type(functools.lru_cache(maxsize=1)(len))
        self._cached = [
            one for one in gc.get_objects() if type(one) is wrapper and str(one.__module__).startswith("pylint.")
        ]

    def _touching(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def touching(*args: Any, **more: Any) -> Any:
            module = method(*args, **more)
            self.frame.modules.add(module)
            return module

        return touching

    def _naming(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def naming(manager: Any, modname: Any, *args: Any, **more: Any) -> Any:
            if modname:
                self.frame.names.add((modname, None))
            return method(manager, modname, *args, **more)

        return naming

    def _finding(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def finding(modpath: Any, path: Any = None) -> Any:
            self.frame.names.add((".".join(modpath), tuple(path or ())))
            return function(modpath, path)

        return finding

    def _building(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def building(*args: Any, **more: Any) -> Any:
            with self.reading(within=True) as frame:
                module = method(*args, **more)
                frame.built.append(module)
            self._of_module[module] = frame
            self.made(module)
            return module

        return building

    def _injecting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def injecting(builder: Any, node: Any) -> None:
            replay = self.replay
            known = replay is not None and place(node.root()) in replay.known
            if replay is None:
                method(builder, node)
            else:
                outer, replay.adding = replay.adding, known
                try:
                    method(builder, node)
                finally:
                    replay.adding = outer
            if not of_self(node):
                found = targets(node)
                if replay is not None and known:
                    replay.undo(found)
                else:
                    self.frame.injects += found

        return injecting

    def _declared(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def declared(node: Any, *args: Any, **more: Any) -> Any:
            found = method(node, *args, **more)
            if node._metaclass_hack and node._metaclass is not None:
                self.frame.modules.add(node._metaclass.root())
            return found

        return declared

    def _watch_opens(self) -> None:
        def hear(event: str, details: tuple[Any, ...]) -> None:
            if event == "open" and isinstance(details[0], (str, bytes)) and "r" in (details[1] or "r"):
                path = os.path.abspath(os.fsdecode(details[0]))
                # A compiled module is there for its source, and counts with all that is imported.
                if "__pycache__" not in path and not path.startswith(VOLATILE):
                    self.frame.files.add(path)

        # To put something in the place of `open` would not do: astroid makes its tree of `builtins` from the live ones.
        sys.addaudithook(hear)

    def _watch_isort(self) -> None:
        import isort

        plain = isort.place_module

        @functools.wraps(plain)
        def placing(name: str, *args: Any, **more: Any) -> Any:
            here = os.getcwd()
            self.frame.names.add((name, (os.path.join(here, "src"), here)))
            return plain(name, *args, **more)

        vars(isort)["place_module"] = placing


def _uncached(method: Any) -> Any:
    """Return a method without its cache, which can still be cleared (`clear-cache-post-run`)."""
    plain = method.__wrapped__
    plain.cache_clear = lambda: None
    return plain


class _Remembered:
    """A property that is worked out once; what that has read is read again by everybody who asks for it."""

    def __init__(self, plain: Any, name: str, trace: Trace) -> None:
        self._work_out = plain.func
        self._name = name
        self._held = f"_buildtools_{name}"
        self._trace = trace

    def __get__(self, node: Any, owner: Any = None) -> Any:
        if node is None:
            return self
        held = vars(node).get(self._held)
        if held is None:
            with self._trace.reading(within=True) as frame:
                value = self._work_out(node)
            if not frame.modules and not frame.names:
                # Nothing to repeat: Python finds this before it finds us.
                vars(node)[self._name] = value
                return value
            held = vars(node)[self._held] = (value, frame)
        else:
            self._trace.frame.add(held[1])
        return held[0]


def place(module: Any) -> str:
    """Return the path of a module's file, or an empty text: built-in ones have none."""
    path = module.file
    return path if path and path != "<?>" else ""
