"""The user's and the system's ssh configuration, as `ssh` itself would read it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any

from buildtools.core.errors import StepError

if TYPE_CHECKING:
    from paramiko import SSHConfig

_WORD = re.compile(r'\s*"([^"]*)"|\s*([^\s"]+)')
_KEYWORD = re.compile(r"\s*(\w+)\s*(?:=|\s)\s*(.*?)\s*")
_LEAVING = Lock()
_DEEPEST = 16
"""files that may include each other, as in OpenSSH's readconf.c"""


def read_config() -> SSHConfig:
    """Read `~/.ssh/config` and `/etc/ssh/ssh_config`, with the files that they include; raises `StepError`."""
    with _sparing("invoke"):
        from paramiko import SSHConfig

    config = SSHConfig()
    for file, folder in ((Path("~/.ssh/config").expanduser(), "~/.ssh"), (Path("/etc/ssh/ssh_config"), "/etc/ssh")):
        if not file.is_file():
            continue
        try:
            config.parse(_lines(file, Path(folder).expanduser()))
        except Exception as error:  # paramiko's parser raises many kinds for a bad file
            text = error.message if isinstance(error, StepError) else f"{file}: the ssh configuration is wrong: {error}"
            raise StepError(text) from None
    return config


class _Later(ModuleType):
    """Stands for a module that is loaded when something of it is asked for, and then stands in its way no more."""

    def __getattr__(self, name: str) -> Any:
        self.leave()
        return getattr(import_module(self.__name__), name)

    def leave(self) -> None:
        """Be no module any more. Several threads may ask for that."""
        with _LEAVING:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]


@contextmanager
def _sparing(name: str) -> Iterator[None]:
    """Within this, importing a module does not load it; another thread that uses it meanwhile has it nevertheless.

    What paramiko needs invoke for is `Match exec` alone, and it takes a third of the time that paramiko does.
    """
    later = _Later(name)
    sys.modules.setdefault(name, later)
    try:
        yield
    finally:
        later.leave()


def _lines(file: Path, folder: Path, depth: int = 0, section: str = "Host *") -> Iterator[str]:
    """Yield the lines of a file with what it includes in place: paramiko knows no `Include`.

    `folder` is where relative names start, `section` the line of the section that the file is included from.
    """
    if depth > _DEEPEST:
        raise StepError(f"{file}: the ssh configuration includes itself")
    outer = section
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise StepError(f"{file}: the ssh configuration cannot be read: {error.strerror}") from None
    for line in text.splitlines():
        match = _KEYWORD.fullmatch(line)
        keyword = match[1].lower() if match else ""
        if keyword in ("host", "match"):
            if outer != "Host *":
                raise StepError(
                    f"{file}: is included from the section {outer!r} of the ssh configuration and has sections itself",
                    remedy="Write the Include above the first Host line.",
                )
            section = line
        if match and keyword == "include":
            for included in _included(match[2], folder):
                yield from _lines(included, folder, depth + 1, section)
                yield section
        else:
            yield line


def _included(text: str, folder: Path) -> Iterator[Path]:
    for match in _WORD.finditer(text):
        name = Path(match[1] or match[2]).expanduser()
        if name.is_absolute():
            yield from sorted(path for path in Path("/").glob(str(name.relative_to("/"))) if path.is_file())
        else:
            yield from sorted(path for path in folder.glob(str(name)) if path.is_file())
