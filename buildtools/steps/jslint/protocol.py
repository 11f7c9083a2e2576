"""What is said between us and the runner in the engine; pure, no process in sight.

A request is a text of JSON lines: first `{options, globals}`, then one `{id, source}` a file. The answer is JSON lines
too, described in `tools/jslint/lint.js`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from buildtools.core.encoding import whole_value
from buildtools.plugin import Finding, Severity

TOOL = "jslint"


class Source(msgspec.Struct, frozen=True):
    """A file to lint: `path` as results show it, and its text."""

    path: str
    text: str


class Settings(msgspec.Struct, frozen=True):
    """What JSLint is told for every file; `places` is for messages: where in a config file an option was written."""

    options: Mapping[str, bool | int] = {}
    globals: tuple[str, ...] = ()
    places: Mapping[str, str] = {}


class Verdict(msgspec.Struct, frozen=True):
    """All there is to say about one file.

    `complete` is false where JSLint did not look at the whole of it; `lasting`: JSLint would say the same another time,
    which a crash, a timeout or a file that cannot be read promises not. `seconds` is 0 for what was known before.
    """

    findings: tuple[Finding, ...] = ()
    complete: bool = True
    seconds: float = 0.0
    lasting: bool = False


def encode_request(settings: Settings, sources: Iterable[tuple[int, Source]]) -> bytes:
    """Return a request for these files, in ASCII."""
    lines: list[object] = [{"options": dict(settings.options), "globals": list(settings.globals)}]
    lines += ({"id": number, "source": source.text} for number, source in sources)
    return "".join(json.dumps(line) + "\n" for line in lines).encode("ascii")


def problem_finding(path: str, rule: str, message: str, *, line: int = 0) -> Finding:
    """Return a finding of ours, not JSLint's: the file could not be linted as it should."""
    return Finding(tool=TOOL, rule=rule, message=message, path=path, line=line, severity=Severity.ERROR)


def unlinted(path: str, rule: str, message: str) -> Verdict:
    """Return the verdict for a file that could not be linted."""
    return Verdict((problem_finding(path, rule, message),), complete=False)


class ProtocolError(Exception):
    """The runner said something that cannot be."""


class Conversation:
    """Reads the answer to one request: verdicts as they are complete, and how far the runner came."""

    def __init__(self, asked: Mapping[int, Source]) -> None:
        self._asked = asked
        self._found: list[Finding] = []
        self.verdicts: dict[int, Verdict] = {}
        self.current: int | None = None
        """The file being linted now: to be blamed if the engine dies or hangs."""
        self.edition = ""
        self.rejected: list[tuple[str, str]] = []
        self.fault = ""
        self.done = False

    def hear(self, line: bytes, seconds: float = 0.0) -> bool:
        """Take one line of output; `seconds` is the time since the file's `begin`. Return whether it was an event."""
        event = _event(line)
        if event is None:
            return False
        match event:
            case {"event": "hello", "edition": str(edition), "rejected": list(rejected)}:
                self.edition = edition
                self.rejected = [(str(name), str(message)) for name, message in rejected]
            case {"event": "begin", "id": int(number)}:
                if self.current is not None or number not in self._asked or number in self.verdicts:
                    raise ProtocolError(f"file {number} begun out of turn")
                self.current = number
                self._found = []
            case {"event": "warnings", "id": int(number), "warnings": list(warnings)}:
                self._in_turn(number)
                self._found += [self._finding(number, warning) for warning in warnings]
            case {"event": "result", "id": int(number), "total": int(total), "stop": bool(stop)}:
                self._conclude(self._in_turn(number), total, stop=stop, seconds=seconds)
            case {"event": "done", "count": int(count)}:
                if count != len(self._asked) or len(self.verdicts) != count:
                    raise ProtocolError(f"{len(self._asked)} files asked for, {count} done")
                self.done = True
            case {"event": "fault", "message": str(message)}:
                self.fault = message
            case _:
                raise ProtocolError(f"unknown event {line[:200]!r}")
        return True

    def _in_turn(self, number: int) -> int:
        if number != self.current:
            raise ProtocolError(f"file {number} answered out of turn")
        return number

    def _conclude(self, number: int, total: int, *, stop: bool, seconds: float) -> None:
        path = self._asked[number].path
        found, self._found, self.current = self._found, [], None
        missing = total - len(found)
        if missing < 0:
            raise ProtocolError(f"file {number} has more warnings than were counted")
        if missing:
            found.append(problem_finding(path, "too-many", f"{missing} more warnings of this file are not listed"))
        crashed = any(finding.rule == "jslint-crash" for finding in found)
        found.sort(key=lambda finding: (finding.line, finding.column))
        self.verdicts[number] = Verdict(tuple(found), not (stop or crashed), seconds, lasting=not crashed)

    def _finding(self, number: int, warning: object) -> Finding:
        match warning:
            case [int(line), int(column), str(code), str(message), str(kind)]:
                if kind == "stop" and "unable to finish" not in message:
                    # Editions before 2021 don't say so themselves.
                    message = f"[JSLint was unable to finish] {message}"
                elif kind == "crash":
                    message = _crash(message)
                return Finding(
                    tool=TOOL,
                    rule=code,
                    message=message,
                    path=self._asked[number].path,
                    line=line,
                    column=column,
                    severity=Severity.ERROR if kind else Severity.WARNING,
                )
            case _:
                raise ProtocolError(f"not a warning: {warning!r:.200}")


def _crash(message: str) -> str:
    """Return what to say of an exception inside JSLint, which is no fault of the file's, whatever is in it."""
    said = message.replace("[JSLint was unable to finish] ", "")
    # Seen in editions of 2024 to 2026, before they have told of anything else.
    hint = "; a closing bracket that nothing opens can cause this" if said.startswith("TypeError") else ""
    return f"JSLint itself failed over this file: {said}{hint}"


def _event(line: bytes) -> dict[str, Any] | None:
    """Decode a line, or return `None` for something that isn't an event: a warning of the engine's, say."""
    if not line.startswith(b"{"):
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict) or "event" not in value:
        return None
    # JavaScript's strings may hold lone surrogates, and no report can.
    event: dict[str, Any] = whole_value(value)
    return event
