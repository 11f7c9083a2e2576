"""A baseline: the findings that a project has decided to live with for now, in a file beside its code.

Findings are known by their fingerprints, in which there is no line number, so that other edits of a file change
nothing; where git tells that a file was renamed since the baseline was written, they are known by the old name too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from buildtools.core.decoding import from_json
from buildtools.plugin import Finding, StepError, fingerprinted
from buildtools.system.replace import replace_file

SCHEMA_VERSION = 1


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, order=True):
    """One known finding; all but the fingerprint is for people."""

    path: str
    rule: str
    message: str
    fingerprint: str

    @classmethod
    def of(cls, finding: Finding) -> Entry:
        """Return the entry for a finding."""
        return cls(path=finding.path, rule=finding.rule, message=finding.message, fingerprint=finding.fingerprint)


class Baseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known; `revision` is the commit at which it was written, empty where there was no repository."""

    schema_version: int
    revision: str = ""
    findings: tuple[Entry, ...] = ()


class Matched(msgspec.Struct, frozen=True):
    """Which findings are known, by their place in the order, and which entries were found no more."""

    known: frozenset[int]
    fixed: tuple[Entry, ...]


def read(path: Path) -> Baseline | None:
    """Read a baseline; `None` where there is no file. Raises `StepError` for one that cannot be read."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StepError(f"baseline: {path}: cannot be read: {error.strerror}") from None
    remedy = "Put it back as it was, or remove it and write it anew by --update-baseline."
    try:
        found = from_json(data, Baseline)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StepError(f"baseline: {path}: is no baseline: {error}", remedy=remedy) from None
    if found.schema_version != SCHEMA_VERSION:
        raise StepError(f"baseline: {path}: has the version {found.schema_version}: unknown", remedy=remedy)
    return found


def write(path: Path, entries: Iterable[Entry], revision: str) -> None:
    """Write a baseline of these findings, a line for each, so that its own changes are easy to read."""
    head = f'{{\n"schema_version": {SCHEMA_VERSION},\n"revision": {_text(revision)},\n"findings": [\n'
    body = ",\n".join(_text(entry) for entry in sorted(entries))
    try:
        replace_file(path, f"{head}{body}\n]\n}}\n".encode())
    except OSError as error:
        raise StepError(f"baseline: {path}: cannot be written: {error.strerror}") from None


def matched(findings: tuple[Finding, ...], baseline: Baseline, renames: Mapping[str, str]) -> Matched:
    """Return which findings a baseline knows; `renames` are names of files by now, and those before."""
    left = {entry.fingerprint: entry for entry in baseline.findings}
    known = _take(findings, left, range(len(findings)))
    if left and renames:
        before = tuple(msgspec.structs.replace(one, path=renames.get(one.path, one.path)) for one in findings)
        known |= _take(fingerprinted(before), left, [n for n in range(len(findings)) if n not in known])
    return Matched(frozenset(known), tuple(left.values()))


def _take(findings: tuple[Finding, ...], left: dict[str, Entry], places: Iterable[int]) -> set[int]:
    return {place for place in places if left.pop(findings[place].fingerprint, None) is not None}


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
