"""A part of the page: a heading, a word about all of it, and what it holds."""

from __future__ import annotations

from buildtools.reports.html.markup import EMPTY, Html, element, spaced


def part(name: str, summary: str, *body: str) -> Html:
    """Return a part with an id of its own; the script puts the part's controls beside its heading."""
    words = element("p", summary, class_="sum") if summary else EMPTY
    head = element("div", spaced(element("h2", name), words), class_="head")
    return element("section", head, *body, id=name.lower(), class_="part")
