"""Text that programs wrote for terminals, made fit for logs and reports."""

from __future__ import annotations

import re

from buildtools.core.sequences import SEQUENCE, strip

_COLOUR = re.compile("\x1b\\[[0-9;:]*m")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_CONTROL_NOT_ESC = re.compile("[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")
RESET = "\x1b[0m"


def tame(text: str, *, color: bool) -> str:
    """Return a program's output as it can stand in a log.

    Only colours are kept, and only if asked for; cursor movement, titles, bells, NUL and all other control characters
    are dropped. Of a line that was written over by carriage returns, the last state stays.
    """
    text = _overwritten(text)
    if not color:
        return _CONTROL.sub("", strip(text))
    if "\x1b" not in text:
        return _CONTROL.sub("", text)
    kept = SEQUENCE.sub(lambda match: match[0] if _COLOUR.fullmatch(match[0]) else "", text)
    return _CONTROL_NOT_ESC.sub("", kept)


def one_line(text: str) -> str:
    """Return the first line of `text` that says something, tamed; `...` behind it says that there is more."""
    lines = [line for line in tame(text, color=False).splitlines() if line.strip()]
    if not lines:
        return ""
    return lines[0].strip().replace("\t", " ") + (" ..." if len(lines) > 1 else "")


def _overwritten(text: str) -> str:
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_last_state(line) if "\r" in line else line for line in lines)


def _last_state(line: str) -> str:
    return line.rstrip("\r").rpartition("\r")[2]
