"""Globs for conditions: `*` stays within one `/` part, `**` crosses them, `?` and `[abc]` stand for one character.

For paths as in Ant: `**/*.js` is everywhere, `vendor/**` only at the top, and `docs/` means `docs/**`.
"""

from __future__ import annotations

import re


def matches(text: str, pattern: str, *, free: bool = False) -> bool:
    """Whether a pattern matches all of a text. In a `free` text `/` means nothing, and `*` matches it too."""
    return re.fullmatch(_expression(pattern, free=free), text, re.DOTALL) is not None


def matches_path(path: str, pattern: str) -> bool:
    """Whether a pattern matches a relative POSIX path."""
    pattern = pattern.removeprefix("./")
    return matches(path, f"{pattern}**" if pattern.endswith("/") else pattern)


def _expression(pattern: str, *, free: bool) -> str:
    any_text = ".*" if free else "[^/]*"
    out, at = [], 0
    # Runs of stars are one star: `***…*a` would make the matching take for ever.
    pattern = re.sub(r"\*{2,}", "**", pattern)
    while at < len(pattern):
        if pattern.startswith("**/", at) and not free:
            out.append("(?:.*/)?")
            at += 3
        elif pattern.startswith("**", at):
            out.append(".*")
            at += 2
        elif pattern[at] == "*":
            out.append(any_text)
            at += 1
        elif pattern[at] == "?":
            out.append("." if free else "[^/]")
            at += 1
        else:
            piece, at = _character(pattern, at)
            out.append(piece)
    return "".join(out)


def _character(pattern: str, at: int) -> tuple[str, int]:
    """Return the expression of a literal character or a class `[…]`, and the index behind it."""
    end = pattern.find("]", at + 2)
    if pattern[at] != "[" or end < 0:
        return re.escape(pattern[at]), at + 1
    inner = pattern[at + 1 : end]
    negated = inner[0] in "!^"
    chars = inner[1:] if negated else inner
    parts = []
    for index, char in enumerate(chars):
        between = char == "-" and 0 < index < len(chars) - 1 and chars[index - 1] <= chars[index + 1]
        parts.append("-" if between else re.escape(char))
    return f"[{'^' if negated else ''}{''.join(parts)}]" if parts else re.escape(pattern[at : end + 1]), end + 1
