"""The JSON Schema of a pipeline file, with the options of every plugin that can be named.

Draft-07, which the YAML language servers of the editors read best. Editors see YAML's own types where buildtools reads
texts, so that a text may look like a number or a boolean to them; wherever a type is asked for, a text with `${…}` is
accepted, since its value is not known there.
"""

from __future__ import annotations

from typing import Any

from msgspec import inspect as mi

from buildtools.pipeline.conditions import KEYS as WHEN_KEYS
from buildtools.pipeline.conditions import SYSTEMS
from buildtools.pipeline.describe import (
    Field,
    Form,
    Sequences,
    bare,
    choices,
    fields_of,
    shorthand,
    struct_fields,
    summary_of,
)
from buildtools.pipeline.draft import NAME, Settings
from buildtools.pipeline.options import Plugin
from buildtools.pipeline.registry import PluginError, Registry

Schema = dict[str, Any]

_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
"""any one text, whatever YAML's types make of it"""
_REFERENCE: Schema = {"type": "string", "pattern": r"\$\{"}
_SWITCHES = ("true", "false", "yes", "no", "on", "off")
_BOOLEAN: Schema = {"enum": [True, False, *(word for name in _SWITCHES for word in (name, name.upper(), name.title()))]}
_PROPERTY_NAME = "^[A-Za-z_][A-Za-z0-9_.-]*$"


def build_schema(registry: Registry | None = None) -> Schema:
    """Return the schema, JSON-safe. Plugins of `registry` (default: those installed) that are broken are left open."""
    registry = registry or Registry()
    plugins: dict[str, Plugin] = {}
    summaries: dict[str, str] = {}
    for info in registry.listing():
        try:
            plugins[info.name] = registry.find(info.name)
        except PluginError:
            continue
        summaries[info.name] = info.summary or summary_of(plugins[info.name].cls)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "buildtools pipeline",
        "type": "object",
        "required": ["steps"],
        "additionalProperties": False,
        "properties": {
            "name": {**_SCALAR, "description": "the pipeline's name; default: the file's or the folder's"},
            "properties": {
                "description": "named values, used as ${name}",
                "type": ["object", "null"],
                "propertyNames": {"pattern": _PROPERTY_NAME},
                "additionalProperties": _SCALAR,
            },
            "properties-files": {**_some(_SCALAR), "description": "files with more properties; `name?` may be missing"},
            "secrets-file": {"type": ["string", "null"], "description": "a file of mode 0600 with secrets"},
            "env": {**_named(_SCALAR), "description": "environment variables of every step"},
            "steps": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": f"^{NAME}$"},
                "additionalProperties": {"$ref": "#/definitions/step"},
            },
        },
        "definitions": {
            "step": _step(plugins, summaries),
            "when": _when(),
            "matrix": _matrix(),
            **{f"with-{name}": _struct(plugin.fields) for name, plugin in plugins.items()},
        },
    }


def _step(plugins: dict[str, Plugin], summaries: dict[str, str]) -> Schema:
    named = [{"const": name, "description": summaries[name]} for name in plugins]
    other = {"type": "string", "description": "package.module:Class, ./file.py:Class, or a plugin's name"}
    return {
        "type": "object",
        "required": ["uses"],
        "additionalProperties": False,
        "properties": {
            "uses": {"anyOf": [*named, other], "description": "the plugin"},
            "with": {"type": ["object", "null"], "description": "the plugin's options"},
            "needs": {
                **_some({"type": ["string", "number"]}),
                "description": "steps to wait for, instead of the order",
            },
            "when": {"anyOf": [{"$ref": "#/definitions/when"}, {"type": "null"}]},
            "env": _named(_SCALAR),
            "cwd": {**_SCALAR, "description": "where it works, relative to the project"},
            "matrix": {"anyOf": [{"$ref": "#/definitions/matrix"}, {"type": "null"}]},
            **{field.name: _field(field) for field in fields_of(Settings)},
        },
        "allOf": [
            {
                "if": {"required": ["uses"], "properties": {"uses": {"const": name}}},
                "then": _with(name, plugin),
            }
            for name, plugin in plugins.items()
        ],
    }


def _with(name: str, plugin: Plugin) -> Schema:
    """Return what a step with this plugin must hold."""
    reference = {"$ref": f"#/definitions/with-{name}"}
    if any(field.required for field in plugin.fields):
        return {"required": ["with"], "properties": {"with": reference}}
    return {"properties": {"with": {"anyOf": [reference, {"type": "null"}]}}}


def _when() -> Schema:
    several = _some(_SCALAR)
    shapes: dict[str, Schema] = {
        "env": _named(several),
        "property": _named(several),
        "os": _some({"enum": sorted(SYSTEMS)}),
        "not": {"$ref": "#/definitions/when"},
    }
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {key: shapes.get(key, several) for key in WHEN_KEYS},
    }


def _matrix() -> Schema:
    combination = {"type": "object", "minProperties": 1, "additionalProperties": _SCALAR}
    items = {"anyOf": [combination, {"type": "array", "items": combination}, {"type": "null"}]}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {"include": items, "exclude": items},
        "additionalProperties": _some(_SCALAR),
    }


def _struct(fields: tuple[Field, ...]) -> Schema:
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _field(field) for field in fields},
    }
    required = [field.name for field in fields if field.required]
    return {**schema, "required": required} if required else schema


def _field(field: Field) -> Schema:
    """Return one option's schema; `option:` with nothing behind it counts as not given."""
    alternatives = _alternatives(field.form)
    if not field.required and {"type": "null"} not in alternatives:
        alternatives = [*alternatives, {"type": "null"}]
    schema: Schema = {"anyOf": alternatives} if len(alternatives) > 1 else dict(alternatives[0])
    return {**schema, "description": field.description} if field.description else schema


def _alternatives(form: Form) -> list[Schema]:
    kind = form.type
    if isinstance(kind, mi.UnionType):
        found: list[Schema] = []
        for part in kind.types:
            found += [each for each in _alternatives(bare(part)[0]) if each not in found]
        return found
    if isinstance(kind, mi.NoneType):
        return [{"type": "null"}, {"const": "~"}]
    if isinstance(kind, (*Sequences, mi.TupleType)):
        return _sequence(kind)
    if isinstance(kind, mi.DictType):
        return [{"type": "object", "additionalProperties": _value(bare(kind.value_type)[0])}]
    if isinstance(kind, mi.StructType):
        fields = struct_fields(kind)
        alone = [each for field in fields if field.name == shorthand(kind) for each in _alternatives(field.form)]
        return [_struct(fields), *alone]
    return _scalar(form)


def _sequence(kind: Any) -> list[Schema]:
    if isinstance(kind, mi.TupleType):
        size = len(kind.item_types)
        items = [_value(bare(item)[0]) for item in kind.item_types]
        return [{"type": "array", "items": items, "minItems": size, "maxItems": size}]
    item = bare(kind.item_type)[0]
    array: Schema = {"type": "array", "items": _value(item)}
    if kind.min_length:
        array["minItems"] = kind.min_length
    if kind.max_length is not None:
        array["maxItems"] = kind.max_length
    return [array, *_alternatives(item)]


def _value(form: Form) -> Schema:
    alternatives = _alternatives(form)
    return {"anyOf": alternatives} if len(alternatives) > 1 else alternatives[0]


def _scalar(form: Form) -> list[Schema]:
    kind = form.type
    if isinstance(kind, mi.BoolType):
        return [_BOOLEAN, _REFERENCE]
    if isinstance(kind, (mi.IntType, mi.FloatType)):
        bounds = {"minimum": kind.ge, "exclusiveMinimum": kind.gt, "maximum": kind.le, "exclusiveMaximum": kind.lt}
        limits = {name: limit for name, limit in bounds.items() if limit is not None}
        number: Schema = {"type": "integer" if isinstance(kind, mi.IntType) else "number", **limits}
        pattern = r"^[0-9]+(\.[0-9]*)?$|^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+(\.[0-9]+)?s)?$"
        # A number may be written in quotes: it is the same text.
        text = pattern if form.duration else r"^[+-]?[0-9]+$" if isinstance(kind, mi.IntType) else r"^[+-]?[0-9.eE+-]+$"
        return [number, {"type": "string", "pattern": text}, _REFERENCE]
    names = choices(kind)
    if names:
        # A choice called `on` or `1` is no text to an editor.
        typed = [{"enum": [*names, *(_as_yaml(name) for name in names if _as_yaml(name) is not None)]}]
        return [*typed, _REFERENCE]
    if isinstance(kind, mi.StrType) and (kind.pattern or kind.min_length):
        # `null` is left to the place: nothing was written there.
        return [{"type": ["string", "number", "boolean"]}]
    return [_SCALAR] if isinstance(kind, mi.StrType) else [{"type": ["string", "number", "boolean"]}]


def _as_yaml(text: str) -> Any:
    """Return what a text is to YAML, if that is no text; else `None`."""
    if text in ("true", "yes", "on"):
        return True
    if text in ("false", "no", "off"):
        return False
    return int(text) if text.isdecimal() else None


def _some(item: Schema) -> Schema:
    """Return the schema of one value or a list of them."""
    return {"anyOf": [item, {"type": "array", "items": item}, {"type": "null"}]}


def _named(value: Schema) -> Schema:
    return {"type": ["object", "null"], "additionalProperties": value}
