"""Which forms of reports can be read, by name, and which of them a file has."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import msgspec

from buildtools.plugin import StepError
from buildtools.steps.imported import junit
from buildtools.steps.imported.elements import root_of
from buildtools.steps.imported.imported import Imported, Unreadable, decoded, plain

FORMS = {
    "junit": "junit",
    "sarif": "sarif",
    "checkstyle": "checkstyle",
    "parseable": "parseable",
    "codequality": "codequality",
    "json": "runjson",
    "pylint-json": "pylintjson",
    "cobertura": "cobertura",
    "lcov": "lcov",
    "go-test": "gotest",
}
"""name → module of this package, imported when it is needed; where there is a `--report` of a form, it has that name"""

_ROOTS = {"checkstyle": "checkstyle", "coverage": "cobertura", **dict.fromkeys(junit.ROOTS, "junit")}
MOST = 64 * 2**20
"""bytes of one file"""
_LOOKED_AT = 200
"""lines of a text"""
_REMEDY = f"See that its tool came to its end, and wrote one of {', '.join(FORMS)}."


_ABSENT = msgspec.Raw(b"")


class _Keys(msgspec.Struct):
    runs: msgspec.Raw = _ABSENT
    messages: msgspec.Raw = _ABSENT
    steps: msgspec.Raw = _ABSENT
    action: msgspec.Raw = msgspec.field(name="Action", default=_ABSENT)


class _Entry(msgspec.Struct):
    check_name: msgspec.Raw = _ABSENT
    location: msgspec.Raw = _ABSENT
    symbol: msgspec.Raw = _ABSENT


def data_of(path: Path, place: str) -> bytes:
    """Return a file's bytes; raises `StepError` for what is no file, cannot be read, or is larger than any report."""
    try:
        if not path.is_file() and path.exists():
            raise StepError(f"{place}: is no file")
        with path.open("rb") as file:
            data = file.read(MOST + 1)
    except OSError as error:
        raise StepError(f"{place}: cannot be read: {error.strerror}") from None
    if len(data) > MOST:
        raise StepError(f"{place}: is larger than {MOST // 2**20} MiB", remedy="Let its tool write several files.")
    return data


def read(data: bytes, form: str, place: str) -> Imported:
    """Read a file of a form, or of the one that it has for `auto`; `place` names it in messages.

    Raises `StepError` for what cannot be read.
    """
    try:
        if not data.strip() and form != "parseable":  # in which nothing was found, then
            raise Unreadable("is empty: its tool wrote nothing")
        name = sniffed(data) if form == "auto" else form
    except Unreadable as error:
        raise StepError(f"{place}: {error}", remedy=_REMEDY) from None
    try:
        imported: Imported = import_module(f"buildtools.steps.imported.{FORMS[name]}").read(data)
    except Unreadable as error:
        raise StepError(f"{place}: cannot be read as {name}: {error}", remedy=_REMEDY) from None
    return imported


def sniffed(data: bytes) -> str:
    """Return the form of a file, by its content. Raises `Unreadable` if it is none of them."""
    text = plain(data).lstrip()
    if text.startswith(b"<"):
        root = root_of(data)
        if root not in _ROOTS:
            raise Unreadable(f"is XML, but <{root}> begins no report that is known")
        return _ROOTS[root]
    if text.startswith(b"["):
        return _of_array(text) or _of_text(text)
    return (_of_object(text) if text.startswith(b"{") else "") or _of_text(text)


def _of_array(text: bytes) -> str:
    try:
        entries = decoded(text, list[_Entry])
    except Unreadable as error:
        raise Unreadable(f"begins like JSON: {error}") from None
    if not entries or bytes(entries[0].check_name) or bytes(entries[0].location):
        return "codequality"  # in an empty array of either form, nothing was found
    if bytes(entries[0].symbol):
        return "pylint-json"
    raise Unreadable("is a JSON array, but neither of pylint's messages nor of GitLab's")


def _of_object(text: bytes) -> str:
    try:
        keys = decoded(text, _Keys)
    except Unreadable as error:
        if b'"Action"' in text.partition(b"\n")[0]:
            return "go-test"
        raise Unreadable(f"begins like JSON: {error}") from None
    told = {"sarif": keys.runs, "pylint-json": keys.messages, "json": keys.steps, "go-test": keys.action}
    for name, value in told.items():
        if bytes(value):
            return name
    raise Unreadable("is a JSON object, but of no report that is known")


def _of_text(text: bytes) -> str:
    from buildtools.steps.imported.parseable import looks_so

    for raw in text.split(b"\n", _LOOKED_AT)[:_LOOKED_AT]:
        line = raw.strip().decode("utf-8", "replace")
        if line.startswith(("SF:", "TN:")):
            return "lcov"
        if line.startswith("{") and '"Action"' in line:
            return "go-test"
        if looks_so(line) or line.startswith(("************* Module ", "Your code has been rated at ")):
            return "parseable"
    raise Unreadable("is no report of a form that is known")
