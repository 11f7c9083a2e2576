"""What unchanged files assign into others is there when only a few are parsed: a lint, an edit, a lint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.steps.pylint.conftest import Compared
from tests.support import same
from tests.support.oracle import Oracle

DOC = '"""Doc."""\n'
FUNCTION = DOC + "def made():\n    " + DOC
CASES: dict[str, dict[str, str]] = {
    "into a module": {
        "app/__init__.py": DOC,
        "app/target.py": DOC,
        "app/giver.py": DOC + "import app.target\n\napp.target.value = 1\n",
        "app/reader.py": DOC + "import app.target\n\nprint(app.target.value.nothing, app.target.nothing)\n",
    },
    "into builtins": {
        "app/__init__.py": DOC,
        "app/giver.py": DOC + "try:\n    print()\nexcept ValueError as error:\n    error.extra = 1\n",
        "app/reader.py": DOC + "print(ValueError('').extra, ValueError('').nothing)\n",
    },
    "into a function, from a file that reads what it assigns": {
        "app/__init__.py": DOC,
        "app/giver.py": DOC + "import app.target\napp.target.made.value = 1\nprint(app.target.made.value.nothing)\n",
        "app/target.py": FUNCTION,
        "app/reader.py": DOC + "import app.target\nprint(app.target.made.value.nothing, app.target.made.nothing)\n",
    },
    "by a package, where one assignment reads another": {
        "app/__init__.py": DOC,
        "app/giver/__init__.py": DOC + "import app.target\n\napp.target.made.first = 1\n"
        "app.target.made.second = app.target.made.first\napp.target.made.third = app.target.made.second\n",
        "app/target.py": FUNCTION,
        "app/reader.py": DOC
        + "import app.target\nprint(app.target.made.third.nothing, app.target.made.first.nothing)\n",
    },
    "into one of two modules of one file": {
        "app/giver.py": DOC + "import app.target\n\napp.target.value = 1\n",
        "app/target.py": DOC,
        "app/reader.py": DOC + "import target\nimport app.target\nprint(app.target.value.nothing, target.value)\n",
    },
    "into a package beside a module of its name": {
        "app/aaa.py": DOC + "import conf\n\n\ndef run(new):\n    " + DOC + "    conf.helper.made.value = new\n",
        "app/conf.py": DOC + "FIRST = 1\n",
        "app/conf/__init__.py": DOC + "SECOND = 1\n",
        "app/conf/helper.py": FUNCTION,
        "app/reader.py": DOC + "from conf import helper\nimport conf\n"
        "print(conf.FIRST, conf.SECOND, helper.made.value, helper.made.other)\n",
    },
}


@pytest.mark.parametrize("case", CASES)
def test_what_others_assign_is_there(case: str, tmp_path: Path, oracle: Oracle) -> None:
    files = CASES[case]
    project = Compared(tmp_path / "project", oracle).write(files)
    arguments = ("--recursive=y", "app")

    def lint() -> same.Ran:
        ours = same.ours(project.root, arguments, cache=tmp_path / "cache")
        assert same.differences(ours, oracle.lint(project.root, arguments)) == []
        return ours

    assert lint().linted == len(files)
    for name in ("app/reader.py", *files):
        with (project.root / name).open("a") as file:
            file.write("ADDED = 1\n")
        assert 0 < lint().linted <= len(files)
