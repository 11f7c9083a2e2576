"""A step's whole result, kept from one run to the next: found by what it depends on, put back, or made and kept.

Only what passed at its first attempt is kept. A failure is always looked at anew: who sees one wants to know whether it
is still there, and may be changing what nobody declared.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

import msgspec

from buildtools.core.decoding import from_json
from buildtools.core.encoding import encode
from buildtools.core.model import Cause, Status
from buildtools.core.results import StepResult
from buildtools.core.step import Inputs
from buildtools.engine.cache import RunCache, StepCache
from buildtools.engine.components import (
    Components,
    Setting,
    components_of,
    differences,
    key_of,
    options_of,
    relative,
    setting_of,
)
from buildtools.engine.context import EngineContext, Place
from buildtools.engine.declared import declared_inputs
from buildtools.engine.files import Area, KeptFile, NotKept, Restoring, artifacts_in, content, keep, outputs_in
from buildtools.engine.surroundings import Surroundings
from buildtools.pipeline.model import Configured, StepSpec
from buildtools.system.outputs import missing_outputs

_T = TypeVar("_T")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A kept result; `log` names the content of the step's log, empty for a step that wrote nothing."""

    result: StepResult
    log: str = ""
    files: tuple[KeptFile, ...] = ()


class Last(msgspec.Struct, frozen=True, kw_only=True):
    """How it stood when the step last ran. `note` says why that result was not kept."""

    components: Components
    note: str = ""


class Keeper:
    """Looks for a step's result before it runs, and keeps it afterwards. `name` is the step's from run to run."""

    def __init__(self, setting: Setting, cache: StepCache, ctx: EngineContext, name: str) -> None:
        self._setting = setting
        self._cache = cache
        self._ctx = ctx
        self._run: RunCache = cache.run
        self._last_name = f"last\0{name}"
        self._last: Last | None = None
        self._components: Components | None = None
        self._area = Area(root=setting.root, workdir=setting.workdir, reports=setting.reports)

    def found(self, inputs: Inputs, replay: Callable[[bytes], None]) -> StepResult | None:
        """Return the kept result, its files in place and its output replayed; `None` if the step is to run."""
        if self._has_secret():
            return None
        self._components = self._look(inputs)
        if self._components is None:
            return None
        self._area = msgspec.structs.replace(
            self._area,
            patterns=inputs.outputs,
            inputs=frozenset(name[5:] for name in self._components if name.startswith("file ")),
        )
        self._last = self._decoded(self._last_name, Last)
        result = None if self._run.refresh else self._restored(self._components, replay)
        if result is None:
            self._explain(self._components)
        elif self._last is None or self._last.components != self._components:
            self._remember("")
        self._cache.tell()
        return result

    def changed(self) -> str:
        """Say which of its own inputs the step, or somebody else, changed while it ran; empty if none."""
        if self._components is None:
            return ""
        inputs = declared_inputs(self._setting.step, self._setting.uses, self._ctx)
        now = None if inputs is None else self._look(inputs)
        if now is None:
            return "what it depends on can no longer be told"
        changes = [why.subject or why.why for why in differences(self._components, now)]
        more = f" and {len(changes) - 3} more" if len(changes) > 3 else ""
        return f"{', '.join(changes[:3])}{more} changed while it ran" if changes else ""

    def keep(self, result: StepResult, changed: str, log: Callable[[], bytes | None]) -> None:
        """Keep a result, if it is one to be kept; `log` returns the step's whole output, `None` if that is lost."""
        if self._components is None:
            return
        note = self._obstacle(result, changed)
        if not note:
            try:
                self._store(self._components, result, log())
            except NotKept as error:
                note = error.message
            except OSError as error:
                note = _said(error)
        if note and result.status is Status.PASSED:
            self._cache.explain("", f"not kept: {note}")
        if note and note == changed:
            self._ctx.aside(f"its result was not kept for later runs: {note}")
        self._remember(note)
        self._cache.tell()

    def _look(self, inputs: Inputs) -> Components | None:
        try:
            return components_of(self._setting, inputs, self._run.digests)
        except OSError as error:
            self._cache.explain("", f"not kept: {_said(error)}")
        except (TypeError, ValueError) as error:  # an option that JSON does not have, a path that no system has
            self._cache.explain("", f"not kept: {error}")
        return None

    def _obstacle(self, result: StepResult, changed: str) -> str:
        if result.status is not Status.PASSED:
            return "it did not pass the last time"
        if result.cause is not Cause.NONE:
            return "it was told to stop"
        if self._ctx.unclean:
            return "it left processes behind"
        if changed:
            return changed
        return "a secret stands in its result" if self._run.masker.value(result) is not result else ""

    def _store(self, components: Components, result: StepResult, log: bytes | None) -> None:
        if log is None:
            raise NotKept("its output is too long, or could not be logged")
        lacking = missing_outputs(self._area.workdir, self._area.patterns)
        if lacking:
            raise NotKept(f"{', '.join(lacking)}: no such output that could be kept")
        store = self._run.store
        paths = {**outputs_in(self._area), **artifacts_in(self._area, result.artifacts)}
        files = keep(paths, self._area, store, self._run.masker)
        name = sha256(log).hexdigest() if log else ""
        if log and not store.put(content(name), log):
            raise NotKept("the cache cannot be written")
        store.put(_name(components), encode(Kept(result=result, log=name, files=files)))

    def _restored(self, components: Components, replay: Callable[[bytes], None]) -> StepResult | None:
        kept = self._decoded(_name(components), Kept)
        log = b"" if kept is None or not kept.log else self._run.store.get(content(kept.log))
        if kept is None or log is None:
            return None
        try:
            restoring = Restoring(self._area, self._run.store, self._run.digests)
            restoring.put_back(kept.files, kept.result.artifacts)
        except NotKept as error:
            self._cache.explain("", f"not taken from the cache: {error.message}")
            return None
        except OSError as error:
            self._cache.explain("", f"not taken from the cache: {_said(error)}")
            return None
        replay(log)
        return kept.result

    def _explain(self, components: Components) -> None:
        """Say why the step has to run."""
        if self._run.refresh:
            self._cache.explain("", "--refresh: nothing was taken from the cache")
        elif any(not why.subject for why in self._cache.whys):
            pass  # it is said already what kept the result from being put back
        elif self._last is None:
            self._cache.explain("", "nothing stored yet")
        else:
            changes = list(differences(self._last.components, components))
            self._cache.whys += changes
            if not changes:
                self._cache.explain("", self._last.note or "the stored result is gone from the cache, or damaged there")

    def _has_secret(self) -> bool:
        """Whether a secret is handed to the step: then what it makes may hold it in a form that nobody recognises."""
        masker, setting = self._run.masker, self._setting
        if not masker:
            return False
        given = (options_of(setting.step), dict(setting.own_env))
        if masker.value(given) is given:
            return False
        self._cache.explain("", "never cached: a secret stands in its options or its environment")
        return True

    def _remember(self, note: str) -> None:
        if self._components is not None:
            self._run.store.put(self._last_name, encode(Last(components=self._components, note=note)))

    def _decoded(self, name: str, type_: type[_T]) -> _T | None:
        data = self._run.store.get(name)
        try:
            return None if data is None else from_json(data, type_)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # of another version


def keeper_for(spec: StepSpec, configured: Configured, around: Surroundings, at: tuple[Place, EngineContext]) -> Keeper:
    """Return the keeper of a step that is about to run, `at` a place, with a context that has a cache."""
    place, ctx = at
    assert ctx.cache is not None
    name = f"{relative(around.pipeline.file, around.pipeline.root)}\0{spec.id}"
    return Keeper(setting_of(spec, configured, around, place), ctx.cache, ctx, name)


def _name(components: Components) -> str:
    return f"result\0{key_of(components)}"


def _said(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)
