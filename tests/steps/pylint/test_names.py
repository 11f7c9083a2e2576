"""What is linted, and under which name: packages, namespaces, twins, stubs, ignored and missing files."""

from __future__ import annotations

import pytest

from tests.steps.pylint.conftest import Compared
from tests.support import same

SPACE = {
    "root/part/one/mod.py": "import os\nfrom part.two import other\nprint(other.THING, other.NOTHING)\n",
    "root/part/two/other.py": "THING = 1\nimport sys\n",
    "root/part/two/sub/__init__.py": "from part.one.mod import nothing\n",
    "elsewhere/part/three/third.py": "from part.one import mod\nimport part.two\n",
}

TWINS = {
    "twin.py": "import os\nIN_MODULE = 1\n",
    "twin/__init__.py": "import sys\nIN_PACKAGE = 1\n",
    "twin/below.py": "from twin import IN_PACKAGE, IN_MODULE\nimport twin\nprint(twin.IN_MODULE)\n",
    "user.py": "import twin\nprint(twin.IN_PACKAGE, twin.IN_MODULE, twin.below)\n",
}

TREE = {
    "pkg/__init__.py": "",
    "pkg/a.py": "import os\n",
    "pkg/sub/__init__.py": "",
    "pkg/sub/b.py": "import sys\nfrom .. import a\nfrom ... import beyond\n",
    "loose/c.py": "import json\n",
    "loose/deep/d.py": "import re\n",
    "loose/deep/gen_e.py": "import io\n",
    "loose/deep/stub.pyi": "import io\ndef f(a) -> nothing: ...\n",
    "loose/text.txt": "import os\n",
}


def symbols(ran: same.Ran, path: str = "") -> list[str]:
    return [message["symbol"] for message in ran.messages if not path or message["path"] == path]


def paths(ran: same.Ran) -> set[str]:
    return {message["path"] for message in ran.messages}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--recursive=y", "."),
        ("--recursive=y", "--source-roots=root,elsewhere", "root", "elsewhere"),
        ("root/part/one/mod.py", "root/part/two/other.py", "elsewhere/part/three/third.py"),
    ],
    ids=["all", "roots", "files"],
)
def test_namespace_packages(compare: Compared, arguments: tuple[str, ...]) -> None:
    ran = compare.write(SPACE)(*arguments)
    assert ran.workers == 2
    assert "unused-import" in symbols(ran, "root/part/one/mod.py")


@pytest.mark.parametrize(
    "arguments",
    [
        ("twin", "twin.py", "user.py"),
        ("user.py", "twin.py", "twin"),
        ("twin.py", "user.py"),
        ("--recursive=y", "."),
        ("--enable=all", "twin", "twin.py", "twin/below.py", "twin"),
    ],
    ids=" ".join,
)
def test_a_module_and_a_package_of_one_name(compare: Compared, arguments: tuple[str, ...]) -> None:
    ran = compare.write(TWINS)(*arguments)
    assert ran.workers == 2
    assert "twin.py" in paths(ran)


@pytest.mark.parametrize("first", ["tool", "tool.py"])
def test_a_package_and_a_script_of_one_name(compare: Compared, first: str) -> None:
    second = {"tool": "tool.py", "tool.py": "tool"}[first]
    compare.write(
        {
            "tool/__init__.py": "def main(a):\n    return 1\n",
            "tool/__main__.py": "from tool import main\nmain()\n",
            "tool.py": "from tool import main, other\nmain(1, 2)\n",
        }
    )
    assert compare("--enable=all", first, second).workers == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("pkg/a.py", "pkg/a.py"),
        ("pkg", "pkg/a.py", "./pkg/a.py", "pkg.a"),
        ("pkg/a.py", "pkg"),
        ("pkg.sub", "pkg.sub.b", "pkg"),
        ("loose/deep/../c.py", "loose/c.py"),
    ],
    ids=" ".join,
)
def test_files_that_are_given_twice(compare: Compared, arguments: tuple[str, ...]) -> None:
    ran = compare.write(TREE)(*arguments)
    assert symbols(ran)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere.py",),
        ("nowhere.py", "pkg", "nothing.at.all", "pkg/missing.py"),
        ("pkg", "no/such/folder"),
        ("--recursive=y", "nowhere", "loose"),
    ],
    ids=" ".join,
)
def test_what_is_missing(compare: Compared, arguments: tuple[str, ...]) -> None:
    ran = compare.write(TREE)(*arguments)
    assert "fatal" in symbols(ran) or "import-error" in symbols(ran)
    assert ran.status & 1


def test_every_file_is_missing(compare: Compared) -> None:
    ran = compare("--recursive=y", "nowhere", "other.py")
    assert symbols(ran) == ["fatal", "fatal"]


@pytest.mark.parametrize(
    ("arguments", "linted"),
    [
        (("--recursive=y", "."), {"pkg/a.py", "pkg/sub/b.py", "loose/c.py", "loose/deep/d.py"}),
        (("--recursive=n", "pkg", "loose/c.py"), {"pkg/a.py", "pkg/sub/b.py", "loose/c.py"}),
        (("--recursive=n", "loose"), set()),
        (("--recursive=y", "--ignore=sub,c.py", "."), {"pkg/a.py", "loose/deep/d.py"}),
        (("--recursive=y", "--ignore-patterns=^gen_.*,.*i$", "loose"), {"loose/c.py", "loose/deep/d.py"}),
        (("--recursive=y", "--ignore-paths=^loose/deep/.*,.*sub.*", "."), {"pkg/a.py", "loose/c.py"}),
        (("--ignore-paths=.*", "pkg"), set()),
        (("--ignore=a.py", "pkg/a.py", "loose/c.py"), {"loose/c.py"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_which_files_are_taken(compare: Compared, arguments: tuple[str, ...], linted: set[str]) -> None:
    ran = compare.write(TREE)(*arguments)
    found = paths(ran)
    assert linted <= found
    if any(word.startswith("--ignore") for word in arguments):
        assert "loose/deep/gen_e.py" not in found or "gen" not in " ".join(arguments)
        assert found <= linted | {
            "pkg/__init__.py",
            "pkg/sub/__init__.py",
            "loose/deep/gen_e.py",
            "loose/deep/stub.pyi",
        }


def test_packages_and_folders_that_hold_nothing(compare: Compared) -> None:
    compare.write(
        {"empty/__init__.py": "", "hollow/readme.txt": "", "full/__init__.py": "", "full/inner/__init__.py": ""}
    )
    compare("empty")
    compare("--recursive=y", "hollow")
    compare("--enable=all", "--recursive=y", "empty", "hollow", "full")


@pytest.mark.parametrize("stubs", ["y", "n"])
def test_stubs_beside_their_modules(compare: Compared, stubs: str) -> None:
    compare.write(
        {
            "lib/__init__.py": "",
            "lib/__init__.pyi": "VERSION: str\n",
            "lib/made.py": "def make():\n    return [1]\n\n\nHIDDEN = 1\n",
            "lib/made.pyi": "def make() -> dict: ...\n",
            "lib/only.pyi": "class Only:\n    def run(self): ...\n",
            "use.py": "from lib import made, only\nimport lib\n\nprint(made.HIDDEN, lib.VERSION, made.make().keys())\n"
            "only.Only().walk()\n",
        }
    )
    arguments = ("--enable=all", f"--prefer-stubs={stubs}", "lib", "use.py")
    assert compare(*arguments).workers == 2
    assert compare(*arguments[:2], "lib/made.pyi", "lib/made.py", "lib/only.pyi", "use.py").workers == 2


@pytest.mark.parametrize("more", [(), ("--extension-pkg-allow-list=msgspec",), ("--unsafe-load-any-extension=y",)])
def test_members_of_a_c_extension(compare: Compared, more: tuple[str, ...]) -> None:
    compare.write(
        {
            "a.py": "from msgspec import _core\n\nprint(_core.nothing, _core.Struct)\n",
            "b.py": "import _struct\nimport msgspec._core\n\nprint(_struct.nothing, msgspec._core.nothing)\n",
        }
    )
    ran = compare("--enable=all", *more, "a.py", "b.py")
    assert {"c-extension-no-member", "no-member"} & set(symbols(ran))


def test_modules_with_the_names_of_others(compare: Compared) -> None:
    """Names of the standard library, of what pylint itself imports, and of a package that is installed."""
    compare.write(
        {
            "random.py": "SEED = 1\n",
            "tomlkit.py": "X = 1\n",
            "click.py": "def command():\n    pass\n",
            "statistics/__init__.py": "from random import SEED, choice\n",
            "inner/__init__.py": "",
            "inner/logging.py": "import logging\nfrom . import json\nlogging.getLogger('x')\n",
            "inner/json.py": "from json import loads\nimport json\njson.loads('1')\n",
            "use.py": "import random\nimport click\nimport tomlkit\nimport statistics\nfrom inner import json\n"
            "print(random.choice([1]), click.group, click.command(), tomlkit.parse(''), statistics.mean, json.dumps)\n",
        }
    )
    for arguments in (("--recursive=y", "."), ("inner", "use.py"), ("use.py", "random.py")):
        assert compare(*arguments).workers == 2


def test_links(compare: Compared) -> None:
    compare.write(TREE)
    (compare.root / "linked").symlink_to("pkg", target_is_directory=True)
    (compare.root / "loose/again.py").symlink_to("c.py")
    (compare.root / "loose/dangling.py").symlink_to("nothing.py")
    (compare.root / "loose/round").symlink_to(".", target_is_directory=True)
    compare("--recursive=y", "--enable=all", ".")
    compare("pkg", "linked", "loose/again.py", "loose/dangling.py")


def test_names_that_are_hardly_names(compare: Compared) -> None:
    compare.write(
        {
            "with space/a b.py": "import os\n",
            "with-dash/mod-ule.py": "import os\n",
            "dotted.name/x.y.py": "import os\n",
            "ünï/cödé.py": "import os\nfrom . import nothing\n",
            "class/def.py": "import os\n",
            "1st/2nd.py": "import os\n",
            "UPPER/Case.py": "import os\nimport upper\n",
        }
    )
    ran = compare("--recursive=y", "--enable=all", ".")
    assert len(paths(ran)) == 7
