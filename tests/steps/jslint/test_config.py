"""The config file: which one, and every mistake in it with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildtools.plugin import StepError
from buildtools.steps.jslint import Jslint
from buildtools.steps.jslint.config import Config, find_config, read_config
from tests.conftest import MakeProject
from tests.support.context import LoneContext


def read(folder: Path, content: str | bytes) -> Config:
    path = folder / "config.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_config(path, "config.json")


def test_options_globals_and_their_places(tmp_path: Path) -> None:
    text = '\ufeff{\r\n  "node": true, "long":false,\n\t"indent": 4,"predef": ["a"], "globals": ["b", "$"]\n}\n'
    config = read(tmp_path, text)
    assert config.options == {"node": True, "long": False, "indent": 4}
    assert [type(value) for value in config.options.values()] == [bool, bool, int]
    assert config.globals == ("a", "b", "$")
    assert config.places["node"] == "config.json:2:3"
    assert config.places["long"] == "config.json:2:17"
    assert config.places["indent"] == "config.json:3:2"
    assert read(tmp_path, " { } ") == Config()


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        ("", "1:1", "not JSON"),
        ("// no\n{}", "1:1", "not JSON"),
        ('{\n  "node": true,\n}', "3:1", "not JSON"),
        ("{'node': true}", "1:2", "not JSON: .*double quotes"),
        ('{"node": true} {}', "1:16", "not JSON: Extra data"),
        ('{"node": tru}', "1:10", "not JSON"),
        ("\n []", "2:2", "one JSON object"),
        ("true", "1:1", "one JSON object"),
        ('{"node": "true"}', "1:10", '"true" is neither true nor false'),
        ('{\n  "long": true,\n  "node": "maybe"}', "3:11", "neither true nor false"),
        ('{"node": null}', "1:10", "null is neither"),
        ('{"indent": 4.5}', "1:12", "4.5 is neither"),
        ('{"indent": 4e0}', "1:12", "4.0 is neither"),
        ('{"indent": 12345678901}', "1:12", "neither"),
        ('{"node": {"a": [1]}}', "1:10", "neither"),
        ('{"node": true, "node": false}', "1:16", "'node' stands here for the second time"),
        ('{"a b": true}', "1:2", "'a b' cannot be the name"),
        ('{"": true}', "1:2", "'' cannot be the name"),
        ('{"globals": "a, b"}', "1:13", "must be a list of names"),
        ('{"predef": {"jQuery": false}}', "1:12", "must be a list of names"),
        ('{"globals": ["a", 1]}', "1:13", "1 is not a JavaScript name"),
        ('{"globals": ["a-b"]}', "1:13", '"a-b" is not a JavaScript name'),
    ],
)
def test_a_mistake_is_told_with_line_column_and_remedy(tmp_path: Path, content: str, place: str, said: str) -> None:
    with pytest.raises(StepError, match=rf"^config\.json:{place}: .*{said}") as caught:
        read(tmp_path, content)
    assert caught.value.remedy
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{\n"node": "\xff"}', r"config\.json:2: not UTF-8: byte 0xff"),
        (b"[" * 100_000, r"config\.json: not JSON"),
        (b'{"node": NaN}', r"config\.json: not JSON: NaN"),
        (b'{"node": ' + b"1" * 5_000 + b"}", r"config\.json: not JSON"),
    ],
)
def test_what_json_itself_says_no_place_of(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(StepError, match=said) as caught:
        read(tmp_path, content)
    assert caught.value.remedy


@given(st.text() | st.binary() | st.text('{}[]":,truefals\\n 1".', max_size=40))
def test_no_content_ends_otherwise(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    remedy = "none needed"
    try:
        read(folder, content if isinstance(content, bytes) else content.encode())
    except StepError as error:
        remedy = error.remedy
    assert remedy


def test_the_nearest_file_counts_and_none_outside_the_project(tmp_path: Path) -> None:
    root = tmp_path / "project"
    start = root / "static/js"
    start.mkdir(parents=True)
    (tmp_path / ".jslintrc").touch()
    assert find_config(None, start, root) is None
    (root / ".jslintrc").touch()
    assert find_config(None, start, root) == root / ".jslintrc"
    (root / "static/.jslintrc").symlink_to("nowhere")
    assert find_config(None, start, root) == root / "static/.jslintrc"
    assert find_config(root / "own.json", start, root) == root / "own.json"
    (tmp_path / "other/js").mkdir(parents=True)
    assert find_config(None, tmp_path / "other/js", root) is None


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.js").touch()
    (tmp_path / ".jslintrc").symlink_to("nowhere")
    with pytest.raises(StepError, match=r"^\.jslintrc: No such file"):
        Jslint().run(LoneContext(tmp_path))
    with pytest.raises(StepError, match=r"^none\.json: No such file") as caught:
        Jslint(config=Path("none.json")).run(LoneContext(tmp_path))
    assert "config:" in caught.value.remedy
    with pytest.raises(StepError, match="Is a directory"):
        Jslint(config=Path()).run(LoneContext(tmp_path))


def test_it_is_told_which_file_counts_where_nobody_named_one(tmp_path: Path, node: None) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js/a.js").write_text("jQuery(window);\n")
    (tmp_path / ".jslintrc").write_text('{"browser": true, "globals": ["jQuery"]}')
    context = LoneContext(tmp_path)
    assert Jslint(dir=Path("js")).run(context).findings == ()
    assert "JSLint's options are those of .jslintrc\n" in context.shown
    (tmp_path / "js/.jslintrc").write_text('{"browser": true}')
    assert [finding.rule for finding in Jslint(dir=Path("js/a.js")).run(context).findings] == ["undeclared_a"]
    context.shown.clear()
    assert Jslint(dir=Path("js"), config=Path(".jslintrc")).run(context).findings == ()
    assert not any("JSLint's options" in text for text in context.shown)


def test_an_option_that_the_edition_refuses_is_told_with_its_place(project: MakeProject, node: None) -> None:
    files = {
        "pipeline.yaml": "steps: {js: {uses: jslint, with: {options: {long: true}}}}",
        "a.js": "",
        ".jslintrc": '{\n    "browser": true,\n    "brwoser": true,\n    "long": false\n}\n',
    }
    outcome = project(files).run()
    assert outcome.code == 5
    said = ": .jslintrc:3:5: brwoser (Bad option 'brwoser'.), did you mean browser?"
    assert outcome.reason("js").endswith(said)
