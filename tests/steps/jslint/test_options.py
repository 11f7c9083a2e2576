"""JSLint's options as text, over those of a config file."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.plugin import Status, StepError
from buildtools.steps.jslint import Jslint
from buildtools.steps.jslint.config import Config
from buildtools.steps.jslint.options import KNOWN, option_problems, rejection, settings, typed
from tests.support.context import LoneContext


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


def test_the_step_overrules_the_config_file() -> None:
    places = {"node": ".jslintrc:1:2", "long": ".jslintrc:1:15"}
    config = Config({"node": True, "long": False, "indent": 4}, ("a", "b"), places)
    chosen = settings({"long": "true"}, ("b", "c"), config)
    assert chosen.options == {"node": True, "long": True, "indent": 4}
    assert chosen.globals == ("a", "b", "c")
    assert chosen.places == {"node": ".jslintrc:1:2"}


def test_a_refused_option_comes_with_a_suggestion_and_its_place() -> None:
    error = rejection([("brwoser", "Bad option.")], "v1", {})
    assert error.message == "JSLint v1 does not take these options: brwoser (Bad option.), did you mean browser?"
    error = rejection([("brwoser", "Bad option.")], "v1", {"brwoser": ".jslintrc:3:5"})
    assert ": .jslintrc:3:5: brwoser (" in error.message


def test_the_remedy_names_options_that_the_locked_edition_takes(tmp_path: Path, node: None) -> None:
    (tmp_path / "a.js").touch()
    assert Jslint(options=dict.fromkeys(KNOWN, "true")).run(LoneContext(tmp_path)).status is Status.PASSED


@pytest.mark.parametrize("name", ["constructor", "toString", "hasOwnProperty", "__proto__"])
def test_names_that_objects_have_by_themselves_are_no_options(tmp_path: Path, engine: str, name: str) -> None:
    (tmp_path / "a.js").touch()
    with pytest.raises(StepError, match=f"does not take these options: {name} "):
        Jslint(options={name: "true"}, engine=engine).run(LoneContext(tmp_path))  # type: ignore[arg-type]
