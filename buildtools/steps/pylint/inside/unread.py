"""What pylint could not read of its configuration: it says so in passing, and lints by other rules than were meant."""

from __future__ import annotations

import configparser
import contextlib
import importlib
import os
import sys
from typing import Any, Callable  # noqa: UP035 - for Python 3.8


def watched() -> list[str]:
    """Return a list that fills, while pylint looks for its configuration and reads it, with what went wrong."""
    from pylint.config import config_file_parser, find_default_config_files

    finder: Any = sys.modules[find_default_config_files.__module__]
    reader: Any = config_file_parser._RawConfParser
    problems: list[str] = []

    def told(path: Any, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except (ValueError, configparser.Error) as error:
            text = f"{os.path.abspath(path)}: {error}"
            if text not in problems:
                problems.append(text)
            raise

    plain = reader.parse_config_file
    reader.parse_config_file = staticmethod(lambda path, verbose=True: told(path, lambda: plain(path, verbose)))
    for name in ("_toml_has_config", "_cfg_has_config", "_cfg_or_ini_has_config"):
        looks = getattr(finder, name, None)
        if looks is not None:
            setattr(finder, name, _looking(looks, _load_toml if "toml" in name else _load_ini, told))
    return problems


def _looking(looks: Any, load: Callable[[Any], object], told: Any) -> Any:
    def look(path: Any) -> Any:
        with contextlib.suppress(Exception):
            told(path, lambda: load(path))
        return looks(path)

    return look


def _load_ini(path: Any) -> None:
    configparser.ConfigParser().read(path, encoding="utf-8")


def _load_toml(path: Any) -> None:
    toml: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    with open(path, "rb") as file:
        toml.load(file)
