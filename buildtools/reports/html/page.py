"""The page as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from buildtools.core.results import RunResult
from buildtools.core.wording import size
from buildtools.reports import closing
from buildtools.reports.html import assets, cases, coverage, findings, steps, timeline, trends, verdict
from buildtools.reports.html.bounds import Bounds, bounded
from buildtools.reports.html.data import Embedded, embedded, run_fields
from buildtools.reports.html.marks import sprite
from buildtools.reports.html.markup import EMPTY, Html, element
from buildtools.reports.html.quotes import Quotes
from buildtools.reports.html.trends import Trend
from buildtools.reports.html.view import view
from buildtools.reports.scene import ELSEWHERE, Scene

LIMIT = 8_000_000
"""Bytes that the run may take as JSON inside the page; above that, texts and then rows are left out, and it says so."""
_QUOTED = 2_000_000
_ROOMY = Bounds()
_TIGHTER = (
    Bounds(message=500, details=2_000, captured=500, passed=0, texts=2_000_000),
    Bounds(message=200, details=300, captured=0, passed=0, texts=500_000),
    Bounds(message=200, details=300, captured=0, passed=0, texts=500_000, rows=20_000),
    Bounds(message=100, details=100, captured=0, passed=0, texts=100_000, rows=2_000),
)


def render(result: RunResult, scene: Scene = ELSEWHERE, trends_of: Sequence[Trend] = ()) -> bytes:
    """Return the page as UTF-8, whatever text is in the result.

    Logs are read from the scene's record and lines of source from its root, as far as these are there.
    """
    shown, data, note = _fitting(result)
    quotes = Quotes(scene, _QUOTED)
    made = view(shown, result, scene, quotes)
    parts = [
        verdict.section(made),
        timeline.section(made),
        steps.section(made),
        findings.section(made),
        cases.section(made),
        coverage.section(made),
        trends.section(trends_of),
    ]
    kept = {path: lines for path, lines in quotes.kept.items() if lines}
    script = assets.script()
    body = [
        Html('<a class="skip" href="#verdict">To the verdict</a>'),
        sprite(),
        verdict.masthead(made),
        _bar(parts),
        element("main", *parts),
        _footer(shown, note),
        data.markup,
        embedded("quotes", kept).markup,
        element("script", script),
    ]
    return "".join(
        ("<!DOCTYPE html>\n", element("html", _head(shown, script), element("body", *body), lang="en"), "\n")
    ).encode()


def _fitting(result: RunResult) -> tuple[RunResult, Embedded, str]:
    """Return the run cut to what fits, its JSON, and what is to be said about it."""
    shown = bounded(result, _ROOMY)
    data = embedded("run", run_fields(shown))
    note = ""
    for bounds in _TIGHTER:
        if data.size <= LIMIT:
            break
        shown = bounded(result, bounds)
        data = embedded("run", run_fields(shown))
        note = f"This run would make a page of more than {size(LIMIT)}, so long texts"
        note += " and most rows" if bounds.rows < _ROOMY.rows else ""
        note += " are left out here; run.json and junit.xml have more."
    return shown, data, note


def _head(result: RunResult, script: str) -> Html:
    word, _, _ = closing.verdict(result.exit_code)
    style = assets.style()
    policy = (
        f"default-src 'none'; style-src {assets.digest(style)}; script-src {assets.digest(script)}; base-uri 'none';"
        " form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{word.capitalize()}: {result.pipeline}"),
        element("style", style),
    )


def _bar(parts: Iterable[Html]) -> Html:
    """Return the way through the page; the script adds the filters to it."""
    names = ("verdict", "timeline", "steps", "findings", "tests", "coverage", "trends")
    there = [name for name, part in zip(names, parts, strict=True) if part]
    links = [element("li", element("a", name.capitalize(), href=f"#{name}")) for name in there]
    return element("nav", element("ul", *links), id="bar", aria_label="Parts of the report")


def _footer(result: RunResult, note: str) -> Html:
    words = f"Made by buildtools {result.version}".strip() + f", results of version {result.schema_version}."
    return element("footer", element("p", note, class_="note") if note else EMPTY, element("p", words), id="footer")
