"""The files that a step makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.system.outputs import find_outputs, missing_outputs, outputs_problem


@pytest.mark.parametrize("pattern", ["**", "*", "**/*", "**/", "*/*"])
def test_a_pattern_that_claims_everything_is_refused(pattern: str) -> None:
    assert "claims every file" in outputs_problem(pattern)


@pytest.mark.parametrize("pattern", ["dist/**", "dist/", "*.js", "**/*.o", "a"])
def test_a_pattern_with_a_name_in_it_is_not(pattern: str) -> None:
    assert outputs_problem(pattern) == ""


def test_links_are_outputs_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "dist/sub").mkdir(parents=True)
    (tmp_path / "dist/sub/a.js").write_text("a")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b.js").write_text("b")
    (tmp_path / "dist/link").symlink_to("../elsewhere")
    (tmp_path / "dist/file").symlink_to("sub/a.js")
    (tmp_path / "dist/node_modules").mkdir()
    (tmp_path / "dist/node_modules/c.js").write_text("c")
    (tmp_path / "dist/.git").mkdir()
    (tmp_path / "dist/.git/HEAD").write_text("x")
    assert find_outputs(tmp_path, ["dist/**"]) == ["dist/file", "dist/link", "dist/node_modules/c.js", "dist/sub/a.js"]


def test_what_is_missing_is_said_by_its_pattern(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("a")
    assert missing_outputs(tmp_path, ["*.js", "*.css", "gone/**"]) == ["*.css", "gone/**"]
    assert missing_outputs(tmp_path, []) == []
    assert missing_outputs(tmp_path / "nowhere", ["a"]) == ["a"]
