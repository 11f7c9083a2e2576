"""Configuration files, environment and hooks: pylint's own rules say which count."""

# ruff: noqa: E501 - each file in one string

from __future__ import annotations

import pytest

from tests.steps.pylint.conftest import Compared
from tests.support import same

SOURCES = {
    "pkg/__init__.py": "",
    "pkg/a.py": "import os\nfrom pkg.sub import b\n\n\ndef function(argument):\n    return b.nothing(undefined)\n",
    "pkg/sub/__init__.py": "",
    "pkg/sub/b.py": "import pkg.a\nimport json, sys\nX = 1 \nclass small: pass\n",
    "pkg/sub/deeper/c.py": "import re\nlong_name_of_a_value = 'some text that is rather long'\n",
    "other/d.py": "import hooked\nprint(hooked.THING, hooked.OTHER)\nlong_name_of_a_value = 'some text that is rather long'\n",
    "lib/hooked.py": "THING = 1\n",
}

RC = "[MAIN]\nfail-under=3\nignore-paths=^pkg/sub/b.*\n[FORMAT]\nmax-line-length=30\n[MESSAGES CONTROL]\ndisable=C0114,C0116\n"
TOML = (
    "[tool.pylint.format]\nmax-line-length = 30\n[tool.pylint.main]\nfail-on = 'E'\n[tool.pylint.'messages control']\n"
    "disable = ['C0114', 'unused-import']\n"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".pylintrc", RC),
        ("pylintrc", RC),
        ("pylintrc.toml", TOML),
        ("pyproject.toml", TOML),
        ("setup.cfg", "[pylint.FORMAT]\nmax-line-length=30\n[pylint.MAIN]\ndisable=W0611\n"),
        ("tox.ini", "[pylint]\nmax-line-length=30\n"),
        (".pylintrc", "[MAIN]\nno-such-option=1\nmax-line-length=30\njobs=many\n"),
        (".pylintrc", "no section\n"),
        ("pyproject.toml", "[tool.pylint\n"),
    ],
    ids=lambda value: value if "\n" not in value else "",
)
def test_files_that_pylint_finds(compare: Compared, name: str, text: str) -> None:
    ran = compare.write({**SOURCES, name: text})("--recursive=y", "pkg", "other", "lib")
    assert ran.messages or ran.status == 32


def test_a_file_that_is_named(compare: Compared) -> None:
    compare.write({**SOURCES, ".pylintrc": "[FORMAT]\nmax-line-length=1\n", "conf/strict.toml": TOML})
    ran = compare("--rcfile=conf/strict.toml", "pkg", "other/d.py")
    assert any("30)" in message["message"] for message in ran.messages)
    compare("--rcfile=nowhere.toml", "pkg")
    (compare.root / ".pylintrc").unlink()
    by_option = compare("--rcfile", "conf/strict.toml", "pkg").messages
    assert compare("pkg", PYLINTRC="conf/strict.toml").messages == by_option != compare("pkg").messages


@pytest.mark.parametrize(
    "arguments",
    [
        ("--recursive=y", "pkg", "other"),
        ("--recursive=y", "--rcfile=.pylintrc", "."),
        ("pkg/a.py", "pkg/sub/b.py", "pkg/sub/deeper/c.py", "other/d.py"),
        ("other/d.py", "pkg/sub/deeper/c.py", "pkg/sub/b.py", "pkg/a.py"),
        ("--enable=all", "--recursive=y", "other", "pkg"),
    ],
    ids=" ".join,
)
def test_files_in_folders(compare: Compared, arguments: tuple[str, ...]) -> None:
    """pylint takes the file of each argument's folder for what lies below, with some surprises."""
    compare.write(
        {
            **SOURCES,
            ".pylintrc": RC.replace("ignore-paths=^pkg/sub/b.*\n", ""),
            "pkg/.pylintrc": "[FORMAT]\nmax-line-length=12\n[MESSAGES CONTROL]\ndisable=W\n",
            "pkg/sub/pylintrc": "[FORMAT]\nmax-line-length=60\n",
            "pkg/sub/deeper/pyproject.toml": "[tool.pylint.format]\nmax-line-length = 5\n",
            "other/setup.cfg": "[pylint.FORMAT]\nmax-line-length=7\n[pylint.MAIN]\nload-plugins=pylint.extensions.mccabe\n",
        }
    )
    ran = compare(*arguments)
    assert ran.workers == 2
    assert "line-too-long" in {message["symbol"] for message in ran.messages}


@pytest.mark.parametrize(
    "hook",
    [
        "import sys; sys.path.insert(0, 'lib')",
        "print('said by the hook')",
        "import sys; print('to both'); print('said', file=sys.stderr); sys.path.append('lib')",
        "import os; os.environ['SEEN'] = '1'; os.chdir('pkg')",
        "import sys; sys.setrecursionlimit(3000)",
        "import pylint.checkers.format as f; f._KEYWORD_TOKENS = set()",
        "import astroid; astroid.MANAGER.always_load_extensions = True",
        "raise ValueError('broken')",
        "import sys; sys.exit(3)",
    ],
)
def test_hooks(compare: Compared, hook: str) -> None:
    compare.write(SOURCES)
    arguments = ("a.py", "sub") if "chdir" in hook else ("pkg", "other/d.py")
    ran = compare(f"--init-hook={hook}", *arguments)
    found = {message["symbol"] for message in ran.messages if message["path"].endswith("d.py")}
    if "'lib'" in hook:
        assert "no-member" in found
        assert "import-error" not in found
    if "said" in hook:
        assert "said" in ran.said


def test_a_hook_of_the_configuration(compare: Compared) -> None:
    compare.write(
        {**SOURCES, ".pylintrc": '[MAIN]\ninit-hook=\'import sys; sys.path.append("lib"); print("hooked")\'\n'}
    )
    ran = compare("pkg", "other/d.py")
    assert "hooked" in ran.said
    assert ran.workers == 2


def test_the_module_path_of_the_environment(compare: Compared) -> None:
    compare.write({**SOURCES, "more/hooked.py": "OTHER = 1\n"})
    for path in ("lib", "more:lib", f"{compare.root}/more", "nowhere:more"):
        ran = compare("--enable=all", "pkg", "other/d.py", PYTHONPATH=path)
        assert "import-error" not in {message["symbol"] for message in ran.messages if message["path"] == "other/d.py"}


@pytest.mark.parametrize("jobs", ["2", "0", "1"])
def test_processes_by_the_configuration(compare: Compared, jobs: str) -> None:
    """pylint's own processes would find other things than one does: the command line's count holds, as it does there."""
    cycle = {"cycle/__init__.py": "", "cycle/x.py": "from cycle import y\n", "cycle/y.py": "from cycle import x\n"}
    compare.write({**SOURCES, **cycle, "one.toml": "[tool.pylint.main]\njobs = 1\n"})
    compare.write({"several.toml": f"[tool.pylint.main]\njobs = {jobs}\n"})
    mine = same.ours(compare.root, ("--jobs=2", "--rcfile=several.toml", "cycle", "pkg"))
    other = same.theirs(compare.root, ("--rcfile=one.toml", "cycle", "pkg"))
    assert same.differences(mine, other) == []
    assert "cyclic-import" in {message["symbol"] for message in mine.messages}
