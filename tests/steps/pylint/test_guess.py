"""What a first lint may read: what is linted, and what that imports, before anything is known."""

from __future__ import annotations

import ast
import json.decoder
import sys
from pathlib import Path

import astroid
import pytest

from buildtools.steps.pylint.inside.guess import Guess

FILES = {
    "app/__init__.py": "from . import views\nimport json.decoder\n",
    "app/views.py": "from .models import One\nfrom third.part import thing\n",
    "app/models/__init__.py": "from ..views import x\nfrom third import *\n",
    "app/models/one.py": "try:\n    import third.other\nexcept ImportError:\n    pass\nimport nowhere, sys\n",
    "third/__init__.py": "",
    "third/part.py": "import third.deep\n",
    "third/deep.py": "from third import part, other\n",
    "third/other.py": "def inside():\n    from third import unused\n",
    "third/unused.py": "",
    "app/.hidden/one.py": "",
    "app/env/pyvenv.cfg": "",
    "app/env/lib/two.py": "",
    "notes.txt": "",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


@pytest.mark.parametrize("parse", [ast.parse, astroid.parse])
def test_what_is_linted_comes_in_its_order_each_file_before_what_it_imports(project: Path, parse: type) -> None:
    guess = Guess(["--recursive=y", "-j2", "app", "notes.txt"])
    order = []
    for name, path in guess:
        inside = Path(path).is_relative_to(project)
        order.append((name, str(Path(path).relative_to(project)) if inside else path))
        guess.add(name, path, parse(Path(path).read_text("utf-8")) if inside else ast.Module([], []))
    assert order == [
        ("app", "app/__init__.py"),
        ("app.views", "app/views.py"),
        ("app.models", "app/models/__init__.py"),
        ("third", "third/__init__.py"),
        ("third.part", "third/part.py"),
        ("third.deep", "third/deep.py"),
        ("third.other", "third/other.py"),
        ("json.decoder", json.decoder.__file__),
        ("app.models.one", "app/models/one.py"),
    ]


def test_files_may_be_named_one_by_one(project: Path) -> None:
    assert [name for name, _path in Guess(["app/models/one.py", "gone.py", "app/views.py"])] == [
        "app.models.one",
        "app.views",
    ]
    assert not list(Guess([]))
