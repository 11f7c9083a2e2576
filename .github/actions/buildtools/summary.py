"""Print a job summary, Markdown, from run.json: `summary.py RUN.JSON EXIT-CODE`. Standard library only."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

FINDINGS = 50
"""so many of a step are shown, since the page takes no more than a megabyte"""

_MEANING = {
    0: "the gate is open",
    1: "the gate is closed",
    2: "wrong usage",
    3: "the pipeline file is invalid",
    4: "nothing was checked",
    5: "a step could not do its work",
    70: "a fault in buildtools",
    130: "interrupted",
    143: "terminated",
}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~@&:/])")


def text(value: object, limit: int = 300) -> str:
    """Return text that shows as it is, whatever it holds, on one line of a table."""
    line = " ".join(str(value).split())
    cut = line if len(line) <= limit else line[: limit - 1] + "…"
    return _SPECIAL.sub(r"\\\1", cut)


def render(run: dict[str, Any] | None, code: int) -> str:
    """Return the summary of a run, or of one that wrote no run.json."""
    lines = [f"### buildtools: {_MEANING.get(code, f'exit code {code}')}", ""]
    if run is None:
        return "\n".join([*lines, "No step has run; the log says why.", ""])
    lines += ["| step | result | seconds | |", "| --- | --- | ---: | --- |"]
    for step in run["steps"]:
        result = step["result"]
        status = result.get("status", "passed")
        cells = [text(step["id"]), status, f"{step.get('seconds', 0):.1f}", text(result.get("reason", ""))]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    for step in run["steps"]:
        lines += _details(step)
    return "\n".join(lines)


def _details(step: dict[str, Any]) -> list[str]:
    result = step["result"]
    if result.get("status", "passed") not in ("failed", "error"):
        return []
    bad = [case for case in result.get("cases", ()) if case.get("status") in ("failed", "error")]
    items = [
        f"- {text(finding['path'])}:{finding.get('line', 0)} {text(finding['message'])} ({text(finding['rule'])})"
        for finding in result.get("findings", ())
    ] + [f"- {text(case['name'])}: {text(case.get('message', ''))}" for case in bad]
    if not items:
        return []
    more = [f"- … and {len(items) - FINDINGS} more"] if len(items) > FINDINGS else []
    return [f"#### {text(step['id'])}", "", *items[:FINDINGS], *more, ""]


def main(path: str, code: str) -> None:
    """Write the summary to standard output."""
    try:
        run = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        run = None
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(render(run, int(code)))


if __name__ == "__main__":
    main(*sys.argv[1:])
