"""The room's door: a file becomes a `Pipeline`, or one error with all of its problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from buildtools.core.masking import Masker
from buildtools.pipeline import layers
from buildtools.pipeline.assemble import specs_of, wrong_variable
from buildtools.pipeline.draft import Drafts
from buildtools.pipeline.facts import git_values
from buildtools.pipeline.find import find_file, root_of
from buildtools.pipeline.model import Pipeline, StepSpec
from buildtools.pipeline.problems import InvalidFile, Problem, Problems, suggest
from buildtools.pipeline.reading import read_mapping
from buildtools.pipeline.registry import Registry
from buildtools.pipeline.source import Entries, Node, Text, shape, shown
from buildtools.pipeline.values import Scope, Values, valid_name

KEYS = ("name", "properties", "properties-files", "secrets-file", "env", "steps")
LOCAL_KEYS = ("properties", "secrets-file", "env")
_EXAMPLE = "The smallest pipeline is: steps: {lint: {uses: pylint}}"


def load(file: Path, *, properties: Mapping[str, str], env: Mapping[str, str]) -> Pipeline:
    """Read a pipeline file; `properties` are those of `-P`, `env` is the caller's environment.

    Raises `InvalidFile` (an `InvalidPipeline`) with every problem of the file and of the files it names. A secret that
    is not set is none: see `require`.
    """
    problems = Problems()
    document = read_mapping(file, problems, empty=_EXAMPLE)
    root = root_of(file)
    folder = file.absolute().parent
    _check_keys(document, KEYS, "a pipeline file", problems)
    local = layers.local(folder, file.absolute(), problems)
    if local is not None:
        _check_keys(local, LOCAL_KEYS, layers.LOCAL, problems)
    sections = [document] if local is None else [document, local]
    secrets = {name: value for each in sections for name, value in _secrets(each, folder, problems).items()}
    written = _properties(sections, folder, problems)
    values = Values(
        written,
        given=_given(properties, written, sections, problems),
        env=env,
        secrets=secrets,
        git=git_values(root, env),
    )
    top = Scope(problems=problems, unset=Problems())
    resolved = values.properties(top)
    shared = _env(sections, values, top)
    steps = _steps(document, problems)
    drafts = Drafts(values, Registry(folder), problems).read(steps)
    name = _name(document, values, top) or (root.name if file.stem == "pipeline" else file.stem)
    specs = specs_of(steps.entries, drafts, values, problems)
    hidden = tuple(dict.fromkeys([*secrets.values(), *values.used_secrets]))
    problems.found = _without(hidden, problems.found)
    problems.stop()
    if top.unset.found:  # a secret in the file's own `env` concerns every step
        mine = tuple(top.unset.found)
        specs = [msgspec.structs.replace(spec, unmet=(*mine, *spec.unmet)) for spec in specs]
    return Pipeline(
        name=name,
        file=file.absolute(),
        root=root,
        steps=tuple(specs),
        properties=resolved,
        env=shared,
        secrets=hidden,
        private_files=tuple(
            path for each in sections for path in layers.secrets_files(each.get("secrets-file"), folder)
        ),
        sources=(
            file.absolute(),
            folder / layers.LOCAL,
            *(path for each in sections for path in layers.named(each, folder)),
        ),
    )


def _without(secrets: Sequence[str], found: list[Problem]) -> list[Problem]:
    """Return the problems with all secrets masked, also as messages quote them: shortened, controls made visible."""
    if not found or not secrets:
        return found
    quoted = (shown(secret)[1:-1].rstrip("…") for secret in secrets)
    return Masker([*secrets, *quoted]).value(found)


def require(specs: Iterable[StepSpec]) -> None:
    """Raise `InvalidFile` if a step that is going to run uses a secret that is not set."""
    unmet = [problem for spec in specs for problem in spec.unmet]
    if unmet:
        raise InvalidFile(unmet)


def _check_keys(node: Entries, known: Iterable[str], what: str, problems: Problems) -> None:
    for key, entry in node.entries.items():
        if key not in known:
            hint = suggest(key, known)
            if key in ("secrets", "secret"):
                hint = "Secrets come from the environment or a secrets-file, never from this file."
            problems.add(entry.key, f"{what} has no key {shown(key)}", hint)


def _properties(sections: list[Entries], folder: Path, problems: Problems) -> dict[str, Node]:
    written = layers.properties_files(sections[0].get("properties-files"), folder, problems)
    for section in sections:
        written.update(layers.properties(section.get("properties"), problems))
    return written


def _secrets(section: Entries, folder: Path, problems: Problems) -> dict[str, str]:
    return layers.secrets(section.get("secrets-file"), folder, problems)


def _given(
    properties: Mapping[str, str], written: Mapping[str, Node], sections: Sequence[Entries], problems: Problems
) -> Mapping[str, str]:
    """Check the properties of `-P`: one whose name stands nowhere is a mistyped one, and would do nothing."""
    texts = [section.source.text for section in sections]
    texts += [node.value for node in written.values() if isinstance(node, Text)]
    for name in properties:
        wrong, hint = valid_name(name), ""
        if not wrong and name not in written and not _mentioned(name, texts):
            wrong = "the pipeline file neither defines nor uses such a property"
            hint = suggest(name, written, otherwise="Define it under `properties:`.")
        if wrong:
            problems.found.append(Problem(file=f"-P {name}", message=wrong, hint=hint))
    return properties


def _mentioned(name: str, texts: Iterable[str]) -> bool:
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    return any(word.search(text) for text in texts)


def _env(sections: list[Entries], values: Values, scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for section in sections:
        for name, text in layers.texts(section.get("env"), "env", scope.problems).items():
            wrong = wrong_variable(name)
            if wrong:
                scope.problems.add(text, wrong)
            value = values.text(text, scope)
            if value is not None:
                found[name] = value
    return found


def _name(document: Entries, values: Values, scope: Scope) -> str:
    node: Node | None = document.get("name")
    if node is None:
        return ""
    if not isinstance(node, Text):
        scope.problems.add(node, f"name is a text, found {shape(node)}")
        return ""
    return values.text(node, Scope(problems=scope.problems, unset=scope.problems)) or ""


def _steps(document: Entries, problems: Problems) -> Entries:
    steps = document.get("steps")
    if isinstance(steps, Entries) and steps.entries:
        return steps
    if steps is None:
        entry = document.entries.get("steps")
        problems.add(entry.key if entry else document, "the file has no steps", _EXAMPLE)
    elif _told(steps, document, problems):
        pass  # a tag, or a key that is none: why there are no steps here
    elif isinstance(steps, Entries):
        problems.add(steps, "the file has no steps", _EXAMPLE)
    else:
        problems.add(steps, f"steps is a mapping of names to steps, found {shape(steps)}", _EXAMPLE)
    return Entries(document.source, document.line, document.column, {})


def _told(node: Node, document: Entries, problems: Problems) -> bool:
    """Whether a problem of what is written from `node` to the document's next key is known already."""
    begin = (node.line, node.column)
    keys = [(entry.key.line, entry.key.column) for entry in document.entries.values()]
    end = min((key for key in keys if key > begin), default=(len(node.source.lines) + 1, 0))
    found = [(each.line, each.column) for each in problems.found if each.file == node.source.name]
    return any(begin <= place < end for place in found)


__all__ = ["InvalidFile", "find_file", "load", "require"]
