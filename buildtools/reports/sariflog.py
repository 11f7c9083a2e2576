"""The part of SARIF's objects that is written here; names, and what is required, are the standard's (OASIS, 2.1.0)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Object(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Base of all objects: what has its default is not written."""


class Text(Object, frozen=True):
    """A message, or a description."""

    text: str


class Configuration(Object, frozen=True):
    """How grave a rule is."""

    level: str


class Rule(Object, frozen=True, kw_only=True):
    """What a finding is about (`reportingDescriptor`)."""

    id: str
    name: str
    short_description: Text
    full_description: Text
    help: Text
    default_configuration: Configuration
    help_uri: str = ""


class Component(Object, frozen=True):
    """The tool itself."""

    name: str
    rules: Sequence[Rule]


class Tool(Object, frozen=True):
    """The tool with its extensions, of which there are none."""

    driver: Component


class Place(Object, frozen=True):
    """A file (`artifactLocation`)."""

    uri: str
    uri_base_id: str = ""


class Region(Object, frozen=True, kw_only=True):
    """A part of a file: lines and columns count from 1, the end column is the one behind."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


class Physical(Object, frozen=True):
    """A part of which file."""

    artifact_location: Place
    region: Region


class Location(Object, frozen=True):
    """Where a result is."""

    physical_location: Physical


class Result(Object, frozen=True, kw_only=True):
    """A finding."""

    rule_id: str
    rule_index: int
    level: str
    message: Text
    locations: tuple[Location, ...]
    partial_fingerprints: dict[str, str]
    baseline_state: str = ""


class Notification(Object, frozen=True, kw_only=True):
    """What is to be known about the analysis itself."""

    level: str
    message: Text


class Invocation(Object, frozen=True, kw_only=True):
    """How the analysis went."""

    execution_successful: bool
    tool_execution_notifications: tuple[Notification, ...] = ()


class Base(Object, frozen=True):
    """What relative addresses start at; where that lies is the reader's to know."""

    description: Text


class Bases(Object, frozen=True):
    """All that addresses can start at (`originalUriBaseIds`)."""

    top: Base = msgspec.field(name="%SRCROOT%")


class Properties(Object, frozen=True, kw_only=True):
    """What the standard has no words for (`propertyBag`): what of a tool's results came from the cache, by steps."""

    cached_steps: tuple[str, ...] = ()
    files_from_cache: dict[str, int] = {}


class Run(Object, frozen=True, kw_only=True, omit_defaults=False):
    """One tool's analysis."""

    tool: Tool
    invocations: tuple[Invocation, ...]
    results: Sequence[Result]
    column_kind: str
    original_uri_base_ids: Bases = Bases(Base(Text("The top of the repository.")))
    properties: Properties | msgspec.UnsetType = msgspec.UNSET


class Log(Object, frozen=True, kw_only=True, omit_defaults=False):
    """A whole file."""

    schema: str = msgspec.field(default="https://json.schemastore.org/sarif-2.1.0.json", name="$schema")
    version: str = "2.1.0"
    runs: Sequence[Run]
