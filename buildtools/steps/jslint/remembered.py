"""Verdicts of earlier runs, each under the digest of its text.

Those of one step that were found under the same conditions (edition, engine, settings …) lie in one value, since
reading one is quicker than looking up hundreds. Verdicts hold no path, so a file that was moved or copied is known. Of
two runs at once, the second to end keeps what the first has kept meanwhile; what falls between is linted once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar

import msgspec

from buildtools.plugin import Cache, Finding, Severity
from buildtools.steps.jslint.protocol import TOOL, Verdict

T = TypeVar("T")

ROOM = 32 * 1024 * 1024
"""Bytes of all verdicts that are kept: those of the last run first, then those of the ones before (other branches)."""

_FORM = "1"
"""Raised when the values below, or what becomes of an engine's answer in `protocol`, change their meaning."""


class _Said(msgspec.Struct, frozen=True, array_like=True):
    rule: str
    message: str
    line: int
    column: int
    grave: bool


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    said: tuple[_Said, ...]
    complete: bool


def text_digest(text: str) -> str:
    """Return the digest of a text as it stood in its file, of which `Cache.digest` is the same."""
    return hashlib.sha256(text.encode()).hexdigest()


class Remembered:
    """What is known about texts from earlier runs of the step `step`, if all `conditions` were the same.

    `conditions` are digests by what they are digests of, in words that can be followed by `changed`.
    """

    def __init__(self, cache: Cache, step: str, conditions: Mapping[str, str]) -> None:
        self._cache = cache
        self._conditions = dict(conditions)
        digest = hashlib.sha256(msgspec.msgpack.encode([_FORM, sorted(conditions.items())])).hexdigest()
        self._key = f"verdicts {digest} {step}"
        self._last = f"conditions {step}"
        self._known = self._load()
        self._used: dict[str, msgspec.Raw] = {}
        self._news = False

    def recall(self, digest: str, path: str) -> Verdict | None:
        """Return the verdict for a text by its sha-256 in hex, for the file that has it now; `None` if not known."""
        raw = self._known.get(digest)
        if raw is None:
            return None
        try:
            kept = msgspec.msgpack.decode(raw, type=_Kept)
        except msgspec.MsgspecError:
            return None
        self._used[digest] = raw
        return Verdict(tuple(_finding(said, path) for said in kept.said), complete=kept.complete)

    def learn(self, digest: str, verdict: Verdict) -> None:
        """Take a new verdict in, if another run would find the same."""
        if verdict.lasting:
            said = tuple(
                _Said(finding.rule, finding.message, finding.line, finding.column, finding.severity is Severity.ERROR)
                for finding in verdict.findings
            )
            self._used[digest] = msgspec.Raw(msgspec.msgpack.encode(_Kept(said, verdict.complete)))
            self._news = True

    @property
    def empty(self) -> bool:
        """Whether nothing at all is known under these conditions."""
        return not self._known

    def explain(self, path: str) -> None:
        """Tell the cache why this file had to be linted."""
        self._cache.explain(path, self._why)

    @cached_property
    def _why(self) -> str:
        if self._known:
            return "new or changed text"
        if not self._before:
            return "no verdict of an earlier run to take"
        changed = [name for name, digest in self._conditions.items() if self._before.get(name) != digest]
        return ", ".join(changed) + " changed" if changed else "what was known is gone"

    def save(self) -> None:
        """Keep what this run has learned, and as much of what was known before as there is room for."""
        if self._news:
            self._cache.put(self._key, msgspec.msgpack.encode(self._fitting()))
        if self._used and self._before != self._conditions:
            self._cache.put(self._last, msgspec.msgpack.encode(self._conditions))

    def _fitting(self) -> dict[str, msgspec.Raw]:
        left = ROOM
        kept: dict[str, msgspec.Raw] = {}
        for digest, raw in (*self._used.items(), *self._load().items()):
            size = len(bytes(raw)) + len(digest)
            if digest not in kept and size <= left:
                kept[digest] = raw
                left -= size
        return kept

    @cached_property
    def _before(self) -> dict[str, str]:
        """The conditions of the last run."""
        return _decoded(self._cache.get(self._last), dict[str, str]) or {}

    def _load(self) -> dict[str, msgspec.Raw]:
        return _decoded(self._cache.get(self._key), dict[str, msgspec.Raw]) or {}


def _finding(said: _Said, path: str) -> Finding:
    severity = Severity.ERROR if said.grave else Severity.WARNING
    return Finding(
        tool=TOOL,
        rule=said.rule,
        message=said.message,
        path=path,
        line=said.line,
        column=said.column,
        severity=severity,
    )


def _decoded(data: bytes | None, kind: type[T]) -> T | None:
    """Return a kept value, or `None` if there is none or it is of another form."""
    try:
        return msgspec.msgpack.decode(data, type=kind) if data is not None else None
    except msgspec.MsgspecError:
        return None
