"""pylint's JSON: the list of its reporter `json`, and the object with statistics of `json2`."""

from __future__ import annotations

import msgspec

from buildtools.plugin import Finding, Metric, Severity, StepResult
from buildtools.steps.imported.imported import Imported, decoded

_SEVERITY = {"fatal": Severity.ERROR, "error": Severity.ERROR, "warning": Severity.WARNING}


class _Message(msgspec.Struct):
    """Lines count from 1, columns from 0. The two reporters call the same things by different names."""

    type: str
    symbol: str
    message: str
    path: str
    line: int
    column: int
    old_id: str = msgspec.field(name="message-id", default="")
    new_id: str = msgspec.field(name="messageId", default="")
    end_line: int | None = msgspec.field(name="endLine", default=None)
    end_column: int | None = msgspec.field(name="endColumn", default=None)

    def finding(self) -> Finding:
        return Finding(
            tool="pylint",
            rule=self.new_id or self.old_id,
            symbol=self.symbol,
            message=self.message,
            path=self.path,
            line=self.line,
            column=self.column + 1 if self.line > 0 else 0,
            end_line=self.end_line or 0,
            end_column=self.end_column + 1 if self.end_line and self.end_column is not None else 0,
            severity=_SEVERITY.get(self.type, Severity.INFO),
        )


class _Statistics(msgspec.Struct, rename="camel"):
    modules_linted: int | None = None
    score: float | None = None


class _Output(msgspec.Struct):
    messages: list[_Message]
    statistics: _Statistics = msgspec.field(default_factory=_Statistics)


def read(data: bytes) -> Imported:
    """Read the messages of either form, and the score. Raises `Unreadable`."""
    # A list and an object with one and the same type of message: msgspec tells them apart.
    output = decoded(data, list[_Message] | _Output)  # type: ignore[arg-type]
    if not isinstance(output, _Output):
        return Imported(result=StepResult(findings=tuple(message.finding() for message in output)))
    about = output.statistics
    metrics = () if about.score is None else (Metric(name="pylint score", value=about.score),)
    findings = tuple(message.finding() for message in output.messages)
    return Imported(
        result=StepResult(findings=findings, metrics=metrics), nothing=about.modules_linted == 0 and not findings
    )
