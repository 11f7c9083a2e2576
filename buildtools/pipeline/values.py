"""Named values and what `${…}` stands for.

A reference is looked up by its first word:
- `${env.NAME}`: the environment that buildtools was called with (not the file's `env`);
- `${secret.NAME}`: that environment's variable NAME, else the secrets-file's. A secret that is not set matters only to
  the steps that use it, so that a developer without the deployment's password can still lint;
- `${git.revision|short|branch|tag|dirty}`: asked lazily, of the project's folder; branch and tag from CI's variables
  where HEAD is detached; tag is empty without one, dirty is `true` or `false`;
- `${steps.ID.OUTPUT}`: an output of a step before this one; `${matrix.NAME}`: the member's value;
- anything else is a property: by `-P`, else by `BUILDTOOLS_PROP_NAME`, else by the files.

NAME of `BUILDTOOLS_PROP_NAME` is the property's name in capitals, with `_` for `-` and `.`; where no file defines such
a property it defines one, in lower case. Values from `-P`, the environment, git and steps are taken as they are: a
`${` in them is not looked at again. A default (`:-`) is used when the value is undefined or empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from buildtools.pipeline.places import add_at
from buildtools.pipeline.problems import Problems, suggest
from buildtools.pipeline.source import Node, Text, shown
from buildtools.pipeline.template import BadTemplate, Parts, Reference, references, split

_LONGEST_CHAIN = 40
_MOST_FAILED = 10
"""references of one text that are told to be wrong"""
_MOST_TEXT = 16 * 1024 * 1024
"""characters that all expansions of one load may make together: a bomb made of properties ends here"""
PREFIX = "BUILDTOOLS_PROP_"
SPACES = ("env", "secret", "git", "steps", "matrix")
"""first words of references that are no properties"""


UNKNOWN: Mapping[str, str] = MappingProxyType({})
"""the values of a matrix that has problems of its own: none is known, and that needs no further word"""


class Unresolved(Exception):
    """A reference has no value. `secret`: only because a secret is not set; `said`: already among the problems."""

    def __init__(self, message: str, hint: str = "", *, secret: bool = False, said: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.secret = secret
        self.said = said


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Where a text stands, as far as its references depend on it.

    `outputs` looks up what follows `steps.`; `unset` collects the problems of secrets that are not set.
    """

    problems: Problems
    unset: Problems
    matrix: Mapping[str, str] | None = None
    outputs: Callable[[str], str] | None = None


class Values:
    """All values of one pipeline file."""

    def __init__(
        self,
        written: Mapping[str, Node],
        *,
        given: Mapping[str, str],
        env: Mapping[str, str],
        secrets: Mapping[str, str],
        git: Callable[[str], str],
    ) -> None:
        """Take the files' properties, those of `-P`, the environment, the secrets-file and `git` (name → value).

        A property that is no text is a problem that has been told already.
        """
        self._written = written
        self._given = given
        self._env = env
        self._secrets = secrets
        self._git = git
        self._by_env = {plain(name[len(PREFIX) :]): name for name in env if name.startswith(PREFIX)}
        self._done: dict[str, str | Unresolved] = {}
        self._chain: list[str] = []
        self._made = 0
        self.used_secrets: dict[str, None] = {}

    def text(self, node: Text, scope: Scope) -> str | None:
        """Return a text with its references replaced; `None` if one has no value, which is then in scope's problems."""
        if "${" not in node.value:
            return node.value
        try:
            return self._join(split(node.value), node, scope)
        except BadTemplate as bad:
            add_at(scope.problems, node, bad.message, bad.hint, offset=bad.offset)
        except _Failed:
            pass
        return None

    def properties(self, scope: Scope) -> dict[str, str]:
        """Return every property that has a value, with the problems of the others in `scope`."""
        names = dict.fromkeys([*self._written, *self._given])
        known = {plain(name) for name in names}
        names.update({name[len(PREFIX) :].lower(): None for bare, name in self._by_env.items() if bare not in known})
        found = {}
        for name in names:
            try:
                found[name] = self._property(name, scope)
            except Unresolved:
                continue
        return found

    def secret_in(self, text: str) -> str:
        """Return the name of a secret that a text refers to, by itself or through properties; `""` if there is none."""
        seen: set[str] = set()
        texts = [text]
        while texts:
            try:
                names = {reference.name for reference in references(split(texts.pop()))} - seen
            except BadTemplate:
                continue  # told where it is used
            for name in sorted(names):
                if name.startswith("secret."):
                    return name.removeprefix("secret.")
                node = self._written.get(name)
                if isinstance(node, Text) and name not in self._given and plain(name) not in self._by_env:
                    texts.append(node.value)
            seen |= names
        return ""

    def _join(self, parts: Parts, node: Text, scope: Scope) -> str:
        texts: list[str] = []
        failed = 0
        for part in parts:
            if isinstance(part, str):
                texts.append(part)
                continue
            if failed >= _MOST_FAILED:
                break
            try:
                texts.append(self._value(part, node, scope))
            except Unresolved as missing:
                failed += 1
                if not missing.said:
                    add_at(
                        scope.unset if missing.secret else scope.problems,
                        node,
                        missing.message,
                        missing.hint,
                        offset=part.offset,
                    )
            except _Failed:
                failed += 1
            self._made += len(texts[-1]) if texts else 0
            if self._made > _MOST_TEXT:
                message = "the values of this file grow beyond 16 MiB when their references are replaced"
                add_at(scope.problems, node, message, "", offset=part.offset)
                failed += 1
                break
        if failed:
            raise _Failed
        return "".join(texts)

    def _value(self, reference: Reference, node: Text, scope: Scope) -> str:
        try:
            value = self._look_up(reference.name, scope)
        except Unresolved:
            if reference.default is None:
                raise
            value = ""
        if value or reference.default is None:
            return value
        return self._join(reference.default, node, scope)

    def _look_up(self, name: str, scope: Scope) -> str:
        space, _, rest = name.partition(".")
        if space not in SPACES or not rest:
            return self._property(name, scope)
        if space == "steps":
            return self._output(rest, scope)
        if "[" in rest:
            raise Unresolved(f"`${{{name}}}` is no name")
        if space == "env":
            if rest not in self._env:
                hint = scope.problems.suggest(rest, self._env, otherwise=f"Set it, or write ${{env.{rest}:-default}}.")
                raise Unresolved(f"the environment has no variable {rest}", hint)
            return self._env[rest]
        if space == "secret":
            return self._secret(rest)
        if space == "git":
            return self._git(rest)
        if scope.matrix is None:
            raise Unresolved(f"`${{{name}}}` stands outside a step with a matrix")
        if scope.matrix is UNKNOWN:
            raise Unresolved(f"the matrix has no {rest}", said=True)
        if rest not in scope.matrix:
            raise Unresolved(f"this member of the matrix has no {rest}", suggest(rest, scope.matrix))
        return scope.matrix[rest]

    def _secret(self, name: str) -> str:
        value = self._env.get(name) or self._secrets.get(name)
        if not value:
            hint = "Set the environment variable, or add it to the secrets-file."
            raise Unresolved(f"the secret {name} is not set", hint, secret=True)
        self.used_secrets[value] = None
        return value

    def _output(self, rest: str, scope: Scope) -> str:
        if scope.outputs is None:
            hint = "Outputs of steps can be used in a step's `with`, `env` and `cwd` only."
            raise Unresolved(f"`${{steps.{rest}}}` cannot be used here", hint)
        return scope.outputs(rest)

    def _property(self, name: str, scope: Scope) -> str:
        if name in self._given:
            return self._given[name]
        variable = self._by_env.get(plain(name))
        if variable is not None:
            return self._env[variable]
        if name not in self._done:
            self._done[name] = self._resolve(name, scope)
        value = self._done[name]
        if isinstance(value, Unresolved):
            raise value
        return value

    def _resolve(self, name: str, scope: Scope) -> str | Unresolved:
        node = self._written.get(name)
        if node is None:
            return self._undefined(name, scope.problems)
        if name in self._chain:
            chain = [*self._chain[self._chain.index(name) :], name]
            return Unresolved(f"the property {chain[0]} refers to itself: {' -> '.join(chain)}")
        if len(self._chain) >= _LONGEST_CHAIN:
            return Unresolved(f"properties refer to each other in a chain of more than {_LONGEST_CHAIN}")
        self._chain.append(name)
        # A property stands outside every step; a secret that it lacks is told where the property is used.
        unset = Problems()
        value = self.text(node, Scope(problems=scope.problems, unset=unset)) if isinstance(node, Text) else None
        self._chain.pop()
        if value is not None:
            return value
        if unset.found:
            first = unset.found[0]
            return Unresolved(f"{first.message}, which the property {name} uses", first.hint, secret=True)
        return Unresolved(f"the property {name} has no value", said=True)

    def _undefined(self, name: str, problems: Problems) -> Unresolved:
        if name in self._env:
            return Unresolved(
                f"no property is called {name}",
                f"The environment variable is ${{env.{name}}}, for a shell $${{{name}}}.",
            )
        if "[" in name:
            return Unresolved(f"`${{{name}}}` is no name")
        known = self._written.keys() | self._given.keys() if self._given else self._written.keys()
        space = name.partition(".")[0]
        near = suggest(space, SPACES, otherwise="-") if "." in name else "-"
        hint = near if near != "-" and space not in known else problems.suggest(name, known, otherwise=_DEFINE % name)
        return Unresolved(f"no property is called {name}", hint)


_DEFINE = "Define it under `properties:` or by -P name=value; for a shell's own variable write $${%s}."


class _Failed(Exception):
    """A reference within the text has no value, and that has been noted."""


def plain(name: str) -> str:
    """Return a property's name as it stands in an environment variable's."""
    return name.upper().replace("-", "_").replace(".", "_")


def uses_steps(text: str) -> bool:
    """Whether a text refers to an output of a step."""
    if "${steps." not in text:
        return False
    try:
        return any(reference.name.startswith("steps.") for reference in references(split(text)))
    except BadTemplate:
        return False


def valid_name(name: str) -> str:
    """Return why a property cannot have this name, `""` if it can."""
    import re

    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
        return f"{shown(name)} cannot name a property: letters, digits, `_`, `-` and `.`, a letter or `_` first"
    if "." in name and name.partition(".")[0] in SPACES:
        return f"{shown(name)} cannot name a property: `{name.partition('.')[0]}.` has a meaning of its own"
    return ""
