"""Where JSLint is taken from, in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.plugin import StepError, ToolMissing
from buildtools.steps.jslint import store
from buildtools.steps.jslint.programs import find_node
from buildtools.steps.jslint.provision import JSLINT, Edition, locate_edition, place_module, place_script, read_edition
from tests.support.context import LoneContext


def no_npm() -> tuple[str, ...]:
    raise ToolMissing("npm", remedy="none")


def find_edition(context: LoneContext, asked: Path | None, start: Path) -> Edition:
    return read_edition(context, locate_edition(asked, start, context.root), no_npm)


@pytest.fixture
def context(tmp_path: Path) -> LoneContext:
    (tmp_path / "project/static/js").mkdir(parents=True)
    return LoneContext(tmp_path / "project", env={"BUILDTOOLS_CACHE_DIR": str(tmp_path / "cache")}, offline=True)


def installed(folder: Path, text: str) -> None:
    place = folder / "node_modules" / JSLINT
    place.mkdir(parents=True)
    (place / "jslint.mjs").write_text(text)


def test_a_given_path_comes_first_then_the_nearest_node_modules(context: LoneContext) -> None:
    root, start = context.root, context.root / "static/js"
    installed(root.parent, "outside")
    with pytest.raises(StepError, match="offline"):
        find_edition(context, None, start)
    installed(root, "root's")
    assert find_edition(context, None, start).text == b"root's"
    installed(root / "static", "nearer")
    assert find_edition(context, None, start).text == b"nearer"
    (root / "own.js").write_text("own")
    assert find_edition(context, root / "own.js", start) == Edition(b"own", str(root / "own.js"))


def test_offline_says_what_to_do(context: LoneContext) -> None:
    with pytest.raises(StepError, match="offline") as caught:
        find_edition(context, None, context.root)
    for way in ("--offline", f"npm install --save-dev {JSLINT}@", "jslint-js:"):
        assert way in caught.value.remedy


def test_a_wrong_path_is_named(context: LoneContext) -> None:
    with pytest.raises(StepError, match=r"JSLint: .*none\.js: No such file"):
        find_edition(context, context.root / "none.js", context.root)
    with pytest.raises(StepError, match="Is a directory"):
        find_edition(context, context.root, context.root)


def test_a_script_and_a_module_are_told_apart(context: LoneContext) -> None:
    assert place_module(context, Edition(b"// export default\nvar jslint;", "")).suffix == ".js"
    assert place_module(context, Edition(b"//\nexport default jslint;", "")).suffix == ".mjs"


def test_what_rhino_can_load() -> None:
    assert all(Edition(text, "").es5 for text in (b"var JSLINT;", b"// let x", b"const jslint = (function () {"))
    assert not any(Edition(text, "").es5 for text in (b"//\nlet x;", b"//\nexport default 1;", b'import "a";'))


def test_an_old_edition_goes_to_rhino_as_it_is(context: LoneContext) -> None:
    path = place_script(context, Edition(b"var JSLINT;", ""), no_npm, lambda: Path("none"))
    assert path.read_bytes() == b"var JSLINT;"


@pytest.mark.usefixtures("rhino")
def test_transpiling_is_done_once_and_damage_is_repaired(tmp_path: Path) -> None:
    context = LoneContext(tmp_path)
    edition = Edition(f"export default () => `{tmp_path}`;".encode(), "here")
    place_script(context, edition, no_npm, lambda: find_node(context.env))
    assert "transpiling" in "".join(context.shown)
    text = (context.temp / "edition.js").read_bytes()
    assert b"=>" not in text

    again = LoneContext(tmp_path)
    assert place_script(again, edition, no_npm, lambda: Path("none")).read_bytes() == text
    assert again.shown == []

    kept = max(store.cache_folder(context.env).glob("es5-*.js"), key=lambda path: path.stat().st_mtime_ns)
    for damaged in (kept.read_bytes()[:-1], b"", b"//\n"):
        kept.write_bytes(damaged)
        assert place_script(context, edition, no_npm, lambda: find_node(context.env)).read_bytes() == text
    kept.unlink()


@pytest.mark.usefixtures("rhino")
def test_what_cannot_be_transpiled_is_said(tmp_path: Path) -> None:
    context = LoneContext(tmp_path)
    with pytest.raises(StepError, match="could not be made fit for Rhino") as caught:
        place_script(context, Edition(b"\nexport default {{{;", "here"), no_npm, lambda: find_node(context.env))
    assert "jslint-js:" in caught.value.remedy


def test_rhino_offline_says_what_to_do(context: LoneContext) -> None:
    with pytest.raises(StepError, match=r"typescript@.* offline") as caught:
        place_script(context, Edition(b"\nexport default 1;", "here"), no_npm, lambda: Path("none"))
    assert "engine: node" in caught.value.remedy
