"""The part of SARIF's objects that is read here; what tools leave out or write as `null` is allowed to be missing."""

from __future__ import annotations

import msgspec


class Object(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Base of all objects."""


class Message(Object, frozen=True):
    """A text, or the name of one that the rule has, with what is to be put into it."""

    text: str | None = None
    markdown: str | None = None
    id: str | None = None
    arguments: list[str] | None = None


class Configuration(Object, frozen=True):
    """How grave a rule is."""

    level: str | None = None


class Rule(Object, frozen=True):
    """What a finding is about (`reportingDescriptor`)."""

    id: str = ""
    name: str | None = None
    default_configuration: Configuration | None = None
    message_strings: dict[str, Message] | None = None


class Component(Object, frozen=True):
    """The tool itself."""

    name: str
    rules: list[Rule] | None = None


class Tool(Object, frozen=True):
    """The tool with its extensions."""

    driver: Component


class Place(Object, frozen=True):
    """A file (`artifactLocation`), by itself or by its number among the run's artifacts."""

    uri: str | None = None
    uri_base_id: str | None = None
    index: int | None = None


class Artifact(Object, frozen=True):
    """A file that the run knows."""

    location: Place | None = None


class Region(Object, frozen=True):
    """A part of a file."""

    start_line: int | None = None
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


class Physical(Object, frozen=True):
    """A part of which file."""

    artifact_location: Place | None = None
    region: Region | None = None


class Location(Object, frozen=True):
    """Where a result is."""

    physical_location: Physical | None = None


class Reference(Object, frozen=True):
    """Which rule a result is about; one of an extension's is told by its name alone."""

    id: str | None = None
    index: int | None = None
    tool_component: dict[str, object] | None = None


class Suppression(Object, frozen=True):
    """That somebody decided to live with a result; `rejected` and `underReview` are no such decisions."""

    status: str | None = None


class Result(Object, frozen=True):
    """A finding, or that there is none (`kind`)."""

    message: Message = Message()
    rule_id: str | None = None
    rule_index: int | None = None
    rule: Reference | None = None
    kind: str = "fail"
    level: str | None = None
    locations: list[Location] | None = None
    suppressions: list[Suppression] | None = None
    baseline_state: str | None = None


class Notification(Object, frozen=True):
    """What is to be known about the analysis itself."""

    message: Message = Message()
    level: str | None = None


class Invocation(Object, frozen=True):
    """How the analysis went."""

    execution_successful: bool | None = None
    tool_execution_notifications: list[Notification] | None = None


class Run(Object, frozen=True):
    """One tool's analysis."""

    tool: Tool
    results: list[Result] | None = None
    invocations: list[Invocation] | None = None
    artifacts: list[Artifact] | None = None
    original_uri_base_ids: dict[str, Place] | None = None


class Log(Object, frozen=True):
    """A whole file."""

    version: str
    runs: list[Run]
