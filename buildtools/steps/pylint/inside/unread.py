"""What pylint could not read of its configuration: it says so in passing, and lints by other rules than were meant."""

from __future__ import annotations

import configparser
import contextlib
import importlib
import os
import sys
from typing import Any, Callable  # noqa: UP035 - for Python 3.8


class Reading:
    """What is seen while pylint looks for its configuration and reads it: `problems`, and whether there is a hook."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.hooked = False


def watched() -> Reading:
    """Watch from now on; return what will be seen."""
    from pylint.config import config_file_parser, find_default_config_files

    finder: Any = sys.modules[find_default_config_files.__module__]
    reader: Any = config_file_parser._RawConfParser
    reading = Reading()

    def told(path: Any, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except (ValueError, configparser.Error) as error:
            if isinstance(error, UnicodeDecodeError):  # by it pylint breaks down, without a word of the file
                error.reason = f"{error.reason}, in {os.path.abspath(path)}"
            text = f"{os.path.abspath(path)}: {error}"
            if text not in reading.problems:
                reading.problems.append(text)
            raise

    plain = reader.parse_config_file

    def parse_config_file(path: Any, verbose: bool = True) -> Any:
        found = told(path, lambda: plain(path, verbose))
        reading.hooked = reading.hooked or "init-hook" in found[0]
        return found

    reader.parse_config_file = staticmethod(parse_config_file)
    for name in ("_toml_has_config", "_cfg_has_config", "_cfg_or_ini_has_config"):
        looks = getattr(finder, name, None)
        if looks is not None:
            setattr(finder, name, _looking(looks, _load_toml if "toml" in name else _load_ini, told))
    return reading


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
