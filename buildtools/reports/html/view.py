"""What the parts of the page share: the run as it is shown, names of places in the page, and what may be quoted."""

from __future__ import annotations

import re

import msgspec

from buildtools.core.results import RunResult, StepRun
from buildtools.reports.html.markup import Html, element
from buildtools.reports.html.quotes import Quotes
from buildtools.reports.scene import Scene


class View(msgspec.Struct, frozen=True, kw_only=True):
    """`result` is cut to the page's bounds; `anchors` and `commands` (to run it again) are by its steps' ids."""

    result: RunResult
    scene: Scene
    anchors: dict[str, str]
    commands: dict[str, str]
    quotes: Quotes

    def link(self, run: StepRun) -> Html:
        """Return a link to a step."""
        return element("a", run.id, href=f"#{self.anchors[run.id]}", class_="to-step")


def view(result: RunResult, whole: RunResult, scene: Scene, quotes: Quotes) -> View:
    """Return the view of a run; `whole` is the same run before it was cut, whose ids the commands need."""
    anchors: dict[str, str] = {}
    taken: set[str] = set()
    for number, run in enumerate(result.steps, 1):
        anchor = "step-" + (re.sub(r"[^A-Za-z0-9_]+", "-", run.id).strip("-")[:60] or str(number))
        if anchor in taken:
            anchor = f"{anchor}-{number}"
        taken.add(anchor)
        anchors.setdefault(run.id, anchor)
    commands = {shown.id: scene.rerun(run.id) for shown, run in zip(result.steps, whole.steps, strict=True)}
    return View(result=result, scene=scene, anchors=anchors, commands=commands, quotes=quotes)
