"""Where values come from besides the file itself: properties-files, the local file, the secrets-file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from buildtools.pipeline.problems import InvalidFile, Problems
from buildtools.pipeline.reading import read_mapping, read_text
from buildtools.pipeline.source import Entries, Items, Node, Source, Text, shape, shown, shown_path
from buildtools.pipeline.values import valid_name

LOCAL = "pipeline.local.yaml"
"""a developer's own file, beside the pipeline file; it may hold `properties`, `env` and `secrets-file`"""

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=(.*)")


def texts(node: Node | None, what: str, problems: Problems) -> dict[str, Text]:
    """Return a mapping of names to texts, such as `env`; other values are problems."""
    if node is None:
        return {}
    if not isinstance(node, Entries):
        problems.add(node, f"{what} is a mapping of names to texts, found {shape(node)}")
        return {}
    found = {}
    for name, entry in node.entries.items():
        if isinstance(entry.value, Text):
            found[name] = entry.value
        else:
            problems.add(entry.value, f"{what}: {name} must be one text, found {shape(entry.value)}")
    return found


def properties(node: Node | None, problems: Problems) -> dict[str, Node]:
    """Return `properties`: names to texts, whatever their references. What is no text is a problem, and kept."""
    found: dict[str, Node] = {**texts(node, "properties", problems)}
    if isinstance(node, Entries):
        for name, entry in node.entries.items():
            wrong = valid_name(name)
            if not wrong:
                found[name] = entry.value
            elif name in found:
                problems.add(entry.key, wrong)
                del found[name]
    return found


def properties_files(node: Node | None, folder: Path, problems: Problems) -> dict[str, Node]:
    """Return the properties of all `properties-files`, later files over earlier ones.

    Names are relative to `folder`, the pipeline file's. One written `name?` may be missing. Files called `.properties`
    or `.env` hold lines `name=value`, others are YAML mappings.
    """
    found: dict[str, Node] = {}
    for name in _listed(node, "properties-files", problems):
        path = _path(name, folder)
        if name.value.endswith("?") and not os.path.lexists(path):
            continue
        try:
            if path.suffix in (".properties", ".env"):
                found.update(_assignments(Source(shown_path(path), read_text(path)), problems))
            else:
                found.update(properties(read_mapping(path, problems), problems))
        except InvalidFile as error:
            _pass_on(error, name, problems)
    return found


def secrets(node: Node | None, folder: Path, problems: Problems) -> dict[str, str]:
    """Return the names and values of a `secrets-file`: a YAML mapping, or lines `NAME=value`.

    On POSIX it is refused unless only its owner may read it. Its text is never quoted in a problem.
    """
    if node is None:
        return {}
    if not isinstance(node, Text):
        problems.add(node, f"secrets-file is one path, found {shape(node)}")
        return {}
    path = _path(node, folder)
    if node.value.endswith("?") and not os.path.lexists(path):
        return {}
    try:
        mode = path.stat().st_mode if path.is_file() else 0
    except OSError:
        mode = 0  # reading it says what is wrong
    if os.name == "posix" and mode & 0o077:
        hint = f"Let nobody else read it: chmod 600 {shown_path(path)}"
        problems.add(node, f"the secrets-file may be read or written by others (mode {mode & 0o777:04o})", hint)
        return {}
    try:
        source = Source(shown_path(path), read_text(path), hidden=True)
        lines = [line for line in source.lines if line.strip() and not line.lstrip().startswith("#")]
        if path.suffix not in (".yaml", ".yml") and all(_ASSIGNMENT.match(line) for line in lines):
            found = _assignments(source, problems)
        else:
            found = texts(read_mapping(path, problems, hidden=True), "secrets-file", problems)
    except InvalidFile as error:
        _pass_on(error, node, problems)
        return {}
    return {name: text.value for name, text in found.items() if text.value}


def secrets_files(node: Node | None, folder: Path) -> tuple[Path, ...]:
    """Return the absolute paths of a `secrets-file`: as it is written, and without links."""
    if not isinstance(node, Text):
        return ()
    path = os.path.abspath(_path(node, folder))  # noqa: PTH100 - links in the path are meant as they are written
    return tuple(dict.fromkeys([Path(path), Path(os.path.realpath(path))]))


def named(section: Entries, folder: Path) -> Iterable[Path]:
    """Yield the paths of a section's `properties-files` and `secrets-file`, whether they are there or not."""
    listed = section.get("properties-files")
    nodes = [*(listed.items if isinstance(listed, Items) else [listed]), section.get("secrets-file")]
    yield from (_path(node, folder) for node in nodes if isinstance(node, Text))


def local(folder: Path, file: Path, problems: Problems) -> Entries | None:
    """Return the developer's own file beside the pipeline file, if there is one."""
    path = folder / LOCAL
    if path == file or not os.path.lexists(path):
        return None
    try:
        return read_mapping(path, problems)
    except InvalidFile as error:
        problems.found += error.problems
        return None


def _listed(node: Node | None, what: str, problems: Problems) -> list[Text]:
    nodes: Iterable[Node] = () if node is None else node.items if isinstance(node, Items) else (node,)
    found = []
    for item in nodes:
        if not isinstance(item, Text) or not item.value.rstrip("?"):
            problems.add(item, f"{what} is a list of paths, found {shape(item)}")
        elif "${" in item.value:
            problems.add(item, f"{what} cannot hold references: properties are known only when they are read")
        else:
            found.append(item)
    return found


def _path(name: Text, folder: Path) -> Path:
    # Not Path.expanduser: that one raises where there is no home.
    return folder / os.path.expanduser(name.value.removesuffix("?"))  # noqa: PTH111


def _assignments(source: Source, problems: Problems) -> dict[str, Text]:
    """Read lines `name=value`: comments with `#`, an optional `export`, quotes around a whole value taken off."""
    found: dict[str, Text] = {}
    for number, line in enumerate(source.lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            problems.add(Node(source, number, 1), "expected `name=value`")
            continue
        value = match.group(2).strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        name = match.group(1)
        if not source.hidden and valid_name(name):
            problems.add(Node(source, number, match.start(1) + 1), valid_name(name))
            continue
        found[name] = Text(source, number, match.start(2) + 1, value)
    return found


def _pass_on(error: InvalidFile, name: Text, problems: Problems) -> None:
    """Keep the problems of a file that another one names; one that is about the whole file stands where it is named."""
    for problem in error.problems:
        if problem.excerpt or problem.line > 1 or problem.column > 1:
            problems.found.append(problem)
        else:
            problems.add(name, f"{shown(problem.file)}: {problem.message}", problem.hint)


__all__ = ["LOCAL", "local", "named", "properties", "properties_files", "secrets", "secrets_files", "texts"]
