"""What a tool said: its report as a value, reading JSON among other output, and its words where there is no report."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from buildtools.core.decoding import from_json
from buildtools.plugin import Completed, Finding

T = TypeVar("T")

_STARTS = re.compile(rb"^[ \t]*[\[{]", re.MULTILINE)
_MOST_STARTS = 16
"""lines that a report may begin with; each costs a look at all that follows"""
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NOISE = re.compile(
    r"[\W_]*|>? ?\d+ │.*"  # rules and arrows, and lines of code
    r"|Oops! Something went wrong! :\(|ESLint: \d\S*"  # above every message of ESLint's
    r"|\(node:\d+\) .*|\(Use `node .*|at .*"  # Node's own warnings, and its traces
    r"|\S+:\d+: \w+Warning: .*"  # Python's
    r"|The .* (?:reporters are|option is) (?:unstable/)?experimental\b.*"  # above every report of Biome's
)
_ERROR = re.compile(r"\bERROR\b|\b[eE]rror:")
"""Before such a line stand warnings, if anything."""
_LONGEST = 400


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool found, in its own order and with paths as it wrote them.

    `files` are those that it named as checked, `checked` is how many, where it told the number alone; `empty` says
    that no file was there to be checked, `problem` why it could not check what it should; `warnings` are what it
    remarked besides, of itself or of its configuration.
    """

    findings: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()
    checked: int | None = None
    empty: bool = False
    problem: str = ""
    warnings: tuple[str, ...] = ()


def decode(data: bytes, kind: type[T]) -> T:
    """Read one JSON value that stands on lines of its own, with other text before or behind it.

    A configuration that is a program may print, and some tools put a remark above their report. Raises
    `msgspec.DecodeError` if there is no such value, the one of the whole text.
    """
    try:
        return from_json(data, kind)
    except msgspec.DecodeError as error:
        whole = error
    end = max(data.rfind(b"}"), data.rfind(b"]")) + 1
    view = memoryview(data)
    for number, start in enumerate(_STARTS.finditer(data)):
        if number == _MOST_STARTS or start.end() > end:
            break
        try:
            return from_json(view[start.start() : end], kind)
        except msgspec.DecodeError:
            continue
    raise whole


def said(done: Completed, error: Exception | None = None) -> str:
    """Return in one line what a tool complained of: on stderr, else on stdout.

    Where stdout holds the beginnings of a report, it is the error met in reading that.
    """
    if error is not None and not done.stderr.strip() and _STARTS.search(done.stdout):
        return " ".join(str(error).split())
    for stream in (done.stderr, done.stdout):
        text = _ANSI.sub("", stream[: 2**20].decode("utf-8", "replace"))
        lines = [" ".join(line.split()).strip("━ ") for line in text.splitlines()]
        lines = [line for line in lines if not _NOISE.fullmatch(line)]
        if lines:
            # Python's traces and argparse's usage end with what matters; everybody else begins with it.
            behind = any(line.startswith(("Traceback ", "usage: ")) for line in lines)
            first = next((number for number, line in enumerate(lines) if _ERROR.search(line)), 0)
            words = lines[-1] if behind else " ".join(lines[first : first + 4])
            return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
    return "it did not say why"
