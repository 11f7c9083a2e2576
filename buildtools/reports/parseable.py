"""Findings as lines in the form of pylint's `--output-format=parseable`: `src/app.py:3: [W0611(unused-import), ] text`.

Jenkins' warnings plugin reads one finding of a line: the path up to the first colon, a capital letter for how grave it
is, the rule in brackets behind it, and the message behind the first `] `.
"""

from __future__ import annotations

from buildtools.core.model import Severity
from buildtools.core.results import Finding, RunResult
from buildtools.reports.findings import all_findings
from buildtools.reports.scene import ELSEWHERE, Scene
from buildtools.reports.xmltext import clean

_LETTERS = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.INFO: "C"}
_NO_BRACKETS = str.maketrans("[]()", "____")


def render(result: RunResult, scene: Scene = ELSEWHERE) -> bytes:
    """Return one line of UTF-8 for each finding of the run."""
    paths: dict[str, str] = {}
    rules: dict[tuple[str, str, str, Severity], str] = {}
    lines = []
    for finding in all_findings(result, scene):
        path = paths.get(finding.path)
        if path is None:
            path = paths[finding.path] = " ".join(clean(finding.path).splitlines()).replace(":", "_")
        key = (finding.tool, finding.rule, finding.symbol, finding.severity)
        rule = rules.get(key)
        if rule is None:
            rule = rules[key] = _rule(finding)
        lines.append(f"{path}:{finding.line}: [{rule}, ] {' '.join(finding.message.split())}\n")
    return "".join(lines).encode()


def _rule(finding: Finding) -> str:
    # Rules of other tools begin with any letter (ruff's F401 is not fatal): theirs says how grave the finding is.
    own = finding.tool == "pylint" and finding.rule[1:].isdecimal()
    kind = finding.rule if own else _LETTERS[finding.severity]
    name = finding.symbol if own else finding.rule or finding.symbol or finding.tool
    return f"{kind}({name.translate(_NO_BRACKETS)})" if name else kind
