"""The cycles of the last lint, which hold for as long as the imports are the same."""

from __future__ import annotations

from pathlib import Path

from buildtools.steps.pylint.inside import state as states
from tests.steps.pylint.conftest import Compared
from tests.support import same
from tests.support.oracle import Oracle

DOC = '"""Doc."""\n'
FILES = {
    "ring/__init__.py": DOC,
    "ring/a.py": DOC + "from ring import b, d\nprint(b, d)\n",
    "ring/b.py": DOC + "from ring import c\nprint(c)\n",
    "ring/c.py": DOC + "from ring import a\nprint(a)\n",
    "ring/d.py": DOC + "from ring import a\nprint(a)\n",
}
ARGUMENTS = ("--recursive=y", "ring")


class Ring:
    """A project with two cycles, its cache, and what of it is kept."""

    def __init__(self, folder: Path, oracle: Oracle) -> None:
        self.project = Compared(folder / "project", oracle).write(FILES)
        self.oracle = oracle
        self.cache = folder / "cache"

    def lint(self, **env: str) -> list[str]:
        """Return the cycles that our lint names."""
        ours = same.ours(self.project.root, ARGUMENTS, cache=self.cache, env={"PYTHONHASHSEED": "0", **env})
        return [message["message"] for message in ours.messages if message["symbol"] == "cyclic-import"]

    def expected(self) -> list[str]:
        theirs = self.oracle.lint(self.project.root, ARGUMENTS)
        return [message["message"] for message in theirs.messages if message["symbol"] == "cyclic-import"]

    def forge(self) -> None:
        """Let what is kept say that there is a cycle which is nowhere."""
        (path,) = self.cache.iterdir()
        state = states.load(path)
        assert state is not None
        (key,) = state.cycles
        assert len(state.cycles[key]) == 2
        state.cycles[key] = [["here", "there"]]
        assert not states.save(path, state)


def test_cycles_are_those_of_the_last_lint_while_imports_are_the_same(tmp_path: Path, oracle: Oracle) -> None:
    ring = Ring(tmp_path, oracle)
    assert ring.lint() == ring.expected()
    assert len(ring.expected()) == 2
    ring.project.write({"ring/c.py": FILES["ring/c.py"] + "print(a.nothing)\n"})
    assert ring.lint() == ring.expected()
    ring.forge()
    ring.project.write({"ring/c.py": FILES["ring/c.py"]})
    assert ring.lint() == ["Cyclic import (here -> there)"]


def test_cycles_are_looked_for_where_imports_have_changed(tmp_path: Path, oracle: Oracle) -> None:
    ring = Ring(tmp_path, oracle)
    ring.lint()
    ring.forge()
    for text in (DOC, DOC + "import ring.b\nprint(ring.b)\n", DOC + "from ring import d, b\nprint(b, d)\n"):
        ring.project.write({"ring/a.py": text})
        assert ring.lint() == ring.expected()


def test_another_hash_seed_means_other_cycles(tmp_path: Path, oracle: Oracle) -> None:
    ring = Ring(tmp_path, oracle)
    ring.lint()
    ring.forge()
    assert "here" not in str(ring.lint(PYTHONHASHSEED="1"))


def test_what_changes_all_findings_changes_cycles_too(tmp_path: Path, oracle: Oracle) -> None:
    ring = Ring(tmp_path, oracle)
    ring.lint()
    ring.forge()
    (tmp_path / "more").mkdir()
    assert ring.lint(PYTHONPATH=str(tmp_path / "more")) == ring.expected()


def test_duplicates_are_found_again_where_nothing_holds(tmp_path: Path, oracle: Oracle) -> None:
    same_lines = "".join(f"print({number}, 'the same')\n" for number in range(9))
    files = {f"{name}.py": f'"""Doc of {name}."""\n{same_lines}' for name in ("one", "two")}
    project = Compared(tmp_path / "project", oracle).write(files)
    (tmp_path / "more").mkdir()
    expected = oracle.lint(project.root, ("one.py", "two.py"))
    assert "duplicate-code" in {message["symbol"] for message in expected.messages}
    for env in ({}, {"PYTHONPATH": str(tmp_path / "more")}):
        ours = same.ours(project.root, ("one.py", "two.py"), cache=tmp_path / "cache", env=env)
        assert (same.differences(ours, expected), ours.linted) == ([], 2)
