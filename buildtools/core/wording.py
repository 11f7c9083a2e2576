"""Small words for messages: what somebody may have meant, how many, how large, which signal."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 5_000
"""words that one is compared with: a file can hold a great many, and comparing takes its time"""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the one of `known` that is likeliest meant, whatever the case of its letters; empty if none is near."""
    from difflib import get_close_matches

    lower = {name.lower(): name for name in sorted(set(known))}
    near = get_close_matches(word.lower()[:200], list(lower)[:_MOST], n=1)
    return lower[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the likeliest of `known`, or an empty string."""
    near = nearest(word, known)
    return f" Did you mean {near!r}?" if near else ""


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 file`, `2 files`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number: int) -> str:
    """Return a number of bytes as `812 B`, `4.2 KB`, `12 MB`: in units of 1,000, with two digits or more."""
    value, units = float(number), iter(("KB", "MB", "GB"))
    unit = "B"
    while value >= 999.5 and (larger := next(units, "")):
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}" if unit != "B" and value < 9.95 else f"{value:,.0f} {unit}"


def signal_name(number: int) -> str:
    """Return `SIGKILL` for 9, and `signal 99` for what has no name here."""
    from signal import Signals

    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"
