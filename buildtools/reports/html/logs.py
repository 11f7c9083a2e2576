"""The output of each step: its beginning and its end, in its colours."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import msgspec

from buildtools.core.results import StepRun
from buildtools.core.wording import size
from buildtools.reports.html.colours import coloured
from buildtools.reports.html.markup import EMPTY, Html, element, spaced
from buildtools.reports.html.view import View

_HEAD, _TAIL = 8_000, 32_000
_BAD_HEAD, _BAD_TAIL = 24_000, 72_000
_MANY = 40
"""Steps from which on each one's log gets shorter, so that all of them stay within a bound"""


class Excerpted(msgspec.Struct, frozen=True):
    """Parts of an output; `lost` bytes between head and tail are left out."""

    head: str
    tail: str = ""
    lost: int = 0
    whole: int = 0


def folded(view: View, run: StepRun, *, bad: bool) -> Html:
    """Return a step's output, folded; empty if it wrote nothing."""
    part = max(len(view.result.steps) / _MANY, 1.0)
    head, tail = (_BAD_HEAD, _BAD_TAIL) if bad else (_HEAD, _TAIL)
    found = _read(view, run, int(head / part), int(tail / part))
    if found is None or not (found.head.strip() or found.tail.strip()):
        return EMPTY
    mask = view.scene.mask
    shown = [coloured(mask(found.head))]
    if found.lost:
        shown.append(
            element("span", f"\n[{size(found.lost)} left out; all of it is in {_place(view, run)}]\n", class_="gap")
        )
        shown.append(coloured(mask(found.tail)))
    summary = spaced("Output", element("span", size(found.whole), class_="count"))
    return element(
        "details",
        element("summary", summary),
        element("pre", *shown, class_="log", tabindex=0, role="region", aria_label=f"Output of {run.id}"),
        _link(view, run) if found.lost else EMPTY,
        class_="output-of",
    )


def _read(view: View, run: StepRun, head: int, tail: int) -> Excerpted | None:
    path = _file(view, run)
    if path is None:
        return Excerpted(run.tail, whole=len(run.tail.encode("utf-8", "replace"))) if run.tail else None
    try:
        with path.open("rb") as file:
            whole = os.fstat(file.fileno()).st_size
            if whole <= head + tail:
                return Excerpted(_text(file.read()), whole=whole)
            first = file.read(head)
            file.seek(whole - tail)
            last = file.read(tail)
    except OSError:
        return Excerpted(run.tail, whole=len(run.tail.encode("utf-8", "replace"))) if run.tail else None
    # At the ends of lines, so that no sequence is torn in two; a line without an end is torn all the same.
    first = first[: first.rfind(b"\n") + 1] or first
    last = last[last.find(b"\n") + 1 :] if b"\n" in last[:-1] else last
    return Excerpted(_text(first), _text(last), whole - len(first) - len(last), whole)


def _file(view: View, run: StepRun) -> Path | None:
    record = view.scene.record
    if record is None or not run.log or "\0" in run.log:
        return None
    path = record / run.log
    inside = os.path.normpath(path).startswith(os.path.normpath(record) + os.sep)
    return path if inside and path.is_file() else None


def _place(view: View, run: StepRun) -> str:
    path = _file(view, run)
    if path is None:
        return run.log
    root = view.scene.root
    return path.relative_to(root).as_posix() if root and path.is_relative_to(root) else path.as_posix()


def _link(view: View, run: StepRun) -> Html:
    """Return a link to the whole output, which is only there as long as the run's record is."""
    path, folder = _file(view, run), view.scene.folder
    if path is None or folder is None:
        return EMPTY
    href = quote(os.fsencode(os.path.relpath(path, folder)))
    return element("p", element("a", f"All of it: {_place(view, run)}", href=href), class_="whole")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
