"""Findings as Checkstyle's XML, which Jenkins' warnings plugin and many other programs read.

Jenkins takes what stands behind the last dot of `source` for the rule, and what stands before it for the category; it
leaves out files that are called `package.html`. The format has no place for what came from the cache but a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from buildtools.core.results import Finding, RunResult
from buildtools.reports.findings import all_findings
from buildtools.reports.scene import ELSEWHERE, Scene
from buildtools.reports.style import origin
from buildtools.reports.xmltext import attributes, clean, quoted


def render(result: RunResult, scene: Scene = ELSEWHERE) -> bytes:
    """Return the findings of the run as UTF-8 XML, one `file` element for each file."""
    files: dict[str, list[str]] = {}
    sources: dict[tuple[str, str], str] = {}
    for finding in all_findings(result, scene):
        rule = finding.rule or finding.symbol or finding.tool
        source = sources.get((finding.tool, rule))
        if source is None:
            source = quoted(f"{finding.tool.replace('.', '_')}.{rule.replace('.', '_')}")
            sources[finding.tool, rule] = source
        files.setdefault(finding.path, []).append(_error(finding, source))
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<checkstyle version="4.3">\n', *_from_cache(result)]
    for path, errors in files.items():
        parts += [f"<file{attributes(name=path)}>\n", *errors, "</file>\n"]
    parts.append("</checkstyle>\n")
    return "".join(parts).encode()


def _from_cache(result: RunResult) -> Iterator[str]:
    for run in result.steps:
        for words in origin(run):
            name = re.sub("-(?=-)", "- ", " ".join(clean(run.id).split()))  # two hyphens may stand in no comment
            yield f"<!-- {name}: {words} -->\n"


def _error(finding: Finding, source: str) -> str:
    column = f' column="{finding.column}"' if finding.column else ""
    place = f'line="{finding.line}"{column} severity="{finding.severity.value}"'
    return f'<error {place} message="{quoted(finding.message)}" source="{source}"/>\n'
