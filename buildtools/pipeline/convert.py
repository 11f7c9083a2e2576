"""Nodes to typed values: every problem with its place, and every option tried even if another one is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import inspect as mi

from buildtools.pipeline.describe import Field, Form, Sequences, bare, shorthand, struct_fields, words
from buildtools.pipeline.problems import Problem, Problems
from buildtools.pipeline.scalars import Misfit, is_scalar, read_scalar
from buildtools.pipeline.source import Entries, Entry, Items, Node, Text, shape, shown


class _Bad:
    """The type of `BAD`."""


BAD: Final = _Bad()
"""returned in place of a value that could not be made; why is among the problems"""

_SCALARS = (mi.BoolType, mi.IntType, mi.FloatType, mi.LiteralType, mi.EnumType, mi.CustomType, mi.StrType)
"""in a union, a text is tried as these in this order"""


class Converter:
    """Converts nodes; `read` replaces a text's references, or returns `None` when it has noted why it cannot."""

    def __init__(self, problems: Problems, read: Callable[[Text], str | None]) -> None:
        self.problems = problems
        self.read = read

    def value(self, node: Node, form: Form, name: str) -> Any:
        """Return a node as a value of that form, or `BAD`. `name` is the option's, for messages."""
        kind = form.type
        if isinstance(kind, mi.UnionType):
            return self._union(node, form, name)
        if is_scalar(form):
            return self._scalar(node, form, name)
        if isinstance(kind, (*Sequences, mi.TupleType)):
            return self._sequence(node, form, name)
        if isinstance(kind, mi.DictType):
            return self._mapping(node, form, name)
        if isinstance(kind, mi.StructType):
            return self._struct(node, form, name)
        return self._misfit(node, form, name)

    def fields(self, node: Entries, fields: tuple[Field, ...], what: str) -> tuple[dict[str, Any], bool]:
        """Return the attributes that a mapping gives to a struct, and whether all is right with them.

        Those that are wrong are left out and noted.
        """
        known = {field.name: field for field in fields}
        found, right = {}, True
        for name, entry in node.entries.items():
            field = known.get(name)
            if field is None:
                self.problems.add(entry.key, f"{what} has no option {shown(name)}", self.problems.suggest(name, known))
                right = False
                continue
            if node.get(name) is None:
                continue
            value = self.value(entry.value, field.form, name)
            if value is BAD:
                right = False
            else:
                found[field.attribute] = value
        for field in fields:
            if field.required and node.get(field.name) is None:
                self.problems.add(node, f"{what} needs the option {field.name}: {words(field.form)}", field.description)
                right = False
        return found, right

    def _misfit(self, node: Node, form: Form, name: str, hint: str = "", found: str = "") -> Any:
        # A flag's place is its name already.
        what = "" if node.source.name == f"--{name}" else f"{name}: "
        message = f"{what}expected {words(form)}, found {found or shape(node)}"
        if isinstance(node, Text) and found and "${" in node.value and not node.source.hidden:
            message += f" (from {shown(node.value)})"
        self.problems.add(node, message, hint)
        return BAD

    def _scalar(self, node: Node, form: Form, name: str) -> Any:
        if not isinstance(node, Text):
            return self._misfit(node, form, name)
        text = self.read(node)
        if text is None:
            return BAD
        try:
            return read_scalar(text, form)
        except Misfit as misfit:
            return self._misfit(node, form, name, misfit.hint, shown(text) if text else "nothing")

    def _sequence(self, node: Node, form: Form, name: str) -> Any:
        kind = form.type
        # One value where several are allowed is a list of one.
        items = node.items if isinstance(node, Items) else (node,)
        if isinstance(kind, mi.TupleType):
            if len(items) != len(kind.item_types):
                return self._misfit(node, form, name)
            forms = [bare(item)[0] for item in kind.item_types]
        else:
            assert isinstance(kind, Sequences)
            forms = [bare(kind.item_type)[0]] * len(items)
            if isinstance(node, Entries) and not isinstance(forms[0].type, (mi.StructType, mi.DictType)):
                return self._misfit(node, form, name)
        values = [self.value(item, each, name) for item, each in zip(items, forms, strict=True)]
        if any(value is BAD for value in values):
            return BAD
        if isinstance(kind, mi.TupleType):
            return tuple(values)
        assert isinstance(kind, Sequences)
        if len(values) < (kind.min_length or 0) or (kind.max_length is not None and len(values) > kind.max_length):
            return self._misfit(node, form, name, _size(kind), f"{len(values)} values")
        return _COLLECTIONS[type(kind)](values)

    def _mapping(self, node: Node, form: Form, name: str) -> Any:
        kind = form.type
        assert isinstance(kind, mi.DictType)
        if not isinstance(node, Entries):
            return self._misfit(node, form, name)
        inner = bare(kind.value_type)[0]
        found = {key: self.value(entry.value, inner, f"{name}.{key}") for key, entry in node.entries.items()}
        return BAD if any(value is BAD for value in found.values()) else found

    def _struct(self, node: Node, form: Form, name: str) -> Any:
        kind = form.type
        assert isinstance(kind, mi.StructType)
        if isinstance(node, Text) and (key := shorthand(kind)):
            node = Entries(node.source, node.line, node.column, {key: Entry(node, node)})
        if not isinstance(node, Entries):
            return self._misfit(node, form, name)
        attributes, right = self.fields(node, struct_fields(kind), name)
        if not right:
            return BAD
        try:
            return kind.cls(**attributes)
        except (TypeError, ValueError) as error:
            self.problems.add(node, f"{name}: {error}")
            return BAD

    def _union(self, node: Node, form: Form, name: str) -> Any:
        assert isinstance(form.type, mi.UnionType)
        forms = [bare(part)[0] for part in form.type.types]
        optional = any(isinstance(part.type, mi.NoneType) for part in forms)
        if isinstance(node, Text) and node.plain and node.value in ("null", "~", "") and optional:
            return None
        fitting = [part for part in forms if _takes(part, node)]
        fitting.sort(key=lambda part: _SCALARS.index(type(part.type)) if type(part.type) in _SCALARS else 99)
        if not fitting:
            return self._misfit(node, form, name)
        if len(fitting) == 1:
            return self.value(node, fitting[0], name)
        first: list[Problem] = []
        for part in fitting:
            trial = Converter(Problems(), self.read)
            value = trial.value(node, part, name)
            if value is not BAD:
                return value
            first = first or trial.problems.found
        if isinstance(node, Text):
            text = self.read(node)
            return BAD if text is None else self._misfit(node, form, name, "", shown(text))
        self.problems.found += first
        return BAD


_COLLECTIONS: dict[type, Callable[[list[Any]], Any]] = {
    mi.ListType: list,
    mi.VarTupleType: tuple,
    mi.SetType: set,
    mi.FrozenSetType: frozenset,
}


def _takes(form: Form, node: Node) -> bool:
    """Whether a part of a union may take a node of this shape."""
    if isinstance(node, Text):
        return is_scalar(form) or isinstance(form.type, Sequences) or bool(shorthand(form.type))
    if isinstance(node, Items):
        return isinstance(form.type, (*Sequences, mi.TupleType))
    if isinstance(form.type, Sequences):
        return isinstance(bare(form.type.item_type)[0].type, (mi.StructType, mi.DictType))
    return isinstance(form.type, (mi.DictType, mi.StructType))


def _size(kind: Any) -> str:
    least = f"at least {kind.min_length}" if kind.min_length else ""
    most = f"at most {kind.max_length}" if kind.max_length is not None else ""
    return " and ".join(part for part in (least, most) if part).capitalize() + "."
