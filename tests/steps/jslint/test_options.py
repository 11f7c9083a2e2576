"""JSLint's options as text and as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.plugin import StepError
from buildtools.steps.jslint.options import option_problems, read_config, rejection, settings, typed


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        (" true ", True),
        ("4", 4),
        ("-1", -1),
        ("yes", None),
        ("", None),
        ("1.5", None),
    ],
)
def test_values_are_typed(text: str, value: bool | int | None) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


def test_problems_are_found_without_jslint() -> None:
    problems = dict.fromkeys(
        text for _, text in option_problems({"node": "yes", "a b": "true", "predef": "x"}, ("a-b",))
    )
    assert [text.split(":")[0].split(" cannot")[0] for text in problems] == [
        "node",
        "'a b'",
        "predef",
        "'a-b' is not a JavaScript name",
    ]
    assert list(option_problems({"node": "true", "indent": "4"}, ("$", "_a1"))) == []


def test_the_step_overrules_the_config_file(tmp_path: Path) -> None:
    config = tmp_path / ".jslintrc"
    config.write_text('\ufeff{"node": true, "long": false, "indent": 4, "predef": ["a"], "globals": ["b"]}')
    chosen = settings({"long": "true"}, ("b", "c"), config)
    assert chosen.options == {"node": True, "long": True, "indent": 4}
    assert chosen.globals == ("a", "b", "c")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"// no", "is not JSON"),
        (b"[]", "one JSON object"),
        (b'{"node": "maybe"}', "neither true nor false"),
        (b'{"node": null}', "neither true nor false"),
        (b'{"globals": "a, b"}', "list of names"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_a_bad_config_file_is_one_clear_error(tmp_path: Path, content: bytes, said: str) -> None:
    config = tmp_path / "config.json"
    config.write_bytes(content)
    with pytest.raises(StepError, match=said) as caught:
        read_config(config)
    assert str(config) in caught.value.message


def test_a_missing_config_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="No such file"):
        read_config(tmp_path / "none.json")


def test_a_refused_option_comes_with_a_suggestion() -> None:
    error = rejection([("brwoser", "Bad option 'brwoser'.")], "v1")
    assert "did you mean browser?" in error.message
