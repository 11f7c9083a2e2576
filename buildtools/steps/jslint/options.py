"""JSLint's own options, as people write them: as text in the pipeline file, as JSON in a config file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from buildtools.core.wording import nearest
from buildtools.plugin import StepError
from buildtools.steps.jslint.protocol import Settings

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_GLOBALS = ("globals", "predef")
"""Names for the list of globals in a config file; `predef` is what JSLint called it until 2014."""

KNOWN = (
    *("beta", "bitwise", "browser", "convert", "couch", "devel", "eval", "fart", "for", "getset", "indent2", "long"),
    *("node", "nomen", "single", "subscript", "this", "trace", "unordered", "variable", "white"),
)
"""Names in the locked edition, only for saying "did you mean": what is taken, the edition itself is asked."""


def typed(value: str) -> bool | int | None:
    """Return what a written option value means, or `None` if it is nothing that JSLint could take."""
    match value.strip().lower():
        case "true":
            return True
        case "false":
            return False
        case text:
            return int(text) if _INTEGER.fullmatch(text) else None


def option_problems(options: Mapping[str, str], names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield `(option, problem)` for what is wrong without asking JSLint."""
    for name, value in options.items():
        if name in _GLOBALS:
            yield "options", f"{name}: globals stand in the option `globals` of the step, as a list"
        elif not _IDENTIFIER.fullmatch(name):
            yield "options", f"{name!r} cannot be the name of a JSLint option"
        elif typed(value) is None:
            yield "options", f"{name}: {value!r} is neither true nor false nor a whole number"
    for name in names:
        if not _IDENTIFIER.fullmatch(name):
            yield "globals", f"{name!r} is not a JavaScript name"


def read_config(path: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Read a JSON object of options, with a list of globals under `globals` or `predef`. Raises `StepError`."""
    try:
        data = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise StepError(f"config: {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise StepError(f"config: {path} is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise StepError(f"config: {path} must hold one JSON object, of JSLint's options")
    names: list[str] = []
    options: dict[str, str] = {}
    for key, value in data.items():
        if key in _GLOBALS:
            if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
                raise StepError(f"config: {path}: {key} must be a list of names")
            names += value
        else:
            options[key] = value if isinstance(value, str) else json.dumps(value)
    for _, problem in option_problems(options, tuple(names)):
        raise StepError(f"config: {path}: {problem}")
    return options, tuple(names)


def settings(options: Mapping[str, str], names: tuple[str, ...], config: Path | None) -> Settings:
    """Lay the step's options over those of the config file, and give them types."""
    base, more = read_config(config) if config else ({}, ())
    values = {name: typed(value) for name, value in {**base, **options}.items()}
    return Settings(
        {name: value for name, value in values.items() if value is not None},
        tuple(dict.fromkeys((*more, *names))),
    )


def rejection(rejected: list[tuple[str, str]], edition: str) -> StepError:
    """Return the error for options that this edition of JSLint refused."""
    parts = []
    for name, said in rejected:
        near = nearest(name, KNOWN)
        hint = f", did you mean {near}?" if near and near != name else ""
        parts.append(f"{name} ({said}){hint}")
    return StepError(
        f"JSLint {edition} does not take these options: " + "; ".join(parts),
        remedy=f"Options of a current edition: {', '.join(KNOWN)}; each true or false.",
    )
