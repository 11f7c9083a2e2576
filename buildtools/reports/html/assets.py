"""The page's own style and script: each is many small files, and one element in the page."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from buildtools.reports.html.markup import Html

_STYLES = ("base", "top", "tables", "steps", "rows", "numbers", "logs", "media")
_SCRIPTS = (
    *("elements", "kept", "data", "state", "pages", "tabs", "findings", "tests"),
    *("filters", "taking", "links", "keys", "paper", "begin"),
)
"""In this order: what is set at once comes before what uses it, and `begin` starts it all."""


def style() -> Html:
    """Return the style."""
    return Html("".join(_text("style", f"{name}.css") for name in _STYLES))


def script() -> Html:
    """Return the script, which leaves no name behind in the page."""
    return Html('(() => {\n"use strict";\n' + "".join(_text("script", f"{name}.js") for name in _SCRIPTS) + "})();\n")


def digest(text: str) -> str:
    """Return what a content security policy allows an element with this text by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(folder: str, name: str) -> str:
    return (Path(__file__).parent / folder / name).read_text(encoding="utf-8")
