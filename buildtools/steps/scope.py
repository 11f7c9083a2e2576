"""What a finding is about: lines, a whole file, several files, or that something was not checked at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from buildtools.plugin import Finding, Severity
from buildtools.system.diff import EVERY_LINE, Ranges, touches

_UNCHECKED = {
    "bandit": re.compile(r"unchecked"),
    "biome": re.compile(r"parse|lint|(?:internalError|fs/).*"),
    "checkstyle": re.compile(r"exception"),
    "eslint": re.compile(r"fatal"),
    "mypy": re.compile(r"syntax|unreadable"),
    "oxlint": re.compile(r"oxlint"),
    "pylint": re.compile(r"E0001|F\d{4}"),
}
"""The rules by which each tool says so. JSLint has no such rules: there it is every error, whatever its rule."""
_UNCHECKED_ANYWHERE = re.compile(r"invalid-syntax.*|syntax-error|E9\d\d")
"""Of ruff, of flake8, and of what passes on their reports"""
_ASIDE = re.compile(
    r'Cannot import |Invalid "type: ignore" |Syntax error in type (?:comment|annotation)', re.IGNORECASE
)
"""Messages under such rules after which pylint (of another file's syntax) and mypy (of a comment's) go on"""
_TOO_LONG, _SIMILAR, _CYCLE = "C0302", "R0801", "R0401"
"""pylint's rules for more than lines; it puts them all at a first line, the last two of any file."""
_COPY = re.compile(r"^==(?P<module>\S+):\[(?P<before>\d+):(?P<last>\d+)\]$", re.MULTILINE)
_RING = re.compile(r"Cyclic import \((.+)\)")
_PYTHON = (".py", ".pyi")


def unchecked(finding: Finding) -> bool:
    """Whether it says that a file was not checked to its end: then nobody knows what else is in it."""
    if _ASIDE.match(finding.message):
        return False
    tool = finding.tool.lower()
    if tool == "jslint":
        return finding.severity is Severity.ERROR
    own = _UNCHECKED.get(tool)
    return bool((own and own.fullmatch(finding.rule)) or _UNCHECKED_ANYWHERE.fullmatch(finding.rule))


def stopped(finding: Finding) -> bool:
    """Whether it says that nothing was checked, in no file: as mypy does, which gives up at the first such one."""
    return finding.tool == "mypy" and unchecked(finding)


def is_new(finding: Finding, changed: Mapping[str, Ranges], root: Path) -> bool:
    """Whether it is about what was changed: files, by their paths from `root`, and the lines changed in them."""
    if stopped(finding):
        return True
    places = tuple(_places(finding))
    if places:
        return any(_meet(module, lines, changed) for module, lines in places)
    ranges = changed.get(finding.path)
    if ranges is None:
        # What is about no file, such as an option of pylint's, no diff can tell to be old.
        return not os.path.isfile(root / finding.path)  # noqa: PTH113 - any text at all may be the path
    if unchecked(finding) or _whole(finding):
        return True
    return touches(ranges, finding.line, max(finding.end_line, finding.line))


def _whole(finding: Finding) -> bool:
    if finding.rule in (_TOO_LONG, _SIMILAR, _CYCLE) or not finding.line:
        return True
    # Whatever it says of a configuration file, pylint says at its first line.
    return finding.tool == "pylint" and not finding.path.endswith(_PYTHON)


def _places(finding: Finding) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the modules and lines that pylint names in the message alone, where it is about several files."""
    if finding.rule == _SIMILAR:
        for copy in _COPY.finditer(finding.message):
            yield copy["module"], (int(copy["before"][:9]) + 1, int(copy["last"][:9]))
    elif finding.rule == _CYCLE and (ring := _RING.match(finding.message)):
        yield from ((module, EVERY_LINE) for module in ring[1].split(" -> "))


def _meet(module: str, lines: tuple[int, int], changed: Mapping[str, Ranges]) -> bool:
    """Whether these lines of a module, or for all lines the module in any way, are among the changed ones.

    Where packages begin is not known here, so the end of a path is enough.
    """
    return any(
        f".{_dotted(path)}".endswith(f".{module}") and (lines == EVERY_LINE or touches(ranges, *lines))
        for path, ranges in changed.items()
        if path.endswith(_PYTHON)
    )


def _dotted(path: str) -> str:
    return ".".join(PurePosixPath(path).with_suffix("").parts).removesuffix(".__init__")
