"""JSLint's own options, as people write them in the step's `options` and `globals`, and in a config file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from buildtools.core.wording import nearest
from buildtools.plugin import StepError
from buildtools.steps.jslint.config import GLOBALS, NAME, Config
from buildtools.steps.jslint.protocol import Settings

_INTEGER = re.compile(r"-?[0-9]{1,9}")

KNOWN = (
    *(
        "beta",
        "bitwise",
        "browser",
        "convert",
        "couch",
        "devel",
        "ecma",
        "eval",
        "fart",
        "for",
        "getset",
        "indent2",
        "long",
    ),
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
        if name in GLOBALS:
            yield "options", f"{name}: globals stand in the option `globals` of the step, as a list"
        elif not NAME.fullmatch(name):
            yield "options", f"{name!r} cannot be the name of a JSLint option"
        elif typed(value) is None:
            yield "options", f"{name}: {value!r} is neither true nor false nor a whole number"
    for name in names:
        if not NAME.fullmatch(name):
            yield "globals", f"{name!r} is not a JavaScript name"


def settings(options: Mapping[str, str], names: tuple[str, ...], config: Config) -> Settings:
    """Lay the step's options over those of the config file; the step's globals are added to the file's."""
    own = {name: value for name, text in options.items() if (value := typed(text)) is not None}
    return Settings(
        {**config.options, **own},
        tuple(dict.fromkeys((*config.globals, *names))),
        {name: place for name, place in config.places.items() if name not in own},
    )


def rejection(rejected: list[tuple[str, str]], edition: str, places: Mapping[str, str]) -> StepError:
    """Return the error for options that this edition of JSLint refused; `places` tells where some stand in a file."""
    parts = []
    for name, said in rejected:
        near = nearest(name, KNOWN)
        hint = f", did you mean {near}?" if near and near != name else ""
        place = f"{places[name]}: " if name in places else ""
        parts.append(f"{place}{name} ({said}){hint}")
    return StepError(
        f"JSLint {edition} does not take these options: " + "; ".join(parts),
        remedy=f"Options of a current edition: {', '.join(KNOWN)}; each true or false.",
    )
