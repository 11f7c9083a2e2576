"""Reading a file to text and composing it to nodes, with a plain message for every way in which that can fail.

The parser's flat events are read instead of its own tree: libyaml's composer crashes on deep nesting, and here alias
loops, duplicate keys and depth are seen where they happen.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from buildtools.pipeline.compose import compose
from buildtools.pipeline.problems import InvalidFile, Problem, Problems, problem_at
from buildtools.pipeline.source import LARGEST, Entries, Node, Source, Text, shape, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""what YAML's own rule does not allow in a file; its complement would take ten times as long to compile (10 ms)"""


def read_mapping(path: Path, problems: Problems, *, hidden: bool = False, empty: str = "") -> Entries:
    """Return the mapping in a YAML file. `empty` says why an empty file is wrong; without it, it is an empty mapping.

    Raises `InvalidFile` if the file cannot be read or parsed; duplicate keys are added to `problems`.
    """
    source = Source(shown_path(path), read_text(path), hidden=hidden)
    root = parse(source, problems)
    if root is None or (isinstance(root, Text) and root.missing):
        if empty:
            raise InvalidFile([Problem(file=source.name, message="the file is empty", line=1, column=1, hint=empty)])
        return Entries(source, 1, 1, {})
    if not isinstance(root, Entries):
        raise InvalidFile([problem_at(root, f"expected a mapping (`key: value`), found {shape(root)}")])
    return root


def read_text(path: Path) -> str:
    """Return the text of a file. Raises `InvalidFile` with what is wrong with it."""
    name = shown_path(path)
    data = _read_bytes(path, name)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\0" in data[:4] and not data.startswith(b"\0\0\0\0")):
        raise _wrong(name, "the file is UTF-16 or UTF-32, not UTF-8", "Save it again as UTF-8.")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        message = f"the file is not UTF-8: byte 0x{data[error.start]:02x}"
        raise _wrong(name, message, "Save it again as UTF-8.", before=before) from None
    bad = _UNREADABLE.search(text)
    if bad:
        code = ord(bad.group())
        message = "the file is binary: it holds a NUL" if code == 0 else f"the control character U+{code:04X}"
        raise _wrong(name, message, "It must be a text.", before=text[: bad.start()])
    return text


def parse(source: Source, problems: Problems) -> Node | None:
    """Return the one document in a text, `None` if it is empty. Raises `InvalidFile` for what is not YAML."""
    import yaml

    try:
        return compose(_events(source.text), source, problems)
    except yaml.MarkedYAMLError as error:
        begun = "alias" in str(error.context)  # it is where the text in question begins
        mark = error.context_mark if begun and error.context_mark else error.problem_mark or error.context_mark
        at = Node(source, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)
        raise InvalidFile([*problems.found, _explained(error, at)]) from None
    except yaml.YAMLError as error:
        what = " ".join(str(error).split())
        raise InvalidFile([*problems.found, problem_at(Node(source, 1, 1), f"not valid YAML: {what}")]) from None


def _events(text: str) -> Iterator[Any]:
    """Yield the events of the C parser, or of Python's where PyYAML was built without it."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    yield from yaml.parse(text, Loader=loader)


def _explained(error: Any, at: Node) -> Problem:
    """Turn the parser's message into one for people, with what usually helps."""
    line = at.source.line(at.line)
    problem = str(error.problem or error.context or error)
    lead = line[: len(line) - len(line.lstrip())]
    if "\t" in lead or line[at.column - 1 : at.column] == "\t":
        column = lead.find("\t") + 1 or at.column
        return problem_at(
            Node(at.source, at.line, column), "a tab, where YAML allows only spaces", "Indent with spaces."
        )
    hint = next((hint for word, hint in _HINTS if word in problem), "")
    rest = line[at.column - 1 :]
    if "${" in line and ("did not find expected" in problem or "expected ',' or" in problem):
        hint = 'Within [ ] and { }, write "${name}" in quotes.'
    elif rest.startswith("*") or "while scanning an alias" in str(error.context):
        hint = "A text that begins with `*` is an alias to YAML: write it in quotes."
    context = f" {error.context}" if error.context and error.problem else ""
    begun = error.context_mark
    if begun is not None and begun.line + 1 != at.line:
        context += f" that begins in line {begun.line + 1}"
    return problem_at(at, f"not valid YAML:{context}{':' if context else ''} {problem}", hint)


_HINTS = (
    ("mapping values are not allowed", "Write a text that contains `: ` in quotes, and check the indentation."),
    ("could not find expected ':'", "A key needs a `:` and a space behind it."),
    ("cannot start any token", "Write a text that begins with a special character in quotes."),
    ("undefined alias", "A text that begins with `*` is an alias to YAML: write it in quotes."),
    ("unexpected end of stream", "A quote or bracket was not closed."),
    ("did not find expected key", "Check the indentation, and that quotes and brackets are closed."),
    ("unknown escape character", "Within double quotes a backslash begins an escape: use single quotes."),
)


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        # Opened without waiting: a named pipe must not hold everything up.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError) as error:
        raise _wrong(name, *_reason(error)) from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise _wrong(name, f"it is {what}", "Name the file itself.")
    with os.fdopen(handle, "rb") as file:
        try:
            data = file.read(LARGEST + 1)
        except OSError as error:
            raise _wrong(name, *_reason(error)) from None
    if len(data) > LARGEST:
        raise _wrong(name, "the file is larger than 1 MiB", "Such a file is written by people: is this the one?")
    return data


def _reason(error: OSError | ValueError) -> tuple[str, str]:
    """Return why a file could not be read, and what to do."""
    number = getattr(error, "errno", None)
    known = {
        errno.ENOENT: ("no such file", "Correct its name, or make it first."),
        errno.EACCES: ("the file may not be read: permission denied", "See to its rights, and those of its folders."),
        errno.EISDIR: ("it is a directory", "Name the file itself."),
    }
    other = f"the file cannot be read: {getattr(error, 'strerror', None) or error}"
    return known.get(number or 0, (other, ""))


def _wrong(name: str, message: str, hint: str = "", *, before: str | None = None) -> InvalidFile:
    """Make the error of a whole file, or of the place behind the text `before`."""
    if before is None:
        return InvalidFile([Problem(file=name, message=message, hint=hint)])
    lines = Source(name, before).lines
    column = len(lines[-1]) + 1
    return InvalidFile([Problem(file=name, line=len(lines), column=column, message=message, hint=hint)])
