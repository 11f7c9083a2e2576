"""Edits of what a file says."""

from __future__ import annotations

import ast
import random
import re

from tests.differential import edits
from tests.differential.edits import Project

VALUES = ("1", "'text'", "None", "[1, 2]", "{}", "object()", "lambda: 1", "undefined_thing", "b'x'", "(1, 'a')")
BASES = ("object", "dict", "list", "Exception", "str", "unknown_base", "int")
SNIPPETS = (
    "import os\n",
    "def added_{n}(a, b):\n    import json\n    return a\n",
    (
        "class Added{n}:\n    def __init__(self):\n        self.value = 1\n\n"
        "    def run(self):\n        return self.valve\n"
    ),
    "for i_{n} in range(3):\n    pass\nprint(i_{n}, undefined_{n})\n",
    "X_{n} = [1,\n                   'x' 'b',\n           'c']\n",
    "def f_{n}(call):\n    return f\"{{call('a', 'b')}}\"\nY_{n} = (1,\n f\"12345678{{''.join('ab', 'c')}}\")\n",
    "def typed_{n}(a: 'os', b: json, *, c: Optional = None) -> List:\n    pass\n",
    "try:\n    import nothing_{n}\nexcept ImportError:\n    nothing_{n} = None\n",
    "# TODO: {n}\n\x0c\nprint ('a' 'b') \n",
    "__all__ = ['missing_{n}']\n",
)
COMMENTS = (
    "# pylint: disable=all",
    "# pylint: skip-file",
    "# pylint: disable=unused-import,missing-function-docstring",
    "# pylint: disable=duplicate-code",
    "# pylint: disable=cyclic-import",
    "# pylint: disable=no-member",
    "# pylint: disable-next=unused-import",
    "# pylint: enable=all",
    "# pylint: disable=no-such-thing",
)


def empty(project: Project, rng: random.Random) -> str:
    """Empty a file."""
    file = edits.pick(project, rng, lambda one: one.stat().st_size)
    if not file:
        return ""
    file.write_bytes(b"")
    return f"empty {project.show(file)}"


def rename_definition(project: Project, rng: random.Random) -> str:
    """Rename a function or class where it is defined."""
    return _rename(project, rng, everywhere=False)


def rename_everywhere(project: Project, rng: random.Random) -> str:
    """Rename a function or class in all files."""
    return _rename(project, rng, everywhere=True)


def _rename(project: Project, rng: random.Random, *, everywhere: bool) -> str:
    file = edits.pick(project, rng, lambda one: edits.top(one, ast.FunctionDef, ast.ClassDef))
    if not file:
        return ""
    name = rng.choice([node.name for node in edits.top(file, ast.FunctionDef, ast.ClassDef)])  # type: ignore[attr-defined]
    new = f"{name}_{project.next()}"
    pattern = re.compile(rf"\b{name}\b" if everywhere else rf"^(def|class) {name}\b", re.MULTILINE)
    for one in project.files() if everywhere else [file]:
        content = edits.text(one)
        if pattern.search(content):
            edits.put(one, pattern.sub(new if everywhere else rf"\1 {new}", content))
    return f"rename {name} of {project.show(file)} to {new}{' everywhere' if everywhere else ''}"


def drop_return(project: Project, rng: random.Random) -> str:
    """Make a function return nothing, or something else, at one of its ends."""
    file = edits.pick(project, rng, lambda one: edits.lines_of(one, ast.Return))
    if not file:
        return ""
    first, last = rng.choice(edits.lines_of(file, ast.Return))
    new = rng.choice(("pass", f"return {rng.choice(VALUES)}"))
    edits.replace_lines(file, first, last, new)
    return f"{project.show(file)}:{first}: {new} instead of a return"


def change_base(project: Project, rng: random.Random) -> str:
    """Give a class another base."""
    file = edits.pick(project, rng, lambda one: edits.top(one, ast.ClassDef))
    if not file:
        return ""
    name = rng.choice([node.name for node in edits.top(file, ast.ClassDef)])  # type: ignore[attr-defined]
    base = rng.choice((*BASES, *edits.defined(file)[:3]))
    content = re.sub(rf"^class {name}\b[^:\n]*:", f"class {name}({base}):", edits.text(file), flags=re.MULTILINE)
    edits.put(file, content)
    return f"{project.show(file)}: class {name}({base})"


def inject(project: Project, rng: random.Random) -> str:
    """Give another module, or its class, an attribute; and have a third one read it, at times."""
    target = edits.pick(project, rng, edits.defined)
    file = edits.pick(project, rng, lambda one: one != target)
    if not (target and file):
        return ""
    number, module = project.next(), project.name(target)
    what = rng.choice(edits.defined(target))
    attribute = rng.choice((f"given_{number}", "name", "value", what))
    path = rng.choice((f"{module}.{what}.{attribute}", f"{module}.{attribute}"))
    line = f"{path} = {rng.choice(VALUES)}\n"
    if rng.random() < 0.4:
        line = f"def inject_{number}():\n    {line}"
    edits.append(file, f"import {module}\n{line}")
    said = f"{project.show(file)} sets {path}"
    reader = edits.pick(project, rng, lambda one: True)
    if reader and rng.random() < 0.7:
        edits.append(reader, f"import {module}\nprint({path}, {path}.nothing)\n")
        said += f", {project.show(reader)} reads it"
    return said


def use(project: Project, rng: random.Random) -> str:
    """Read something of another module, in a way that inference looks into it."""
    target = edits.pick(project, rng, edits.defined)
    file = edits.pick(project, rng, lambda one: one != target)
    if not (target and file):
        return ""
    module, what, number = project.name(target), rng.choice(edits.defined(target)), project.next()
    code = rng.choice(
        (
            f"from {module} import {what} as used_{number}\nprint(used_{number}.attribute, used_{number}(1).other)\n",
            f"import {module}\nprint({module}.{what}, {module}.absent_{number})\n",
            f"from {module} import *\nprint({what})\n",
            (
                f"from {module} import {what}\n\n\nclass Sub{number}({what}):\n"
                "    def run(self, x):\n        return self.missing\n"
            ),
            (
                f"def late_{number}():\n    from {module} import {what}, absent_{number}\n"
                f"    return [*{what}(), {what}['x'], -{what}]\n"
            ),
        )
    )
    edits.append(file, code)
    return f"{project.show(file)} uses {module}.{what}"


def constant(project: Project, rng: random.Random) -> str:
    """Give a constant another value."""
    file = edits.pick(project, rng, lambda one: edits.top(one, ast.Assign))
    if not file:
        return ""
    node = rng.choice(edits.top(file, ast.Assign))
    name, value = ast.unparse(node.targets[0]), rng.choice(VALUES)  # type: ignore[attr-defined]
    edits.replace_lines(file, node.lineno, node.end_lineno or node.lineno, f"{name} = {value}")
    return f"{project.show(file)}:{node.lineno}: {name} = {value}"


def signature(project: Project, rng: random.Random) -> str:
    """Add a parameter to a function, or take its first one away."""
    file = edits.pick(project, rng, lambda one: edits.lines_of(one, ast.FunctionDef))
    if not file:
        return ""
    found = list(re.finditer(r"^( *)def (\w+)\((\w*,? ?)", edits.text(file), re.MULTILINE))
    if not found:
        return ""
    match, content = rng.choice(found), edits.text(file)
    new = rng.choice(("", f"{match[3]}extra_{project.next()}, ", f"extra_{project.next()}, {match[3]}"))
    edits.put(file, content[: match.start(3)] + new + content[match.end(3) :])
    return f"{project.show(file)}: def {match[2]}({new}"


def delete_definition(project: Project, rng: random.Random) -> str:
    """Delete a statement of a module's top level."""
    file = edits.pick(project, rng, lambda one: edits.top(one, *edits.STATEMENTS))
    if not file:
        return ""
    node = rng.choice(edits.top(file, *edits.STATEMENTS))
    edits.replace_lines(file, node.lineno, node.end_lineno or node.lineno, "")
    return f"{project.show(file)}: delete lines {node.lineno} to {node.end_lineno}"


def duplicate(project: Project, rng: random.Random) -> str:
    """Copy ten lines into another file."""
    source = edits.pick(project, rng, lambda one: len(edits.text(one).splitlines()) > 20)
    file = edits.pick(project, rng, lambda one: one != source)
    if not (source and file):
        return ""
    lines = edits.text(source).splitlines()
    first = rng.randrange(len(lines) - 10)
    edits.append(file, "if True:\n" + "".join(f"{line}\n" for line in lines[first : first + 10]))
    return f"copy lines {first + 1} to {first + 10} of {project.show(source)} into {project.show(file)}"


def cycle(project: Project, rng: random.Random) -> str:
    """Have two modules import each other, or three."""
    files = rng.sample(project.files(), k=min(rng.choice((2, 2, 3)), len(project.files())))
    for one, two in zip(files, [*files[1:], files[0]], strict=True):
        edits.insert_import(one, f"import {project.name(two)}")
    return "a cycle of imports: " + ", ".join(map(project.show, files))


def comment(project: Project, rng: random.Random) -> str:
    """Talk to pylint: in the whole file, or on one line."""
    file = edits.pick(project, rng, lambda one: one.stat().st_size)
    if not file:
        return ""
    words = rng.choice(COMMENTS)
    lines = edits.text(file).splitlines()
    at = rng.randrange(len(lines)) if lines else 0
    if rng.random() < 0.5:
        lines.insert(rng.choice((0, at)), words)
    elif lines:
        lines[at] += "  " + words
    edits.put(file, "\n".join(lines) + "\n")
    return f"{project.show(file)}: {words} near line {at + 1}"


def add_code(project: Project, rng: random.Random) -> str:
    """Add some code that pylint has something to say about."""
    file = edits.pick(project, rng, lambda one: True)
    if not file:
        return ""
    snippet = rng.choice(SNIPPETS).format(n=project.next())
    edits.append(file, snippet)
    return f"{project.show(file)}: add {snippet.splitlines()[0]!r}"


def break_syntax(project: Project, rng: random.Random) -> str:
    """Break a file, or repair one that an earlier edit has broken."""
    marks = ("def broken(:\n", "x = (\n", "\tif 1:\n  pass\n", "'''\n", "x = 1\0\n")
    broken = [file for file in project.files() if any(edits.text(file).endswith(mark) for mark in marks)]
    if broken and rng.random() < 0.6:
        file = rng.choice(broken)
        content = edits.text(file)
        (mark, *_) = (mark for mark in marks if content.endswith(mark))
        edits.put(file, content.removesuffix(mark))
        return f"repair {project.show(file)}"
    picked = edits.pick(project, rng, lambda one: one not in broken)
    if not picked:
        return ""
    edits.append(picked, rng.choice(marks))
    return f"break {project.show(picked)}"


def encoding(project: Project, rng: random.Random) -> str:
    """Change a file's bytes and line ends: another encoding, a mark in front, CR LF, a form feed."""
    file = edits.pick(project, rng, lambda one: True)
    if not file:
        return ""
    data = file.read_bytes()
    how, new = rng.choice(
        (
            ("latin-1", b"# coding: latin-1\n" + data + b"\nNAME = '\xe4'\n"),
            ("no UTF-8", data + b"\n# \xff\n"),
            ("a byte order mark", b"\xef\xbb\xbf" + data),
            ("CR LF", data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
            ("a form feed", data + b"\n\x0c\n"),
            ("no last line end", data.rstrip(b"\n")),
        )
    )
    file.write_bytes(new)
    return f"{project.show(file)}: {how}"


def comment_only(project: Project, rng: random.Random) -> str:
    """Change a comment, or add an empty line: nothing but the places can change."""
    file = edits.pick(project, rng, edits.tree)
    if not file:
        return ""
    edits.insert_import(file, rng.choice(("", f"# {project.next()}")))
    return f"{project.show(file)}: a line that means nothing"


ALL: tuple[edits.Edit, ...] = (
    empty,
    rename_definition,
    rename_everywhere,
    drop_return,
    drop_return,
    change_base,
    inject,
    inject,
    inject,
    use,
    use,
    use,
    constant,
    signature,
    delete_definition,
    duplicate,
    cycle,
    comment,
    add_code,
    add_code,
    break_syntax,
    encoding,
    comment_only,
)
