"""Measures tests by coverage.py, and reports what was measured: by its API, on top of the project's own settings.

The settings: `rcfile`, `fallback` (an empty configuration file), `data` (path of the data files), `source`, `omit`,
`branch`, `fail_under`, `summary` (where the numbers go) and `xml`, `html`, `lcov`, `json` (paths, or empty).
"""

# ruff: noqa: PTH100, PTH120, PTH123 - coverage takes and gives plain text for paths

from __future__ import annotations

import json
import os
import sys
from typing import Any

import coverage
from coverage.exceptions import CoverageException

_SUBPROCESSES_SINCE = (7, 10)


def problems() -> type[Exception]:
    """Return what coverage raises."""
    return CoverageException


def start(settings: dict[str, Any]) -> Any:
    """Begin to measure this process and, from coverage 7.10 on, all Python processes that it starts."""
    measure = _open(settings, data_suffix=True)
    # With this, children read the project's file once more, know nothing of what is set here, and leave their data in
    # the tree. Where children can be measured at all, they are by the patches below.
    others = [name for name in measure.get_option("run:concurrency") or () if name != "multiprocessing"]
    measure.set_option("run:concurrency", others or ["thread"])
    if coverage.version_info[:2] >= _SUBPROCESSES_SINCE:
        _follow_children(measure)
    else:
        sys.stderr.write(f"coverage {_version()}: child processes are not measured (7.10 or newer does)\n")
    os.environ["COVERAGE_RUN"] = "true"
    measure.start()
    return measure


def _open(settings: dict[str, Any], **more: Any) -> Any:
    more.update({key: settings[key] for key in ("source", "omit", "branch") if settings[key] not in (None, [])})
    more["data_file"] = settings["data"]
    made = coverage.Coverage(config_file=settings["rcfile"] or True, **more)
    if made.config.config_file is None:
        # To measure child processes, coverage wants a configuration file, be it an empty one.
        made = coverage.Coverage(config_file=settings["fallback"], **more)
    return made


def _follow_children(measure: Any) -> None:
    import coverage.patch

    patches = {"subprocess", "_exit"}
    if hasattr(coverage.patch, "_patch_fork"):
        patches.add("fork")
    measure.set_option("run:patch", sorted(patches.union(measure.get_option("run:patch") or ())))
    # A child may work in another folder, where these would mean something else.
    for option in ("run:omit", "run:include"):
        patterns = measure.get_option(option)
        if patterns and not measure.get_option("run:relative_files"):
            measure.set_option(option, [_absolute(pattern) for pattern in patterns])


def _absolute(pattern: str) -> str:
    return pattern if pattern.startswith(("*", "?")) else os.path.abspath(pattern)


def report(settings: dict[str, Any]) -> int:
    """Combine the data, print the table, write the reports and the summary; return 1 if there is nothing to report."""
    try:
        summary = _report(settings)
    except CoverageException as error:
        summary = {"problem": str(error)}
    with open(settings["summary"], "w", encoding="utf-8") as file:
        json.dump(dict(summary, coverage=_version()), file)
    return 1 if summary.get("problem") else 0


def _report(settings: dict[str, Any]) -> dict[str, Any]:
    measure = _open(settings)
    measure.combine([os.path.dirname(settings["data"])], strict=True)
    measure.save()
    total = measure.report(file=sys.stdout)
    measure.json_report(outfile=settings["json"])
    for form in ("xml", "lcov"):
        if settings[form]:
            getattr(measure, form + "_report")(outfile=settings[form])
    if settings["html"]:
        measure.html_report(directory=settings["html"])
    with open(settings["json"], encoding="utf-8") as file:
        totals = json.load(file)["totals"]
    precision = int(measure.get_option("report:precision") or 0)
    bar = settings["fail_under"]
    if bar is None:
        bar = float(measure.get_option("report:fail_under") or 0)
    return {
        "total": total,
        "precision": precision,
        "fail_under": bar,
        "missed": _misses(total, bar, precision),
        "lines": totals["num_statements"],
        "covered_lines": totals["covered_lines"],
        "branches": totals.get("num_branches", 0),
        "covered_branches": totals.get("covered_branches", 0),
    }


def _misses(total: float, bar: float, precision: int) -> bool:
    """Ask coverage itself whether the bar is missed: it rounds to its own precision, and never up to 100."""
    if not bar:
        return False
    try:
        from coverage.results import should_fail_under
    except ImportError:
        return total < bar
    return bool(should_fail_under(total, bar, precision))


def _version() -> str:
    return ".".join(str(part) for part in coverage.version_info[:3])
