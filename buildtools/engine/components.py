"""What a step's result depends on, piece by piece: the key of its kept result, and why two keys differ.

The components are a flat mapping of text, `file src/a.py` or `option disable` to a digest, a version or a plain value.
Values that somebody typed, or that came from the environment, are digests: what is secret must not show.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from buildtools.core.encoding import whole
from buildtools.core.step import Inputs, Step
from buildtools.engine.cache import Why
from buildtools.engine.context import Place
from buildtools.engine.surroundings import Surroundings
from buildtools.pipeline.model import Configured, StepSpec
from buildtools.pipeline.registry import code_of
from buildtools.system.digests import Digests

Components = dict[str, str]
_MISSING = "missing"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Everything around a step that its result depends on; `own_env` is what the pipeline file sets."""

    step: Step
    uses: str
    id: str
    alone: bool
    root: Path
    workdir: Path
    reports: Path
    env: Mapping[str, str]
    own_env: Mapping[str, str]
    needs: Mapping[str, Mapping[str, str]]
    """the outputs of the steps that it needs"""
    changed_files: tuple[Path, ...] | None
    version: str
    """of buildtools"""


def setting_of(spec: StepSpec, configured: Configured, around: Surroundings, place: Place) -> Setting:
    """Return the setting of a step that is about to run."""
    return Setting(
        step=configured.step,
        uses=spec.uses,
        id=spec.id,
        alone=place.alone,
        root=place.root,
        workdir=place.workdir,
        reports=around.settings.reports,
        env=place.env,
        own_env={**around.pipeline.env, **configured.env},
        needs={need: around.outputs[need] for need in around.needs[spec.id] if need in around.outputs},
        changed_files=around.settings.changed_files,
        version=around.settings.version,
    )


def options_of(step: Step) -> dict[str, object]:
    """Return the configured options by their outside names, as builtins."""
    found: dict[str, object] = msgspec.to_builtins(step, enc_hook=str)
    return found


def components_of(setting: Setting, inputs: Inputs, digests: Digests) -> Components:
    """Return the components of a step's key, but for the files of `inputs`. Raises `OSError`."""
    return {
        **dict(_around(setting, digests)),
        **{f"option {name}": _digest(value) for name, value in options_of(setting.step).items()},
        **{f"env {name}": _digest(value) for name, value in setting.own_env.items()},
        **{f"env {name}": _digest(setting.env.get(name)) for name in inputs.env},
        **{f"tool {name}": version for name, version in inputs.tools},
        **{
            f"output {step}.{name}": _digest(value)
            for step, outputs in setting.needs.items()
            for name, value in outputs.items()
        },
        **dict(_files(inputs, setting.root, digests)),
    }


def key_of(components: Components) -> str:
    """Return the key: the sha-256 of all components."""
    return sha256(msgspec.json.encode(sorted(components.items()))).hexdigest()


def relative(path: str | Path, root: Path) -> str:
    """Return a path as POSIX text, relative to `root` if it lies below it."""
    text = os.fspath(path)
    if ".." in text:
        text = os.path.normpath(text)
    base = os.fspath(root)
    return "." if text == base else text.removeprefix(f"{base.rstrip('/')}/")


def _around(setting: Setting, digests: Digests) -> Iterator[tuple[str, str]]:
    step = type(setting.step)
    yield "buildtools", setting.version
    yield "plugin", f"{setting.uses} {step.version}"
    # A plugin under development changes more often than its `version`.
    with suppress(OSError):
        yield "plugin's code", _digest([(file.name, digests.of(file)) for file in code_of(step)])
    yield "system", f"{sys.platform} {os.uname().machine}, Python {sys.version_info[0]}.{sys.version_info[1]}"
    yield "step", f"{setting.id}{'' if setting.alone else ', one of several'}"
    yield "kind", setting.step.effective_kind().value
    yield "cwd", relative(setting.workdir, setting.root)
    yield "reports folder", relative(setting.reports, setting.root)
    if setting.changed_files is not None:
        yield "changed files", _digest(sorted(relative(file, setting.root) for file in setting.changed_files))


def _files(inputs: Inputs, root: Path, digests: Digests) -> Iterator[tuple[str, str]]:
    for file in map(os.fspath, inputs.files):
        try:
            digest = digests.of(file)
            mode = " executable" if os.access(file, os.X_OK) else ""
        except FileNotFoundError:
            digest, mode = _MISSING, ""
        yield f"file {_shown(relative(file, root))}", digest + mode


def _shown(path: str) -> str:
    """Return a path as text that UTF-8 can hold, and that no other path has."""
    plain = whole(path)
    return path if plain == path else f"{plain} (bytes {_digest(path)[:16]})"


def _digest(value: object) -> str:
    if isinstance(value, str):
        return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return sha256(msgspec.json.encode(value)).hexdigest()


def differences(old: Components, new: Components) -> Iterator[Why]:
    """Yield what changed from one set of components to another, files last."""
    files = []
    for name in [*new, *(name for name in old if name not in new)]:
        before, now = old.get(name), new.get(name)
        if before == now:
            continue
        if name.startswith("file "):
            files.append(Why(subject=name[5:], why=_file_change(before, now)))
        else:
            yield Why(why=_change(name, before, now))
    yield from sorted(files, key=lambda why: why.subject)


def _file_change(before: str | None, now: str | None) -> str:
    if now is None:
        return "gone"
    if now == _MISSING:
        return "gone" if before else "named for the first time, though it is not there"
    if before in (None, _MISSING):
        return "new"
    return "its mode changed" if before and before.split()[0] == now.split()[0] else "changed"


def _change(name: str, before: str | None, now: str | None) -> str:
    kind, _, rest = name.partition(" ")
    if kind in ("option", "env", "output") or name in ("plugin's code", "changed files"):
        what = {"env": "variable", "output": "output"}.get(kind, kind)
        label = f"{what} {rest}" if rest and kind in ("option", "env", "output") else name
        return f"{label} {'is new' if before is None else 'is gone' if now is None else 'changed'}"
    label = rest if kind == "tool" else name
    return f"{label} {before or 'not there'} → {now or 'not there'}"
