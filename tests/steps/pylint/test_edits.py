"""After every edit, what the cache and a lint of the rest say together is what pylint says."""

# ruff: noqa: E501 - each file in one string

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from tests.differential import pylint_edits
from tests.differential.edits import Project
from tests.support import same
from tests.support.oracle import Oracle

BLOCK = "".join(f"    value_{number} = call({number}, 'text {number}')\n" for number in range(12))
FILES = {
    "code/app/__init__.py": '"""Doc."""\nfrom app.base import Base\n',
    "code/app/base.py": '"""Doc."""\n\n\nclass Base:\n    """Doc."""\n\n    size = 1\n\n    def run(self, first):\n        """Doc."""\n        return self.size\n\n\ndef make():\n    """Doc."""\n    return Base()\n\n\nLIMIT = 3\n',
    "code/app/child.py": '"""Doc."""\nfrom app.base import Base, LIMIT\n\n\nclass Child(Base):\n    """Doc."""\n\n    def run(self, first):\n        return self.given + LIMIT.real\n',
    "code/app/user.py": '"""Doc."""\nfrom app import base\nfrom app.child import Child\n\nprint(base.make().run(1), Child().run(2), Child().absent, base.make().given)\n',
    "code/app/giver.py": '"""Doc."""\nimport app.base\n\napp.base.Base.given = 1\n',
    "code/app/ring.py": '"""Doc."""\nfrom app import other_ring\n',
    "code/app/other_ring.py": '"""Doc."""\nfrom app import ring\nimport third\n\nprint(third.made().part, third.LIMIT.nothing)\n',
    "code/app/sub/__init__.py": "",
    "code/app/sub/copy.py": f'"""Doc."""\nfrom app.base import make\n\n\ndef function(call):\n    """Doc."""\n    make()\n{BLOCK}',
    "code/leaf.py": f'"""Doc."""\nimport json\nimport colorsys\nfrom app.sub import copy\n\n\ndef other(call):\n    """Doc."""\n    print(copy, json.nothing, colorsys.nothing)\n{BLOCK}',
    "third/third/__init__.py": "LIMIT = 1\n\n\nclass Made:\n    part = 1\n\n\ndef made():\n    return Made()\n",
}
TARGETS = ("--recursive=y", "app", "leaf.py")


class Edited:
    """The project, linted with a cache."""

    def __init__(self, base: Path, oracle: Oracle) -> None:
        for folder in ("code", "third"):
            (base / folder).mkdir(parents=True)
        self.base = base
        self.project = Project(base / "code", ("app",), base / "third")
        self.project.restore({name: text.encode() for name, text in FILES.items()})
        self.cache = base / "cache"
        self.env = {"PYTHONPATH": str(base / "third")}
        self._oracle = oracle

    def lint(self, *arguments: str, **env: str) -> same.Ran:
        """Lint, and fail on any difference."""
        mine = same.ours(self.project.root, arguments, cache=self.cache, env={**self.env, **env})
        other = self._oracle.lint(self.project.root, arguments, env={**self.env, **env})
        found = same.differences(mine, other)
        if found:
            pytest.fail("\n".join(found), pytrace=False)
        return mine

    def write(self, changes: dict[str, str | bytes | None]) -> None:
        """Write files; `None` removes one."""
        for name, text in changes.items():
            file = self.base / name
            if text is None:
                shutil.rmtree(file) if file.is_dir() else file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def edited(tmp_path: Path, oracle: Oracle) -> Edited:
    return Edited(tmp_path / "base", oracle)


def changed(name: str, old: str, new: str) -> dict[str, str | bytes | None]:
    assert old in FILES[name]
    return {name: FILES[name].replace(old, new)}


EDITS: dict[str, dict[str, str | bytes | None]] = {
    "a leaf": changed("code/leaf.py", "import json", "import json, sys"),
    "a comment": changed("code/app/base.py", "LIMIT = 3", "# why\nLIMIT = 3"),
    "a function that is called elsewhere is gone": changed("code/app/base.py", "def make", "def build"),
    "another parameter": changed("code/app/base.py", "self, first", "self, first, second"),
    "another base": changed("code/app/child.py", "Child(Base)", "Child(dict)"),
    "no return": changed("code/app/base.py", "    return Base()", "    pass"),
    "another constant": changed("code/app/base.py", "LIMIT = 3", "LIMIT = 'x'"),
    "an attribute is no longer given": changed("code/app/giver.py", "app.base.Base.given = 1", ""),
    "another attribute is given": changed("code/app/giver.py", "given", "absent"),
    "an attribute is given by another file": {
        **changed("code/app/giver.py", "app.base.Base.given = 1", ""),
        "code/app/sub/late.py": "def f():\n    from app import base\n    base.Base.given = []\n",
    },
    "something is given to a standard module": {"code/app/sub/late.py": "import json\njson.nothing = 1\n"},
    "a builtin is given something": {"code/app/sub/late.py": "import builtins\nbuiltins.undefined_name = 1\n"},
    "a file is empty": {"code/app/base.py": ""},
    "a file is gone": {"code/app/child.py": None},
    "a package is gone": {"code/app/sub": None},
    "a package is none": {"code/app/sub/__init__.py": None},
    "a package is a module": {"code/app/sub": None, "code/app/sub.py": "copy = 1\n"},
    "a module has a namesake": {"code/app/base/__init__.py": "class Base:\n    pass\n"},
    "a stub beside a module": {"code/app/base.pyi": "class Base: ...\nLIMIT: str\n"},
    "a standard module is shadowed": {"code/json.py": "nothing = 1\n"},
    "an installed module is shadowed": {"code/third.py": "LIMIT = None\n"},
    "an installed module is shadowed by a folder": {"code/third/part.py": ""},
    "the installed package changed": {"third/third/__init__.py": "class LIMIT:\n    nothing = 1\n"},
    "the installed package is gone": {"third/third": None},
    # Not what pylint itself imports: that would break pylint.
    "something else is installed": {"third/colorsys.py": "nothing = 1\n"},
    "a compiled module is installed": {"third/third": None, "third/third.pyc": b"not really"},
    "broken syntax": changed("code/app/base.py", "class Base:", "class Base"),
    "broken syntax in a leaf": changed("code/leaf.py", "import json", "import"),
    "not UTF-8": {"code/app/base.py": b'"""D\xf6c."""\nclass Base:\n    pass\n'},
    "no cycle": changed("code/app/ring.py", "from app import other_ring", ""),
    "a longer cycle": changed("code/app/ring.py", "from app import other_ring", "from app import leaf_ring\n")
    | {"code/app/leaf_ring.py": "from app import other_ring, ring\n"},
    "a cycle to be overlooked": changed(
        "code/app/ring.py", "other_ring", "other_ring  # pylint: disable=cyclic-import"
    ),
    "one copy fewer": changed("code/app/sub/copy.py", "text 5", "text 55"),
    "one copy more": {"code/app/third_copy.py": f"def f(call):\n{BLOCK}"},
    "a copy to be overlooked": {"code/app/third_copy.py": f"# pylint: disable=R0801\ndef f(call):\n{BLOCK}"},
    "a skipped file": {"code/app/base.py": "# pylint: skip-file\n" + FILES["code/app/base.py"]},
    "a useless comment": changed("code/leaf.py", "import json", "import json  # pylint: disable=unused-import"),
    "configuration": {"code/.pylintrc": "[FORMAT]\nmax-line-length=20\n"},
    "configuration of a folder": {"code/app/.pylintrc": "[FORMAT]\nmax-line-length=20\n"},
    "configuration in another file": {"code/pyproject.toml": "[tool.pylint.main]\ndisable = ['C']\n"},
    "names that a package leaves to the next module": {
        "code/app/__init__.py": "from app.base import Base\n\nX = []  # type: json\nY = []  # type: Base[Made]\n",
        "code/app/aaa.py": "import json\nfrom third import Made\n",
    },
    "a name's case": {"code/app/base.py": None, "code/app/Base.py": FILES["code/app/base.py"]},
    "contents swapped": {
        "code/app/ring.py": FILES["code/app/child.py"],
        "code/app/child.py": FILES["code/app/ring.py"],
    },
    "too deep": {"code/app/base.py": "LIMIT = 1" + " + 1" * 900 + "\n"},
}
QUIET = {"a leaf": 1, "a useless comment": 1, "a cycle to be overlooked": 2, "one copy fewer": 2}
"""Edits after which most files need no new lint, and how many do at most"""


def test_edits_one_by_one(edited: Edited) -> None:
    """Each edit, from the same state."""
    start = edited.project.state()
    cold = edited.lint(*TARGETS)
    assert (cold.linted, cold.cached) == (10, 0)
    problems = []
    for name, changes in EDITS.items():
        try:
            if name in QUIET:
                edited.lint(*TARGETS)
            edited.write(changes)
            ran = edited.lint(*TARGETS)
            if name in QUIET and not 0 < ran.linted <= QUIET[name]:
                problems.append(f"{name}: linted {ran.linted} files")
            edited.project.restore(start)
            # The way back is as any edit, but where a file goes that nobody had read.
            if not changes.keys() <= FILES.keys():
                edited.lint(*TARGETS)
        except pytest.fail.Exception as error:
            problems.append(f"{name}: {error}")
            edited.project.restore(start)
            shutil.rmtree(edited.cache)
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def test_nothing_is_linted_where_nothing_changed(edited: Edited) -> None:
    first = edited.lint(*TARGETS)
    for file in edited.project.files():
        os.utime(file, ns=(10**18, 10**18))
    assert edited.lint(*TARGETS).linted == 0
    again = edited.lint(*TARGETS)
    assert (again.linted, again.cached) == (0, first.linted)
    assert again.messages == first.messages


def test_a_file_whose_tree_is_made_while_another_is_parsed(edited: Edited) -> None:
    """What it assigns into a third file counts for a fourth one still, when only that is linted again."""
    for name in edited.project.state():
        edited.write({name: None})
    files = {
        "a": "import b\nb.Thing.other = 1\n",
        "b": "import c\n\n\nclass Thing:\n    pass\n\n\nc.given = 1\n",
        "c": "X = 1\n",
        "d": "import c\nprint(c.given.nothing)\n",
        **{f"more_{number}": f"X = {number}\n" for number in range(5)},
    }
    edited.write({f"code/{name}.py": text for name, text in files.items()})
    edited.lint("--recursive=y", ".")
    edited.write({"code/d.py": files["d"] + "\n"})
    ran = edited.lint("--recursive=y", ".")
    assert ran.linted == 1
    assert any("Instance of 'int' has no 'nothing'" in message["message"] for message in ran.messages)


def test_options_environment_and_order(edited: Edited) -> None:
    for arguments in (
        TARGETS,
        ("--recursive=y", "leaf.py", "app"),
        ("--enable=all", *TARGETS),
        ("--disable=C", *TARGETS),
        ("app/user.py", "app/giver.py", "leaf.py"),
        ("app/user.py", "leaf.py"),
        (*TARGETS, "--fail-under=0", "--fail-on=E"),
        ("--ignore-patterns=base", *TARGETS),
        ("--min-similarity-lines=2", *TARGETS),
    ):
        edited.lint(*arguments)
        assert edited.lint(*arguments).linted == 0
    edited.lint(*TARGETS, PYTHONPATH="")
    edited.lint(*TARGETS, PYTHONPATH=f"{edited.base}/other:{edited.base}/third")


def test_the_project_moves_with_its_cache(edited: Edited, oracle: Oracle, tmp_path: Path) -> None:
    first = edited.lint(*TARGETS)
    place = tmp_path / "elsewhere/deeper"
    shutil.copytree(edited.base, place)
    root, env = place / "code", {"PYTHONPATH": str(place / "third")}
    mine = same.ours(root, TARGETS, cache=place / "cache", env=env)
    assert same.differences(mine, oracle.lint(root, TARGETS, env=env)) == []
    assert {message["absolutePath"] for message in mine.messages} != {m["absolutePath"] for m in first.messages}


def test_the_project_moves_to_a_folder_that_is_called_as_a_module_is(edited: Edited, oracle: Oracle) -> None:
    """isort takes such a module for one of the project's."""
    edited.write({"code/leaf.py": "import third\nimport json\nprint(third, json)\n"})
    edited.lint("leaf.py", "app/base.py")
    place = edited.base / "elsewhere/third"
    shutil.copytree(edited.project.root, place)
    mine = same.ours(place, ("leaf.py", "app/base.py"), cache=edited.cache, env=edited.env)
    assert same.differences(mine, oracle.lint(place, ("leaf.py", "app/base.py"), env=edited.env)) == []


def test_what_a_hook_and_a_plugin_read(edited: Edited) -> None:
    """They may look anywhere: whatever they read counts."""
    edited.write(
        {
            "code/words.txt": "given",
            "code/hooked.py": "LIMIT = 10\n",
            "code/mine.py": "from pylint.checkers import BaseChecker\n\n\nclass Mine(BaseChecker):\n    name = 'mine'\n"
            "    msgs = {'W9901': ('Mine %s', 'mine-found', 'Doc.')}\n\n    def visit_attribute(self, node):\n"
            "        with open('words.txt') as stream:\n            if node.attrname in stream.read():\n"
            "                self.add_message('mine-found', node=node, args=(node.attrname,))\n\n\n"
            "def register(linter):\n    linter.register_checker(Mine(linter))\n",
        }
    )
    hook = "--init-hook=import sys; sys.path.insert(0, '.'); import hooked; sys.setrecursionlimit(1000 + hooked.LIMIT)"
    arguments = (hook, "--load-plugins=mine", *TARGETS)
    ran = edited.lint(*arguments)
    assert "mine-found" in {message["symbol"] for message in ran.messages}
    edited.write({"code/words.txt": "run part"})
    edited.lint(*arguments)
    edited.write({"code/mine.py": (edited.base / "code/mine.py").read_text().replace("'Mine %s'", "'My %s'")})
    ran = edited.lint(*arguments)
    assert any(message["message"].startswith("My ") for message in ran.messages)
    edited.write({"code/hooked.py": "LIMIT = 20\n"})
    edited.lint(*arguments)
    edited.write({"code/app/__init__.py": "# given run\n"})
    edited.lint(*arguments)


@pytest.mark.parametrize("seed", [1, 2])
def test_random_edits(edited: Edited, seed: int) -> None:
    edited.lint(*TARGETS)
    said = []
    for number, (_kind, what, arguments) in enumerate(pylint_edits.steps(edited.project, f"suite-{seed}", 10)):
        said.append(f"{number}: {what}")
        try:
            edited.lint("--enable=all" if seed == 2 else "--enable=useless-suppression", *arguments, "leaf.py")
        except pytest.fail.Exception as error:
            pytest.fail("\n".join([*said, str(error)]))


def test_damaged_caches(edited: Edited) -> None:
    first = edited.lint(*TARGETS)
    rng = random.Random(3)
    kept = [file for file in edited.cache.rglob("*") if file.is_file()]
    assert kept
    for how in (lambda data: b"", lambda data: data[: len(data) // 2], lambda data: data[:40] + bytes(40) + data[80:]):
        for file in kept:
            if file.is_file():
                file.write_bytes(how(file.read_bytes()))
        edited.write(changed("code/leaf.py", "import json", f"import json, sys, x{rng.randrange(99)}"))
        edited.lint(*TARGETS)
    edited.write({"code/leaf.py": FILES["code/leaf.py"]})
    assert edited.lint(*TARGETS).messages == first.messages
