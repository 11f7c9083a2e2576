"""What pylint said, as findings, metrics and a verdict: pure functions of the driver's JSON."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import msgspec

from buildtools.core.decoding import from_json
from buildtools.core.wording import count
from buildtools.plugin import FROM_CACHE, Cause, Finding, Metric, Severity, Status, StepResult, TestCase, fingerprinted

TOOL = "pylint"
USAGE = 32
"""pylint's exit status for options that it does not understand"""

_SEVERITY = {
    "fatal": Severity.ERROR,
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "refactor": Severity.INFO,
    "convention": Severity.INFO,
    "info": Severity.INFO,
}


class Message(msgspec.Struct, frozen=True, rename="camel"):
    """A message of pylint's reporter json2. Lines count from 1, columns from 0, the end column is behind the end."""

    type: str
    symbol: str
    message: str
    message_id: str
    path: str
    absolute_path: str
    line: int
    column: int
    end_line: int | None = None
    end_column: int | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What the driver writes; see there."""

    pylint: str
    problem: str = ""
    status: int = 0
    score: float | None = None
    fail_under: float = 10.0
    fail_on: tuple[str, ...] = ()
    ended: bool = False
    stdin: bool = False
    unread: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    linted: int = 0
    cached: int = 0
    workers: int = 0
    plain: str = ""
    unkept: str = ""
    why: tuple[tuple[str, str], ...] = ()
    lost: str = ""


def decode(data: bytes) -> Outcome:
    """Read the driver's JSON; raises `msgspec.DecodeError` (a `ValidationError` included)."""
    return from_json(data, Outcome)


def findings(messages: Iterable[Message], locate: Callable[[str], str]) -> tuple[Finding, ...]:
    """Return one finding per message, in pylint's order."""
    return fingerprinted(_finding(message, locate) for message in messages)


def _finding(message: Message, locate: Callable[[str], str]) -> Finding:
    # Some messages are about no file: their path is "Command line", say.
    real = message.absolute_path and os.path.lexists(message.absolute_path)
    return Finding(
        tool=TOOL,
        rule=message.message_id,
        symbol=message.symbol,
        message=message.message,
        path=locate(message.absolute_path) if real else message.path,
        line=max(message.line, 0),
        column=message.column + 1 if message.line > 0 and message.column >= 0 else 0,
        end_line=message.end_line or 0,
        end_column=message.end_column + 1 if message.end_line and message.end_column is not None else 0,
        severity=_SEVERITY.get(message.type, Severity.WARNING),
    )


def clean_files(outcome: Outcome, found: Iterable[Finding], locate: Callable[[str], str]) -> tuple[TestCase, ...]:
    """Return a passed case for each linted file without a finding."""
    bad = {finding.path for finding in found}
    return tuple(
        TestCase(name=TOOL, file=path) for path in dict.fromkeys(map(locate, outcome.files)) if path not in bad
    )


def metrics(outcome: Outcome, *, bar: float | None) -> tuple[Metric, ...]:
    """Return the score, held against the bar where one was set, and the numbers of files, all and from the cache."""
    # 10 is what pylint assumes when nobody sets it: then any message at all misses it, which is no bar to show.
    threshold = outcome.fail_under if bar is not None or outcome.fail_under != 10 else None
    checked = Metric(name="files checked", value=float(len(outcome.files)))
    kept = (Metric(name=FROM_CACHE, value=float(outcome.cached)),) if outcome.cached else ()
    if outcome.score is None:
        return (checked, *kept)
    return (Metric(name="pylint score", value=outcome.score, threshold=threshold), checked, *kept)


def rated(score: float) -> str:
    """Return a score with two decimals, rounded down: 9.996 is not 10."""
    import math

    return f"{math.floor(score * 100 + 1e-9) / 100:.2f}"


def nothing(reason: str) -> StepResult:
    """Return the result of having checked no file."""
    remedy = "Correct `paths`, or what pylint is told to ignore, or say `allow-empty: true`."
    return StepResult(status=Status.ERROR, cause=Cause.EMPTY, reason=reason, remedy=remedy)


def verdict(outcome: Outcome, found: tuple[Finding, ...], said: str) -> StepResult:
    """Judge a run as pylint's own exit status does; `said` is the end of what it printed.

    Usage errors, and files that it could not check, are errors: nothing is known about these.
    """
    if outcome.status == USAGE:
        return StepResult(status=Status.ERROR, reason=f"pylint refused its options: {said or 'it did not say why'}")
    fatal = [message for message in outcome.messages if message.type == "fatal"]
    if fatal:
        first = next(f for f, m in zip(found, outcome.messages, strict=True) if m.type == "fatal")
        rest = f" (+{len(fatal) - 1} more)" if len(fatal) > 1 else ""
        reason = f"pylint could not check everything: {first.place}: {first.rule} {first.message}{rest}"
        return StepResult(status=Status.ERROR, reason=reason)
    if not outcome.files and not outcome.messages:
        return nothing("no Python file was checked")
    if outcome.status == 0:
        return StepResult()
    parts = [count(len(found), "message")]
    if outcome.score is not None:
        parts.append(f"rated {rated(outcome.score)}/10")
        if outcome.fail_on:
            parts.append("fail-on: " + ", ".join(outcome.fail_on))
        elif outcome.fail_under != 10:
            parts.append(f"fail-under is {outcome.fail_under:g}")
    return StepResult(status=Status.FAILED, reason=", ".join(parts))
