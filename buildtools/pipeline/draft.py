"""The steps of a file as drafts: their keys checked, their matrices unfolded, their plugins found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

import msgspec

from buildtools.core.step import Duration
from buildtools.pipeline.conditions import read_condition
from buildtools.pipeline.convert import Converter
from buildtools.pipeline.describe import Field, fields_of
from buildtools.pipeline.layers import texts
from buildtools.pipeline.matrix import Member, members
from buildtools.pipeline.model import Condition
from buildtools.pipeline.options import Plugin
from buildtools.pipeline.problems import Problems
from buildtools.pipeline.registry import PluginError, Registry
from buildtools.pipeline.source import Entries, Entry, Items, Node, Text, shape, shown
from buildtools.pipeline.values import UNKNOWN, Scope, Values

KEYS = (
    "uses",
    "with",
    "needs",
    "when",
    "env",
    "cwd",
    "timeout",
    "retries",
    "allow-failure",
    "cache",
    "matrix",
    "description",
    "tags",
)
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_MOST_STEPS = 10_000


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """The keys of a step that are plain values, typed like a plugin's options."""

    timeout: Annotated[Duration | None, msgspec.Meta(description="how long one attempt may take")] = None
    retries: Annotated[int, msgspec.Meta(ge=0, le=100, description="attempts after the first")] = 0
    allow_failure: Annotated[bool, msgspec.Meta(description="a failure does not close the gate")] = False
    cache: Annotated[bool, msgspec.Meta(description="false: never take the result from the cache")] = True
    description: Annotated[str, msgspec.Meta(description="one line for people")] = ""
    tags: Annotated[list[str], msgspec.Meta(description="words to select steps by")] = []


class Draft(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One member of one step, read as far as it depends on nothing but itself."""

    id: str
    base: str
    node: Entry
    uses: str
    plugin: Plugin | None
    """`None`: not found, or not usable; the problem is noted"""
    options: Entries
    settings: Settings
    scope: Scope
    needs: tuple[Text, ...] | None = None
    when: Condition | None = None
    env: Mapping[str, Text] = {}
    cwd: Text | None = None


class Drafts:
    """Reads the steps of one file."""

    def __init__(self, values: Values, registry: Registry, problems: Problems) -> None:
        self.values = values
        self.registry = registry
        self.problems = problems
        self._settings: tuple[Field, ...] = fields_of(Settings)

    def read(self, steps: Entries) -> list[Draft]:
        """Return the members of all steps in written order; their problems are noted."""
        found: list[Draft] = []
        for name, entry in steps.entries.items():
            if not re.fullmatch(NAME, name):
                hint = "A step's name has letters, digits, `.`, `_` and `-`, and begins with a letter or digit."
                self.problems.add(entry.key, f"{shown(name)} cannot name a step", hint)
            if not isinstance(entry.value, Entries):
                hint = "A step is a mapping with at least `uses: PLUGIN`."
                if name in {field.name for field in self._settings} | {"uses", "with", "needs", "when", "env", "cwd"}:
                    hint = f"`{name}` is a key of a step: indent it below the step's name."
                self.problems.add(
                    entry.key if isinstance(entry.value, Text) and entry.value.missing else entry.value,
                    f"the step {shown(name)} is {shape(entry.value)}",
                    hint,
                )
                continue
            found += self._members(name, entry, entry.value)
            if len(found) > _MOST_STEPS:
                self.problems.add(entry.key, f"the file has more than {_MOST_STEPS} steps")
                break
        return found

    def _members(self, name: str, entry: Entry, body: Entries) -> Iterator[Draft]:
        for key, inner in body.entries.items():
            if key not in KEYS:
                self.problems.add(inner.key, f"a step has no key {shown(key)}", self._meant(key, body))
        plugin, uses = self._plugin(name, entry, body)
        matrix = body.get("matrix")
        if matrix is None:
            yield self._draft(name, entry, plugin, (uses, None))
            return
        outside = Scope(problems=self.problems, unset=self.problems)

        def read(text: Text) -> str | None:
            secret = self.values.secret_in(text.value)
            if not secret:
                return self.values.text(text, outside)
            hint = "It would be part of the step's id, which is shown everywhere: use it in the step's `env` or `with`."
            self.problems.add(text, f"a value of a matrix cannot hold a secret ({secret})", hint)
            return None

        found = members(matrix, self.problems, read)
        # Of a matrix with problems nothing is known; the rest of the step may have problems too, to be told at once.
        for member in found or (Member("", UNKNOWN),):
            yield self._draft(name, entry, plugin, (uses, member))

    def _draft(self, name: str, entry: Entry, plugin: Plugin | None, use: tuple[str, Member | None]) -> Draft:
        uses, member = use
        body = entry.value
        assert isinstance(body, Entries)
        values = member.values if member else None
        scope = Scope(problems=self.problems, unset=Problems(), matrix=values)

        def read(text: Text) -> str | None:
            return self.values.text(text, scope)

        when, cwd = body.get("when"), body.get("cwd")
        if cwd is not None and not isinstance(cwd, Text):
            self.problems.add(cwd, f"cwd is one path, found {shape(cwd)}")
            cwd = None
        return Draft(
            id=f"{name}[{member.label}]" if member else name,
            base=name,
            node=entry,
            uses=uses,
            plugin=plugin,
            options=self._options(body, entry.key),
            settings=self._plain(body, Converter(self.problems, read)),
            scope=scope,
            needs=self._needs(body),
            when=None if when is None else read_condition(when, self.problems, read),
            env=texts(body.get("env"), "env", self.problems),
            cwd=cwd,
        )

    def _plugin(self, name: str, entry: Entry, body: Entries) -> tuple[Plugin | None, str]:
        uses = body.get("uses")
        if uses is None:
            hint = "Write `uses: PLUGIN`; `buildtools plugins` lists them."
            self.problems.add(entry.key, f"the step {shown(name)} does not say which plugin it uses", hint)
            return None, ""
        if not isinstance(uses, Text):
            self.problems.add(uses, f"uses is the name of a plugin, found {shape(uses)}")
            return None, ""
        try:
            return self.registry.find(uses.value), uses.value
        except PluginError as error:
            self.problems.add(uses, error.message, error.remedy)
            return None, uses.value

    def _options(self, body: Entries, key: Text) -> Entries:
        options = body.get("with")
        if isinstance(options, Entries):
            return options
        if options is not None:
            self.problems.add(options, f"with is a mapping of options, found {shape(options)}")
        # Without a `with`, what is missing in it is missing at the step's name.
        return Entries(key.source, key.line, key.column, {})

    def _plain(self, body: Entries, converter: Converter) -> Settings:
        names = {field.name for field in self._settings}
        present = {key: entry for key, entry in body.entries.items() if key in names}
        if not present:
            return _DEFAULTS
        node = Entries(body.source, body.line, body.column, present)
        settings = Settings(**converter.fields(node, self._settings, "a step")[0])
        if settings.timeout == 0:
            self.problems.add(present["timeout"].value, "timeout: expected more than 0 seconds", "Leave it out.")
        return settings

    def _needs(self, body: Entries) -> tuple[Text, ...] | None:
        needs = body.get("needs")
        if needs is None:
            return None
        found = []
        for item in needs.items if isinstance(needs, Items) else (needs,):
            if isinstance(item, Text) and item.value:
                found.append(item)
            else:
                self.problems.add(item, f"needs is a list of steps, found {shape(item)}")
        return tuple(found)

    def _meant(self, key: str, body: Entries) -> str:
        """Say what an unknown key of a step may be: another key, or an option of its plugin."""
        uses: Node | None = body.get("uses")
        if isinstance(uses, Text):
            try:
                if any(field.name == key for field in self.registry.find(uses.value).fields):
                    return f"{key} is an option of {uses.value}: write it under `with:`."
            except PluginError:
                pass
        return self.problems.suggest(key, KEYS)


_DEFAULTS = Settings()
