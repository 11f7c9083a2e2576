"""Cobertura's coverage XML, as coverage.py, gcovr, coverlet, Istanbul and others write it."""

from __future__ import annotations

import re

from buildtools.plugin import StepResult
from buildtools.steps.imported.elements import Element, walk
from buildtools.steps.imported.hits import Hits
from buildtools.steps.imported.imported import Imported, Unreadable

_CONDITIONS = re.compile(r".*\(\s*(\d{1,9})\s*/\s*(\d{1,9})\s*\)\s*")
_INTEGER = re.compile(r"-?\d{1,30}")


def read(data: bytes) -> Imported:
    """Read what was executed of each file. Raises `Unreadable`."""
    classes = _Classes()
    walk(data, classes)
    files = tuple(hits.file(path) for path, hits in classes.files.items())
    return Imported(
        result=StepResult(coverage=files),
        sources=tuple(dict.fromkeys(classes.sources)),
        nothing=not any(file.lines for file in files),
    )


class _Classes:
    whole = frozenset({"source", "class"})

    def __init__(self) -> None:
        self.sources: list[str] = []
        self.files: dict[str, Hits] = {}
        self._begun = False

    def begin(self, element: Element) -> None:
        if not self._begun and element.name != "coverage":
            raise Unreadable(f"its element is <{element.name}>, not <coverage>")
        if element.name == "project":
            raise Unreadable("is Clover's form, not Cobertura's")
        self._begun = True

    def end(self, element: Element) -> None:
        if element.name == "source" and element.text.strip():
            self.sources.append(element.text.strip())
        elif element.name == "class":
            path = element.attributes.get("filename", "")
            if not path:
                raise Unreadable("a class without a filename")
            hits = self.files.setdefault(path, Hits())
            for part in element.children:
                # A method's lines stand among the class's again, but not with everybody.
                methods = part.children if part.name == "methods" else []
                for lines in (part, *(child for method in methods for child in method.children)):
                    if lines.name == "lines":
                        _take(hits, lines)


def _take(hits: Hits, lines: Element) -> None:
    for line in lines.children:
        if line.name != "line":
            continue
        known = line.attributes
        texts = known.get("number", ""), known.get("hits", "")
        if not all(map(_INTEGER.fullmatch, texts)):
            raise Unreadable(f"a line with the number {texts[0][:40]!r} and the hits {texts[1][:40]!r}")
        number, times = map(int, texts)
        hits.line(number, hit=times > 0)
        if conditions := _CONDITIONS.fullmatch(known.get("condition-coverage", "")):
            hits.branch(number, int(conditions[1]), int(conditions[2]))
        for target in known.get("missing-branches", "").split(","):  # coverage.py's own
            if target == "exit" or target.isdecimal():
                hits.jumps.add((number, 0 if target == "exit" else int(target[:9])))
