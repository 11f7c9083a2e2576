"""What an exception that reached `main` looks like to the user: an expected error, or a fault with a log."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path

import click

from buildtools.core.errors import BuildtoolsError, ExitCode

ISSUES = "the project's issue tracker"


def explain(error: Exception) -> int:
    """Say `error` on stderr and return the exit code that belongs to it."""
    if isinstance(error, BuildtoolsError):
        _say(f"error: {error.message}" if not _has_place(error) else error.message)
        if error.remedy:
            _say(error.remedy)
        return int(error.exit_code)
    log = _write_log(error)
    kind = type(error).__name__
    where = f"The traceback is in {log}" if log else "The traceback could not be written"
    _say(f"fault: {kind}: {error}".replace("\n", " "))
    _say(f"This is a fault in buildtools itself. {where}; please attach it to a report in {ISSUES}.")
    if not log:
        _say("".join(traceback.format_exception(error)))
    return int(ExitCode.FAULT)


def _has_place(error: BuildtoolsError) -> bool:
    """A list of problems says `error` with every place by itself."""
    return bool(getattr(error, "problems", ()))


def _say(text: str) -> None:
    with suppress(OSError):  # nobody may be listening
        click.echo(text, err=True)


def _write_log(error: Exception) -> str:
    from buildtools import __version__

    text = "".join(
        [
            f"buildtools {__version__}, Python {sys.version}, {sys.platform}\n",
            f"arguments: {sys.argv[1:]!r}\n\n",
            *traceback.format_exception(error),
        ]
    )
    for folder in (Path(".buildtools"), Path(tempfile.gettempdir())):
        try:
            descriptor, path = tempfile.mkstemp(prefix="fault-", suffix=".log", dir=folder)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue
        return path
    return ""
