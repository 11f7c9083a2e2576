"""pylint's lines: `a.py:3:0: W0611: Unused import os (unused-import)`, and `a.py:3: [W0611(unused-import), ] Unused…`.

The second form (`parseable`, which is called `pylint` by flake8 and ruff) is also what our own report writes.
"""

from __future__ import annotations

import re

from buildtools.plugin import Finding, Metric, Severity, StepResult
from buildtools.steps.imported.imported import Imported, Unreadable, lines

_NEW = re.compile(
    r"(?P<path>[^:]+):(?P<line>\d+):(?P<column>\d+): (?P<rule>[A-Z]\d{4}): (?P<text>.*?)(?: \((?P<symbol>[\w-]+)\))?"
)
_OLD = re.compile(
    r"(?P<path>[^:]+):(?P<line>\d+)(?::(?P<column>\d+))?: "
    r"\[(?P<rule>[A-Z]+\d*)(?:\((?P<symbol>[^()\[\]]*)\))?(?:, [^\]]*)?\] (?P<text>.*)"
)
_OF_PYLINT = re.compile(r"[A-Z]\d{4}")
_SCORE = re.compile(r"Your code has been rated at (-?\d+(?:\.\d+)?)/10\b.*")
_NOISE = re.compile(r"\s*|\*{5,} Module .*|-{5,}|All checks passed!")
_SIMILAR = "R0801"
"""duplicate-code: the similar lines follow it"""
_SEVERITY = {"E": Severity.ERROR, "F": Severity.ERROR, "W": Severity.WARNING}


def looks_so(line: str) -> bool:
    """Whether a line is a finding."""
    return bool(_NEW.fullmatch(line) or _OLD.fullmatch(line))


def read(data: bytes) -> Imported:
    """Read the findings of a text, and the score if it is there. Raises `Unreadable` at a line that is neither.

    Else the trace of a tool that broke down could pass for a clean report.
    """
    findings: list[Finding] = []
    metrics: list[Metric] = []
    for number, raw in enumerate(lines(data), 1):
        line = raw.rstrip("\r")
        if score := _SCORE.fullmatch(line):
            metrics.append(Metric(name="pylint score", value=float(score[1])))
        elif found := _NEW.fullmatch(line) or _OLD.fullmatch(line):
            findings.append(_finding(found))
        elif not _NOISE.fullmatch(line) and not (findings and findings[-1].rule == _SIMILAR):
            raise Unreadable(f"line {number}: {line[:80]!r} is no finding in pylint's form")
    return Imported(result=StepResult(findings=tuple(findings), metrics=tuple(metrics)))


def _finding(found: re.Match[str]) -> Finding:
    rule, symbol = found["rule"], found["symbol"] or ""
    # Our own report writes other tools' findings as `W(F401)`: one letter, and the rule in brackets.
    foreign = len(rule) == 1
    own = _OF_PYLINT.fullmatch(rule) is not None
    by_pylint = own and (bool(symbol) or found.re is _NEW)
    column = found["column"]
    return Finding(
        tool="pylint" if by_pylint else "parseable",
        rule=symbol if foreign else rule,
        symbol="" if foreign else symbol,
        message=found["text"],
        path=found["path"],
        line=_bounded(found["line"]),
        column=_bounded(column) + 1 if column is not None else 0,
        # Other tools' letters name the check, not how grave it is: ruff's F401 is not fatal.
        severity=_SEVERITY.get(rule[0], Severity.INFO) if by_pylint or foreign else Severity.WARNING,
    )


def _bounded(text: str) -> int:
    return int(text) if len(text) < 10 else 0
