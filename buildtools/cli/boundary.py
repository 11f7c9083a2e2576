"""What an exception that reached `main` looks like to the user: an expected error, or a fault with a log."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path

import click

from buildtools.core.errors import BuildtoolsError, ExitCode, ReportError, UsageProblem

ISSUES = "the project's issue tracker"


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


def explain(error: Exception) -> int:
    """Say `error` on stderr and return the exit code that belongs to it."""
    error = _from_outside(error) or error
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


def _from_outside(error: Exception) -> BuildtoolsError | None:
    """Return what the surroundings did to us, where that is no fault of ours."""
    if not isinstance(error, OSError):
        return None
    if isinstance(error, FileNotFoundError) and not _stands_somewhere():
        return UsageProblem(
            "the current folder is not there any more",
            remedy="Go to one that is (cd), or name it: buildtools -C DIR ...",
        )
    if error.errno in _NO_ROOM:
        return ReportError(f"{error.filename or 'the output'}: cannot be written: {error.strerror}")
    return None


def _stands_somewhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109
    except OSError:
        return False
    return True


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
