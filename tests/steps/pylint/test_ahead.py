"""Trees that are made ahead: those that astroid makes itself, for the same source only, and only where it could."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.steps.pylint.conftest import Compared
from tests.support import same
from tests.support.oracle import Oracle

_SAME = """
import argparse, collections, dataclasses, enum, os, typing

import astroid
from astroid.builder import AstroidBuilder

from buildtools.steps.pylint.inside import ahead

def told(tree):
    # Where nodes are in memory is no part of what they are.
    out = []
    todo = [tree]
    while todo:
        node = todo.pop()
        held = []
        for name, value in sorted(vars(node).items()):
            held.append((name, plain(value)))
        out.append((type(node).__name__, held))
        todo += node.get_children()
    return out

def taken_there(key, made, data, name, path):
    held, told, (heard, tell) = os.memfd_create("held"), os.memfd_create("told"), os.pipe()
    os.pwrite(held, made, 0)
    os.pwrite(told, ahead._RECORD.pack(key, 0, len(made)), 0)
    before = AstroidBuilder._data_build
    ahead.Ahead(-1, told, held, tell).install()
    try:
        return AstroidBuilder(astroid.MANAGER)._data_build(data, name, path)
    finally:
        AstroidBuilder._data_build = before

def plain(value):
    if isinstance(value, astroid.nodes.NodeNG):
        names = [getattr(value, name, "") for name in ("name", "value")]
        names = [name for name in names if isinstance(name, (str, int))]
        return type(value).__name__, value.lineno, value.col_offset, names
    if isinstance(value, dict):
        return [(name, plain(one)) for name, one in value.items()]
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return repr(value)

for module in (argparse, collections, dataclasses, enum, typing):
    path, name = module.__file__, module.__name__
    if module is collections:
        name += ".__init__"
    data = open(path, encoding="utf-8").read()
    maker = AstroidBuilder(astroid.MANAGER)
    tree, rest = maker._data_build(data, name, path)
    key, made, _tree = ahead._made(path)
    assert key == ahead._key(data, path) != ahead._key(data + " ", path)
    other, other_rest = taken_there(key, made, data, name, path)
    assert type(other_rest) is ahead._Rest
    assert len(told(tree)) > 1000 and told(tree) == told(other), name
    assert other.locals is other.globals
    assert [(plain(node), set(names)) for node, names in rest._import_from_nodes] == [
        (plain(node), set(names)) for node, names in other_rest._import_from_nodes
    ]
    assert plain(rest._delayed_assattr) == plain(other_rest._delayed_assattr)
    roots = {node.root() for node in other_rest._delayed_assattr}
    assert roots <= {other}
print("the same")
"""

_TAKEN = """
import os, sys

import astroid
from astroid.builder import AstroidBuilder

from buildtools.steps.pylint.inside import ahead

path = sys.argv[1]
key, made, _tree = ahead._made(path)
held, told, (heard, tell) = os.memfd_create("held"), os.memfd_create("told"), os.pipe()
one = ahead.Ahead(-1, told, held, tell)
one.install()
maker = AstroidBuilder(astroid.MANAGER)
data = open(path, encoding="utf-8").read()

def taken(data, path, name="given"):
    tree, rest = maker._data_build(data, name, path)
    assert tree.name == name.removesuffix(".__init__") and tree.file == path
    return type(rest).__name__ == "_Rest"

def deep(count):
    return deep(count - 1) if count else taken(data, path)

assert not taken(data, path)
assert os.read(heard, 1000) == ahead._path_key(path)
os.pwrite(held, made, 0)
os.pwrite(told, ahead._RECORD.pack(key, 0, len(made)), 0)
assert taken(data, path)
assert taken(data, path)
assert taken(data, path, "given.__init__")
packages = [maker._data_build(data, name, path)[0].package for name in ("given.__init__", "given")]
assert packages == [True, False]
assert not taken(data + " ", path)
assert not taken(data, path + "i")
assert not deep(sys.getrecursionlimit() - ahead._ROOM)
os.ftruncate(held, len(made) - 1)
assert not taken(data, path)
print("taken")
"""

needs_memfd = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no anonymous files")


def _ran(script: str, *words: str | Path) -> str:
    root = Path(__file__).parents[3]
    argv = [sys.executable, "-c", script, *words]
    return subprocess.run(argv, cwd=root, stdout=subprocess.PIPE, check=True, text=True).stdout


@needs_memfd
def test_the_trees_are_the_same() -> None:
    assert _ran(_SAME) == "the same\n"


@needs_memfd
def test_only_the_same_source_is_taken_and_only_where_room_is(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text('"""Doc."""\nVALUE = 1\n', "utf-8")
    assert _ran(_TAKEN, source) == "taken\n"


@needs_memfd
def test_what_is_too_deep_is_left_to_pylint(tmp_path: Path, oracle: Oracle) -> None:
    doc = '"""Doc."""\n'
    deep = doc + "VALUE = " + " + ".join(["1"] * 400) + "\n"
    files = {"app/__init__.py": doc, "app/deep.py": deep, "app/reader.py": doc + "from app import deep\n"}
    project = Compared(tmp_path / "project", oracle).write(files)
    arguments = ("--recursive=y", "app")
    for more in ("", "print(deep.VALUE.nothing, deep.OTHER)\n"):
        project.write({"app/reader.py": files["app/reader.py"] + more})
        ours = same.ours(project.root, arguments, cache=tmp_path / "cache")
        assert same.differences(ours, oracle.lint(project.root, arguments)) == []


@needs_memfd
def test_who_assigns_into_what_is_read_is_begun_after_what_is_read(tmp_path: Path, oracle: Oracle) -> None:
    doc = '"""Doc."""\n'
    files = {
        "app/__init__.py": doc,
        "app/base.py": doc + "def made():\n    " + doc,
        "app/giver.py": doc + "from app import base, other\n\nbase.made.value = other.VALUE\n",
        "app/other.py": doc + "VALUE = 1\n",
        "app/nobody.py": doc,
        "app/reader.py": doc + "from app import base\nprint(base.made.value.nothing)\n",
    }
    project = Compared(tmp_path / "project", oracle).write(files)
    same.ours(project.root, ("--recursive=y", "app"), cache=tmp_path / "cache")
    (kept,) = (tmp_path / "cache").iterdir()
    project.write({"app/reader.py": files["app/reader.py"] + "print(base.made.value.other)\n"})
    script = """
import os, sys
from pathlib import Path
from buildtools.steps.pylint.inside import ahead, state
before = state.load(Path(sys.argv[1]))
os.chdir(sys.argv[2])
print(*(os.path.relpath(path) for path in ahead._wanted(before) if path.startswith(os.getcwd())))
"""
    found = _ran(script, kept, project.root).split()
    assert found.index("app/base.py") < found.index("app/giver.py")
    assert {"app/giver.py", "app/other.py"} <= set(found)
    assert not {"app/nobody.py", "app/reader.py"} & set(found)


@needs_memfd
@pytest.mark.parametrize("arguments", [(), ("--jobs=2",)])
def test_classes_know_the_module_that_they_are_in(arguments: tuple[str, ...], tmp_path: Path, oracle: Oracle) -> None:
    files = {
        "mod.py": "class Thing:\n    class Inner:\n        pass\n",
        "use.py": "import mod\n"
        "print(open('x', mod.Thing.__module__, encoding='utf-8'))\n"
        "print(open('x', mod.Thing.Inner.__qualname__, encoding='utf-8'))\n"
        "print(mod.Thing.__module__[0].foo)\n",
    }
    project = Compared(tmp_path / "project", oracle).write(files)
    for more in ("", "print(1)\n"):
        project.write({"use.py": files["use.py"] + more})
        ours = same.ours(project.root, (*arguments, "mod.py", "use.py"), cache=tmp_path / "cache")
        theirs = oracle.lint(project.root, ("mod.py", "use.py"))
        assert same.differences(ours, theirs) == []
        assert any("mod.Thing.Inner" in message["message"] for message in theirs.messages)


ODD_HOOKS = {
    "warnings are errors": "import warnings; warnings.simplefilter('error')",
    "nobody reads": "import signal, time; signal.signal(signal.SIGPIPE, signal.SIG_DFL); time.sleep(1)",
    "another tree": "import astroid.rebuilder as r; p = r.TreeRebuilder.visit_constant; import time; time.sleep(1);"
    " setattr(r.TreeRebuilder, 'visit_constant', lambda s, n, q:"
    " p(s, n if n.value != 41 else type(n)(value='r', kind=None, lineno=n.lineno, col_offset=n.col_offset,"
    " end_lineno=n.end_lineno, end_col_offset=n.end_col_offset), q))",
}


@needs_memfd
@pytest.mark.parametrize("place", ["command line", "file"])
@pytest.mark.parametrize("case", ODD_HOOKS)
def test_what_a_hook_changes_counts(case: str, place: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "m.py").write_text("import json\nA = '\\d'\nprint(open('x', 41, encoding='utf-8'))\njson.x = 1\n")
    arguments = ("--recursive=y", "m.py")
    if place == "file":
        (project / ".pylintrc").write_text(f"[MAIN]\ninit-hook={ODD_HOOKS[case]}\n")
    else:
        arguments = (f"--init-hook={ODD_HOOKS[case]}", *arguments)
    theirs = same.theirs(project, arguments)
    for jobs in ((), ("--jobs=2",)):
        ours = same.ours(project, (*jobs, *arguments), cache=None if jobs else tmp_path / "cache")
        assert same.differences(ours, theirs) == []


@needs_memfd
def test_closed_standard_files_and_full_ones_do_no_harm(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "m.py").write_text("import argparse, typing, json\nargparse.ArgumentParser().foo()\njson.x = 1\n")
    theirs = same.theirs(project, ("m.py",))
    for before in ("exec <&-;", "exec <&- >&-;", "ulimit -f 100;"):
        out = tmp_path / "out.json"
        script = f'{before} exec "$@"'
        words = ("sh", "-c", script, "sh", sys.executable, same.DRIVER, out, "-", "--persistent=n", "--jobs=2", "m.py")
        done = subprocess.run(words, cwd=project, stderr=subprocess.DEVNULL, check=False)
        report = same.read(out)
        assert done.returncode == theirs.status, before
        assert len(report["messages"]) == len(theirs.messages)
