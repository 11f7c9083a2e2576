"""A plugin's options, from what was written to a configured step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from buildtools.core.step import Step
from buildtools.pipeline.convert import BAD, Converter
from buildtools.pipeline.describe import Field, fields_of, options_of
from buildtools.pipeline.problems import InvalidFile, Problem, Problems, suggest
from buildtools.pipeline.scalars import Misfit, duration
from buildtools.pipeline.source import Entries, Entry, Items, Node, Source, Text, shown
from buildtools.pipeline.values import uses_steps

FlagValue = str | bool | Sequence[str]
"""what a flag holds: a text, a switch's state, or the texts of a flag given several times"""


class Plugin:
    """A step class and its fields, read once for all steps that use it."""

    def __init__(self, name: str, cls: type[Step]) -> None:
        """Raises `BadOption` if an option's type cannot be filled from text."""
        self.name = name
        self.cls = cls
        self.fields: tuple[Field, ...] = fields_of(cls)

    def configure(self, node: Entries, convert: Converter) -> Step | None:
        """Return the step that a `with` describes, checked by itself too; `None` if it has problems."""
        attributes, right = convert.fields(node, self.fields, self.name)
        return self.build(attributes, node, convert.problems) if right else None

    def build(self, attributes: Mapping[str, Any], node: Entries, problems: Problems) -> Step | None:
        """Return the step with these attributes; `None` if it does not accept them, which is then in `problems`."""
        before = len(problems)
        try:
            step = self.cls(**attributes)
            for option, message in step.check_options():
                _note(problems, node, option, message)
        except (TypeError, ValueError) as error:
            problems.add(node, f"{self.name}: {error}")
        except Exception as error:  # a plugin is foreign code: whatever it raises is its fault, told by its name
            problems.add(node, f"the plugin {self.name} failed to check its options: {type(error).__name__}: {error}")
        return step if len(problems) == before else None

    def check(self, node: Entries, convert: Converter, late: set[str]) -> dict[str, Any]:
        """Note the problems of all options but the `late` ones, whose values are not known yet; return the rest."""
        needed = tuple(_optional(field) if field.name in late else field for field in self.fields)
        known, right = convert.fields(_only(node, node.entries.keys() - late), needed, self.name)
        if right:
            self._check_together(known, node, convert.problems, late)
        return known

    def _check_together(self, known: Mapping[str, Any], node: Entries, problems: Problems, late: set[str]) -> None:
        """Note what the step itself says of the known options; the late ones stand there as they were written."""
        raw = Converter(Problems(), lambda text: text.value)
        fields = tuple(_optional(field) for field in self.fields)
        written, _ = raw.fields(_only(node, late), fields, self.name)
        stand_ins = {name: value for name, value in written.items() if value is not BAD}
        try:
            said = list(self.cls(**{**stand_ins, **known}).check_options())
        except Exception:  # it may be for want of the late values: then it is told when the step starts
            return
        for option, message in said:
            if option and option not in late:
                _note(problems, node, option, message)


def _note(problems: Problems, node: Entries, option: str, message: str) -> None:
    """Add what a step says of an option, or of all with an empty one; a flag, as a place, names its option itself."""
    entry = node.entries.get(option)
    named = not option or (entry is not None and entry.value.source.name == _flag(option))
    problems.add(_meant(entry.value, message) if entry else node, message if named else f"{option}: {message}")


def _meant(value: Node, message: str) -> Node:
    """Return the item of a list that a message quotes or begins with, else the value itself."""
    texts = [item for item in value.items if isinstance(item, Text)] if isinstance(value, Items) else []
    named = (item for item in texts if repr(item.value) in message or message.startswith(f"{item.value}:"))
    return next(named, value)


def _flag(option: str) -> str:
    return f"--{option.replace('.', '-')}"


def _only(node: Entries, names: Set[str]) -> Entries:
    entries = {name: entry for name, entry in node.entries.items() if name in names}
    return Entries(node.source, node.line, node.column, entries)


def late_options(node: Entries) -> set[str]:
    """Return the options of a `with` that use outputs of steps."""
    return {name for name, entry in node.entries.items() if any(uses_steps(text.value) for text in texts_in(entry))}


def texts_in(node: Node | Entry) -> list[Text]:
    """Return every text that is a value within a node."""
    found: list[Text] = []
    stack: list[Node] = [node.value if isinstance(node, Entry) else node]
    while stack:
        top = stack.pop()
        if isinstance(top, Text):
            found.append(top)
        elif isinstance(top, Items):
            stack += top.items
        elif isinstance(top, Entries):
            stack += [entry.value for entry in top.entries.values()]
    return found


def configured(plugin: type[Step], values: Mapping[str, FlagValue], *, name: str = "") -> Step:
    """Return a step with options from flags, by their names in kebab-case; `coverage.branch` is one within another.

    A list of texts fills a list, or as `key=value` a mapping. Raises `InvalidFile`; each problem names its flag.
    """
    problems = Problems()
    known = Plugin(name or plugin.name or plugin.__name__, plugin)
    mappings = {option.name for option in options_of(plugin) if option.mapping}
    entries: dict[str, Entry] = {}
    for option, value in values.items():
        outer, _, inner = option.partition(".")
        source = Source(_flag(option), "")
        node = _mapping(source, value, problems) if outer in mappings and not inner else _node(source, value)
        key = Text(source, 0, 0, inner or outer)
        if not inner:
            entries[outer] = Entry(key, node)
            continue
        held = entries.setdefault(outer, Entry(Text(source, 0, 0, outer), Entries(source, 0, 0, {}))).value
        if isinstance(held, Entries):
            held.entries[inner] = Entry(key, node)
        else:
            problems.add(key, f"it cannot stand together with --{outer}")
            entries.pop(outer)
            break
    names = {field.name for field in known.fields}
    for option, entry in list(entries.items()):
        if option not in names:
            problems.add(entry.key, f"{known.name} has no option {shown(option)}", suggest(option, names))
            del entries[option]
    node = Entries(Source("", ""), 0, 0, entries)
    step = known.configure(node, Converter(problems, lambda text: text.value))
    if step is None or problems.found:
        raise InvalidFile(problems.found or [Problem(file="", message=f"{known.name}: the options do not fit")])
    return step


def parse_duration(text: str) -> float:
    """Return the seconds of `90`, `90s`, `5m`, `1h30m`. Raises `ValueError` with a message for people."""
    try:
        return duration(text)
    except Misfit:
        raise ValueError(f"{shown(text)} is no duration such as 90, 90s, 5m or 1h30m") from None


def _node(source: Source, value: FlagValue) -> Node:
    if isinstance(value, bool):
        return Text(source, 0, 0, "true" if value else "false")
    if isinstance(value, str):
        return Text(source, 0, 0, value)
    return Items(source, 0, 0, tuple(Text(source, 0, 0, item) for item in value))


def _mapping(source: Source, value: FlagValue, problems: Problems) -> Entries:
    entries: dict[str, Entry] = {}
    for pair in [value] if isinstance(value, str) else list(value) if not isinstance(value, bool) else []:
        name, equals, text = pair.partition("=")
        if equals:
            entries[name] = Entry(Text(source, 0, 0, name), Text(source, 0, 0, text))
        else:
            problems.add(Text(source, 0, 0, pair), f"expected key=value, found {shown(pair)}")
    return Entries(source, 0, 0, entries)


def _optional(field: Field) -> Field:
    return Field(field.name, field.attribute, field.form, False, field.default, field.description)
