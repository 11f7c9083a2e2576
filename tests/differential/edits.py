"""Edits of a Python project, each drawn from a random source: what developers do, and what caches trip over.

An edit changes the project's files and says what it did in one line, or returns "" where there is nothing to do it to.
"""

from __future__ import annotations

import ast
import os
import random
import re
import shutil
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

Edit = Callable[["Project", random.Random], str]

STATEMENTS = (ast.FunctionDef, ast.ClassDef, ast.Assign)


class Project:
    """A copy of a project: `folders` are linted (relative), `third` is a folder with what stands for installed code."""

    def __init__(self, root: Path, folders: Sequence[str], third: Path) -> None:
        self.root = root
        self.folders = tuple(folders)
        self.third = third
        self.number = 0
        self.past: list[dict[str, bytes]] = []

    def files(self, *suffixes: str) -> list[Path]:
        """Return the linted Python files, sorted."""
        found = {file for folder in self.folders for file in (self.root / folder).rglob("*") if file.is_file()}
        return sorted(file for file in found if file.suffix in (suffixes or (".py",)))

    def packages(self) -> list[Path]:
        """Return the folders of linted files."""
        return sorted({file.parent for file in self.files()})

    def name(self, file: Path) -> str:
        """Return a file's module name, by the packages that it is in."""
        parts = [] if file.stem == "__init__" else [file.stem]
        folder = file.parent
        while (folder / "__init__.py").exists() and folder != self.root:
            parts.insert(0, folder.name)
            folder = folder.parent
        return ".".join(parts) or file.stem

    def next(self) -> int:
        """Return a number that no edit has used."""
        self.number += 1
        return self.number

    def show(self, file: Path) -> str:
        """Return a path as it is said."""
        return file.relative_to(self.root.parent).as_posix()

    def state(self) -> dict[str, bytes]:
        """Return the content of all files, the foreign ones included."""
        base = self.root.parent
        files = (file for top in (self.root, self.third) for file in top.rglob("*") if file.is_file())
        return {
            file.relative_to(base).as_posix(): file.read_bytes() for file in files if "__pycache__" not in file.parts
        }

    def restore(self, state: dict[str, bytes]) -> None:
        """Make the files those of `state`; what is equal is not touched, links go."""
        for file in [file for top in (self.root, self.third) for file in top.rglob("*") if file.is_symlink()]:
            file.unlink()
        now, base = self.state(), self.root.parent
        for name in now.keys() - state.keys():
            (base / name).unlink()
        for name, data in state.items():
            if now.get(name) != data:
                (base / name).parent.mkdir(parents=True, exist_ok=True)
                (base / name).write_bytes(data)
        folders = (folder for top in (self.root, self.third) for folder in top.rglob("*") if folder.is_dir())
        for folder in sorted(folders, reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()


def text(file: Path) -> str:
    """Return a file's text; bytes that are no UTF-8 come back as they were by `put`."""
    return file.read_bytes().decode("utf-8", "surrogateescape")


def put(file: Path, content: str) -> None:
    """Write a text, line ends as they are."""
    file.write_bytes(content.encode("utf-8", "surrogateescape"))


def tree(file: Path) -> ast.Module | None:
    """Return a file's tree, or `None` where it has none."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        return None


def top(file: Path, *kinds: type[ast.stmt]) -> list[ast.stmt]:
    """Return the statements of these kinds on a module's top level."""
    module = tree(file)
    return [node for node in module.body if isinstance(node, kinds)] if module else []


def defined(file: Path) -> list[str]:
    """Return the names of a module's functions, classes and constants."""
    names = [getattr(node, "name", "") for node in top(file, ast.FunctionDef, ast.ClassDef)]
    names += [t.id for node in top(file, ast.Assign) for t in node.targets if isinstance(t, ast.Name)]  # type: ignore[attr-defined]
    return [name for name in names if name and not name.startswith("__")]


def pick(project: Project, rng: random.Random, wanted: Callable[[Path], object], tries: int = 12) -> Path | None:
    """Return a linted file for which `wanted` holds, or `None` if none was met."""
    files = project.files()
    for _ in range(tries if files else 0):
        file = rng.choice(files)
        if wanted(file):
            return file
    return None


def lines_of(file: Path, kind: type[ast.AST]) -> list[tuple[int, int]]:
    """Return the line ranges (from 1, both included) of all nodes of a kind."""
    module = tree(file)
    nodes = [node for node in ast.walk(module) if isinstance(node, kind)] if module else []
    return [(node.lineno, node.end_lineno or node.lineno) for node in nodes]  # type: ignore[attr-defined]


def replace_lines(file: Path, first: int, last: int, new: str) -> None:
    """Replace lines (from 1, both included) by one with the first one's indentation; `new` "" removes them."""
    lines = text(file).split("\n")
    indent = re.match(r"[ \t]*", lines[first - 1])
    lines[first - 1 : last] = [f"{indent.group() if indent else ''}{new}"] if new else []
    put(file, "\n".join(lines))


def append(file: Path, more: str) -> None:
    """Add lines at a file's end."""
    before = text(file)
    put(file, before + ("" if not before or before.endswith("\n") else "\n") + more)


def insert_import(file: Path, line: str) -> None:
    """Put a line behind the docstring and the imports from `__future__`."""
    module = tree(file)
    at = 0
    for node in module.body if module else []:
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (future or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))):
            break
        at = node.end_lineno or 0
    lines = text(file).split("\n")
    put(file, "\n".join([*lines[:at], line, *lines[at:]]))


def move(project: Project, one: Path, two: Path) -> str:
    """Move a file or folder; return what was done."""
    two.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(one, two)
    return f"move {project.show(one)} to {project.show(two)}"


def set_time(file: Path, seconds: float) -> None:
    """Set a file's time of change, `seconds` from what it is."""
    now = file.stat().st_mtime_ns + int(seconds * 1e9)
    os.utime(file, ns=(now, now))
