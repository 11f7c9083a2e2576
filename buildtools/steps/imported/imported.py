"""What a reader makes of a file, and how it says that it cannot."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from buildtools.core.decoding import from_json
from buildtools.plugin import StepResult

T = TypeVar("T")


class Unreadable(Exception):
    """The file is not of this form, or damaged; the message says where and why."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """The findings, cases, metrics and coverage of one file, with paths as its tool wrote them.

    `sources` are folders that its relative paths may start at. `nothing` says that nothing was checked.
    """

    result: StepResult
    sources: tuple[str, ...] = ()
    nothing: bool = False


def plain(data: bytes) -> bytes:
    """Return text as UTF-8 without a byte order mark; PowerShell writes UTF-16. Raises `Unreadable`."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16").encode()
        except UnicodeError as error:
            raise Unreadable(f"is no UTF-16, though it begins like it: {error}") from None
    return data


def decoded(data: bytes, kind: type[T]) -> T:
    """Return one JSON value. Raises `Unreadable`."""
    try:
        return from_json(plain(data), kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from None
    except RecursionError:
        raise Unreadable("values are nested too deeply") from None


def lines(data: bytes) -> list[str]:
    """Return the lines of a text, with U+FFFD for what is no UTF-8."""
    return plain(data).decode("utf-8", "replace").split("\n")
