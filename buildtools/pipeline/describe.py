"""What a plugin's options are, read off its fields: for conversion, flags, pages and the JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import PurePath
from typing import Any

import msgspec
from msgspec import inspect as mi

from buildtools.core.step import Step

Sequences = (mi.ListType, mi.VarTupleType, mi.SetType, mi.FrozenSetType)
_TEXTS = (mi.StrType, mi.IntType, mi.FloatType, mi.BoolType, mi.LiteralType, mi.EnumType, mi.CustomType)


class BadOption(TypeError):
    """A plugin declares an option that cannot be filled from text."""


class Form(msgspec.Struct, frozen=True, eq=False):
    """The type of an option's value: msgspec's description, without its annotations, and whether it is a duration."""

    type: mi.Type
    duration: bool = False


class Field(msgspec.Struct, frozen=True, eq=False):
    """One option of a plugin, or one key of a structured option."""

    name: str
    attribute: str
    form: Form
    required: bool
    default: Any
    description: str


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One option as people see it.

    `type` is in words ("list of text"), `default` as it would be written (`""` for none); `flag` options are true or
    false, `many` ones take several values, `mapping` ones pairs `key=value`; `fields` are the keys of a structured one.
    """

    name: str
    type: str
    default: str = ""
    description: str = ""
    required: bool = False
    flag: bool = False
    many: bool = False
    mapping: bool = False
    choices: tuple[str, ...] = ()
    fields: tuple[Option, ...] = ()


def fields_of(cls: type[msgspec.Struct]) -> tuple[Field, ...]:
    """Return the options of a Step class, or the keys of a nested struct. Raises `BadOption`."""
    try:
        info = mi.type_info(cls)
    except Exception as error:  # whatever a foreign annotation makes typing raise
        raise BadOption(f"the options of {cls.__name__} cannot be read: {error}") from error
    assert isinstance(info, mi.StructType)
    return struct_fields(info)


def struct_fields(info: mi.StructType, _outer: tuple[type, ...] = ()) -> tuple[Field, ...]:
    """Return the fields of a struct's description. Raises `BadOption`, also for a struct within itself."""
    if info.cls in _outer:
        raise BadOption(f"the structure {info.cls.__name__} contains itself")
    found = []
    for field in info.fields:
        form, description = bare(field.type)
        name = field.encode_name if field.encode_name != field.name else kebab(field.name)
        _check(form.type, name, (*_outer, info.cls))
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        found.append(Field(name, field.name, form, field.required, default, description))
    return tuple(found)


def bare(kind: mi.Type) -> tuple[Form, str]:
    """Take a type's annotations off; return its form and description."""
    description, duration = "", False
    while isinstance(kind, mi.Metadata):
        description = description or (kind.extra_json_schema or {}).get("description", "")
        duration = duration or (kind.extra or {}).get("form") == "duration"
        kind = kind.type
    if isinstance(kind, mi.UnionType):
        duration = duration or any(bare(part)[0].duration for part in kind.types)
    return Form(kind, duration), " ".join(str(description).split())


def options_of(plugin: type[Step]) -> tuple[Option, ...]:
    """Return the options of a plugin as people see them, in the order in which it declares them. Raises `BadOption`."""
    return tuple(_option(field) for field in fields_of(plugin))


def shorthand(kind: mi.Type) -> str:
    """Return the key that a text alone fills where a struct is asked for; empty if that takes a mapping.

    A struct says so by its class variable `shorthand`.
    """
    return str(getattr(kind.cls, "shorthand", "")) if isinstance(kind, mi.StructType) else ""


def summary_of(plugin: type) -> str:
    """Return the first line of a class's own docstring."""
    return ((plugin.__dict__.get("__doc__") or "").strip().splitlines() or [""])[0]


def kebab(name: str) -> str:
    """Return a name in kebab-case: `JsLint` and `js_lint` become `js-lint`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name)
    return parted.replace("_", "-").strip("-").lower()


def parts(kind: mi.Type) -> tuple[mi.Type, ...]:
    """Return the alternatives of a union, annotations kept, or the type alone."""
    plain = bare(kind)[0].type
    return tuple(plain.types) if isinstance(plain, mi.UnionType) else (kind,)


def words(form: Form, *, brief: bool = False) -> str:
    """Say what values a type takes: "a whole number of at least 1", in `brief` "whole number, at least 1"."""
    kind = form.type
    if isinstance(kind, mi.UnionType):
        kinds = [bare(part)[0] for part in kind.types]
        said = [words(part, brief=brief) for part in kinds if not isinstance(part.type, mi.NoneType)]
        return " or ".join(said)
    if form.duration:
        return "duration such as 90s or 5m" if brief else "a duration such as 90, 90s, 5m or 1h30m"
    if isinstance(kind, (mi.LiteralType, mi.EnumType)):
        names = choices(kind)
        return "one of " + ", ".join(names) if len(names) > 1 else "".join(names)
    article = "" if brief or isinstance(kind, mi.BoolType) else "a "
    return article + (_collection_words(kind, brief=brief) or _text_words(kind, brief=brief))


def _collection_words(kind: mi.Type, *, brief: bool) -> str:
    if isinstance(kind, Sequences):
        return f"list of {words(bare(kind.item_type)[0], brief=True)}"
    if isinstance(kind, mi.TupleType):
        return f"list of {len(kind.item_types)} values"
    if isinstance(kind, mi.DictType):
        return f"mapping of names to {words(bare(kind.value_type)[0], brief=True)}"
    if isinstance(kind, mi.StructType):  # whoever wants it brief is told its keys one by one
        alone = f"text ({shorthand(kind)}) or {'' if brief else 'a '}" if shorthand(kind) else ""
        keys = "" if brief else f" with {', '.join(field.name for field in struct_fields(kind))}"
        return f"{alone}mapping{keys}"
    return ""


def choices(kind: mi.Type) -> tuple[str, ...]:
    """Return the texts that a literal or enum type takes; empty for other types."""
    if isinstance(kind, mi.LiteralType):
        return tuple(str(value) for value in kind.values)
    if isinstance(kind, mi.EnumType):
        return tuple(str(member.value) for member in kind.cls)
    return ()


def _text_words(kind: mi.Type, *, brief: bool) -> str:
    if isinstance(kind, mi.BoolType):
        return "true or false"
    if isinstance(kind, (mi.IntType, mi.FloatType)):
        said = "whole number" if isinstance(kind, mi.IntType) else "number"
        of = "" if brief else "of "
        bounds = ((f"{of}at least", kind.ge), ("above", kind.gt), (f"{of}at most", kind.le), ("below", kind.lt))
        limits = [f"{what} {limit:g}" for what, limit in bounds if limit is not None]
        return f"{said}{', ' if brief and limits else ' ' if limits else ''}{' and '.join(limits)}"
    if isinstance(kind, mi.StrType):
        if kind.pattern:
            return f"text that matches {kind.pattern}"
        return "text that is not empty" if kind.min_length == 1 else "text"
    return "path"


def _option(field: Field) -> Option:
    kinds = [bare(part)[0].type for part in parts(field.form.type)]
    real = [kind for kind in kinds if not isinstance(kind, mi.NoneType)]
    structs = [kind for kind in real if isinstance(kind, mi.StructType)]
    return Option(
        name=field.name,
        type=words(field.form, brief=True),
        default="" if field.required else _written(field.default),
        description=field.description,
        required=field.required,
        flag=len(real) == 1 and isinstance(real[0], mi.BoolType),
        many=any(isinstance(kind, (*Sequences, mi.TupleType)) for kind in real),
        mapping=any(isinstance(kind, mi.DictType) for kind in real),
        choices=tuple(choice for kind in real for choice in choices(kind)) if len(real) == 1 else (),
        fields=tuple(_option(inner) for kind in structs[:1] for inner in struct_fields(kind)),
    )


def _written(value: Any) -> str:
    """Return a default as a person would write it."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or value is msgspec.NODEFAULT or isinstance(value, msgspec.Struct):
        return ""
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"[{', '.join(_written(item) for item in value)}]" if value else ""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_written(item)}' for key, item in value.items())}}}" if value else ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _check(kind: mi.Type, name: str, outer: tuple[type, ...]) -> None:
    """Raise `BadOption` if a type, or one within it, cannot be filled from text."""
    kind = bare(kind)[0].type
    if isinstance(kind, mi.StructType):
        struct_fields(kind, outer)
        return
    if isinstance(kind, mi.CustomType):
        if not issubclass(getattr(kind.cls, "__origin__", kind.cls), PurePath):
            raise BadOption(f"its option {name} has the type {kind.cls!r}, which cannot be written in a file")
    elif not isinstance(kind, (*_TEXTS, *Sequences, mi.TupleType, mi.DictType, mi.UnionType, mi.NoneType)):
        raise BadOption(f"its option {name} has a type that cannot be written in a file ({type(kind).__name__})")
    for inner in _inner(kind):
        _check(inner, name, outer)
    if isinstance(kind, mi.DictType) and not isinstance(bare(kind.key_type)[0].type, mi.StrType):
        raise BadOption(f"its option {name} is a dict whose keys are not str")


def _inner(kind: mi.Type) -> Iterator[mi.Type]:
    if isinstance(kind, Sequences):
        yield kind.item_type
    elif isinstance(kind, mi.DictType):
        yield kind.value_type
    elif isinstance(kind, mi.UnionType):
        yield from kind.types
    elif isinstance(kind, mi.TupleType):
        yield from kind.item_types
