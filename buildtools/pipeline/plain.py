"""Options that another program's settings hold as plain values: read as if they stood in a pipeline file."""

from __future__ import annotations

from collections.abc import Mapping

from buildtools.core.step import Step
from buildtools.pipeline.convert import Converter
from buildtools.pipeline.options import Plugin
from buildtools.pipeline.problems import InvalidFile, Problem, Problems
from buildtools.pipeline.source import Entries, Entry, Items, Node, Source, Text


def configured_by(plugin: type[Step], options: Mapping[str, object], *, name: str, place: str) -> Step:
    """Return a step with these options, by their names in kebab-case; mappings and lists of texts, numbers and truths.

    Raises `InvalidFile`; each problem names `place`.
    """
    problems = Problems()
    source = Source(place, "")
    step = Plugin(name, plugin).configure(_entries(source, options), Converter(problems, lambda text: text.value))
    if step is None or problems.found:
        raise InvalidFile(problems.found or [Problem(file=place, message=f"{name}: the options do not fit")])
    return step


def _entries(source: Source, mapping: Mapping[str, object]) -> Entries:
    entries = {}
    for key, value in mapping.items():
        text = Text(source, 0, 0, str(key))
        entries[text.value] = Entry(text, _node(source, value))
    return Entries(source, 0, 0, entries)


def _node(source: Source, value: object) -> Node:
    if isinstance(value, Mapping):
        return _entries(source, value)
    if isinstance(value, (list, tuple)):
        return Items(source, 0, 0, tuple(_node(source, item) for item in value))
    if value is None:
        return Text(source, 0, 0, "", plain=True)
    return Text(source, 0, 0, str(value).lower() if isinstance(value, bool) else str(value))
