"""The kinds of reports that `--report KIND=PATH` can ask for, and what renders each: the one table of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from buildtools.core.results import RunResult
    from buildtools.reports.scene import Scene

# The names stand in the help of the command line: nothing heavy is imported before a report is rendered.


def _junit(result: RunResult, scene: Scene) -> bytes:
    from buildtools.reports.junit import render

    return render(result, scene)


def _xunit10(result: RunResult, scene: Scene) -> bytes:
    from buildtools.reports.junit import XUNIT10, render

    return render(result, scene, flavour=XUNIT10)


def _ant(result: RunResult, scene: Scene) -> bytes:
    from buildtools.reports.junit import ANT, render

    return render(result, scene, flavour=ANT)


def _json(result: RunResult, _scene: Scene) -> bytes:
    from buildtools.reports.run_json import render

    return render(result)


def _sarif(result: RunResult, scene: Scene) -> bytes:
    from buildtools.reports.sarif import render

    return render(result, scene)


def _checkstyle(result: RunResult, scene: Scene) -> bytes:
    from buildtools.reports.checkstyle import render

    return render(result, scene)


def _parseable(result: RunResult, scene: Scene) -> bytes:
    from buildtools.reports.parseable import render

    return render(result, scene)


def _codequality(result: RunResult, scene: Scene) -> bytes:
    from buildtools.reports.codequality import render

    return render(result, scene)


def _markdown(result: RunResult, scene: Scene) -> bytes:
    from buildtools.reports.markdown import render

    return render(result, scene)


def _html(result: RunResult, scene: Scene) -> bytes:
    from buildtools.reports.html.page import render

    return render(result, scene, scene.trends)


RENDERERS: dict[str, Callable[[RunResult, Scene], bytes]] = {
    "junit": _junit,
    "junit:rich": _junit,
    "junit:xunit10": _xunit10,
    "junit:ant": _ant,
    "json": _json,
    "sarif": _sarif,
    "checkstyle": _checkstyle,
    "parseable": _parseable,
    "codequality": _codequality,
    "markdown": _markdown,
    "html": _html,
}

_XML = rb'<\?xml version="1\.0" encoding="UTF-8"\?>\n'
_JUNIT = _XML + rb"<testsuites\b"
BEGINNINGS: dict[str, bytes] = {
    "junit": _JUNIT,
    "junit:rich": _JUNIT,
    "junit:xunit10": _JUNIT,
    "junit:ant": _JUNIT,
    "json": rb'{\n  "schema_version": \d+,\n  "exit_code": ',
    "sarif": rb'{"\$schema":"[^"\n]+","version":"2\.1\.0","runs":\[',
    "checkstyle": _XML + rb'<checkstyle version="4\.3">\n',
    "parseable": rb"\Z|[^:\n]*:\d+: \[[^\n]*, \] ",
    "codequality": rb'\[\]\n\Z|\[{"description":"[^\n]*"check_name":"',
    "markdown": rb"## [A-Z]+: (?:<code>|run\n)",
    "html": rb"<!DOCTYPE html>\n<html [^>]*><head><meta [^>]*><meta http-equiv=.Content-Security-Policy. content=",
}
"""how what a renderer writes begins, so that an old report is known from a file of the user's; patterns"""

ALWAYS = (("junit", "junit.xml"), ("json", "run.json"), ("html", "report.html"))
"""what every run writes into the reports folder, in this order: (kind, file)"""
