"""Reading JavaScript files: strictly UTF-8, or a finding that says why not."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from buildtools.plugin import Cache, StepContext
from buildtools.steps.jslint.protocol import Source, Verdict, problem_finding

LARGEST = 32 * 1024 * 1024
"""Bytes of one file; V8's longest string could not hold much more of them, escaped, and JSLint never got so far."""


def shown_path(path: Path, ctx: StepContext) -> str:
    r"""Return a path as results name it: POSIX, relative to the root if inside, bytes that are not UTF-8 as `\xNN`."""
    text, root = os.fspath(path), os.path.join(ctx.root, "")  # noqa: PTH118 - quicker, and there may be thousands
    if text.startswith(root):
        text = text[len(root) :]
    elif not (relative := os.path.relpath(path, ctx.root)).startswith(".."):
        text = relative
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def read_source(path: Path, shown: str) -> Source | Verdict:
    """Return a file's text, byte-order mark and line ends as they are, or the verdict that it cannot be read."""
    try:
        # Without O_NONBLOCK, opening a pipe that took the file's place would wait for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                return _refused(shown, "unreadable", "cannot be read: not a regular file")
            if about.st_size > LARGEST:
                return _refused(shown, "too-large", f"not linted: larger than {LARGEST >> 20} MiB")
            data = file.read()
    except OSError as error:
        return _refused(shown, "unreadable", f"cannot be read: {error.strerror}")
    try:
        return Source(shown, data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}; JSLint can lint UTF-8 only"
        return _refused(shown, "not-utf-8", message, line=line)


def digest(path: Path, cache: Cache) -> str:
    """Return the digest of a file that could be linted, as far as its size and kind tell; else an empty text."""
    try:
        about = path.stat()
        if stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST:
            return cache.digest(path)
    except OSError:
        pass
    return ""


def _refused(path: str, rule: str, message: str, *, line: int = 0) -> Verdict:
    return Verdict((problem_finding(path, rule, message, line=line),), complete=False)
