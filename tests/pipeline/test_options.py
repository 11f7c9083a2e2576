from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from buildtools.pipeline.describe import options_of
from buildtools.pipeline.options import configured, parse_duration
from buildtools.pipeline.problems import InvalidFile
from tests.pipeline.project import Project


@pytest.fixture
def probe(project: Project) -> ModuleType:
    spec = importlib.util.spec_from_file_location("probe_for_options", project.root / "steps/probe.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("{count: 7}", "count", 7),
        ("{count: '+7'}", "count", 7),
        ("{ratio: 1e-2}", "ratio", 0.01),
        ("{ratio: 9}", "ratio", 9.0),
        ("{flag: yes}", "flag", True),
        ("{flag: 'On'}", "flag", True),
        ("{flag: FALSE}", "flag", False),
        ("{path: a/b}", "path", Path("a/b")),
        ("{paths: a}", "paths", [Path("a")]),
        ("{paths: [a, 'b c']}", "paths", [Path("a"), Path("b c")]),
        ("{paths: []}", "paths", []),
        ("{wait: 1h30m}", "wait", 5400.0),
        ("{wait: 90}", "wait", 90.0),
        ("{wait: 1.5s}", "wait", 1.5),
        ("{limit: 5m}", "limit", 300.0),
        ("{limit: null}", "limit", None),
        ("{limit: ~}", "limit", None),
        ("{limit: }", "limit", None),
        ("{count: }", "count", 1),
        ("{mode: slow}", "mode", "slow"),
        ("{words: [no, 1.10, 0755]}", "words", ("no", "1.10", "0755")),
        ("{pair: [3, 4]}", "pair", (3, 4)),
        ("{modes: {index.fcgi: 0755, b: }}", "modes", {"index.fcgi": "0755", "b": ""}),
        ("{numbers: {a: 1}}", "numbers", {"a": 1}),
        ("{run: echo}", "run_", "echo"),
        ("{run: [echo, hi]}", "run_", ["echo", "hi"]),
        ("{run: null}", "run_", None),
        ("{either: yes}", "either", True),
        ("{some: [a]}", "some", ("a",)),
        ("{text: null}", "text", "null"),
        ("{text: '~'}", "text", "~"),
        ("{text: }", "text", "t"),
        ("{text: ''}", "text", ""),
    ],
)
def test_what_fits(project: Project, written: str, name: str, value: object) -> None:
    found = getattr(project.step(written), name)
    assert found == value
    assert type(found) is type(value) or isinstance(found, Path)


def test_structures(project: Project) -> None:
    step = project.step(
        "{coverage: {source: [src], branch: true, fail-under: 85}, either: {branch: yes}, colour: navy-blue}"
    )
    assert (step.coverage.source, step.coverage.branch, step.coverage.fail_under) == (["src"], True, 85.0)  # type: ignore[attr-defined]
    assert step.either.branch is True  # type: ignore[attr-defined]
    assert step.colour.name == "NAVY"  # type: ignore[attr-defined]
    assert len(project.step("{parts: [{branch: no}, {}]}").parts) == 2  # type: ignore[attr-defined]


def test_structures_that_a_text_may_stand_for(project: Project) -> None:
    for written, waits in (("a", [0]), ("[a]", [0]), ("[a, {run: a, wait: 5s}]", [0, 5]), ("{run: a, wait: 1m}", [60])):
        found = project.step(f"{{commands: {written}}}").commands  # type: ignore[attr-defined]
        assert [(one.run, one.wait) for one in found] == [("a", wait) for wait in waits]
    assert project.step("{command: 7}").command.run == "7"  # type: ignore[attr-defined]
    project.properties = {"word": "x y"}
    assert project.step("{command: '${word}'}").command.run == "x y"  # type: ignore[attr-defined]
    project.properties = {}
    assert project.step("{command: null}").command is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("{count: abc}", "count: expected a whole number of at least 1 and of at most 99, found 'abc'", ""),
        ("{count: 0}", "found '0'", ""),
        ("{count: 1.5}", "found '1.5'", ""),
        ("{count: [1]}", "found a list", ""),
        ("{ratio: nan}", "expected a number", ""),
        ("{ratio: 1e999}", "expected a number", ""),
        ("{flag: 1}", "expected true or false, found '1'", ""),
        ("{flag: {a: b}}", "found a mapping", ""),
        ("{path: ''}", "expected a path, found nothing", ""),
        ("{wait: 5 minutes}", "expected a duration", "order d, h, m, s"),
        ("{wait: -1}", "expected a duration", ""),
        ("{limit: soon}", "limit: expected a duration", ""),
        ("{mode: fats}", "expected one of fast, slow", "did you mean 'fast'?"),
        ("{colour: navy}", "expected one of red, navy-blue", "did you mean 'navy-blue'?"),
        ("{pair: [1]}", "expected a list of 2 values", ""),
        ("{pair: [1, x]}", "expected a whole number, found 'x'", ""),
        ("{numbers: {a: x}}", "numbers.a: expected a whole number", ""),
        ("{numbers: [a]}", "expected a mapping", ""),
        ("{named: A1}", "a text that matches ^[a-z]+$", ""),
        ("{some: []}", "found 0 values", "At least 1."),
        ("{run: {a: b}}", "expected a text or a list of text, found a mapping", ""),
        ("{paths: [{a: b}]}", "expected a path, found a mapping", ""),
        ("{paths: {a: b}}", "found a mapping", ""),
        ("{coverage: {fail-under: 101}}", "fail-under: expected a number of at least 0 and of at most 100", ""),
        ("{coverage: yes}", "expected a mapping with source, branch, fail-under", ""),
        ("{commands: ['']}", "commands: an empty command", ""),
        ("{commands: [a, [b]]}", "commands: expected a text (run) or a mapping with run, wait, found a list", ""),
        ("{command: {wait: 1}}", "command needs the option run: a text", ""),
        ("{covrage: {}}", "probe has no option 'covrage'", "did you mean 'coverage'?"),
        ("{Count: 1}", "has no option 'Count'", "did you mean 'count'?"),
        ("{text: odd}", "text: odd is not even", ""),
        ("{text: raise}", "the plugin probe failed to check its options: RuntimeError: boom", ""),
        ("[a]", "with is a mapping of options, found a list", ""),
        ("{count: '${env.N}'}", "found 'many' (from '${env.N}')", ""),
    ],
)
def test_what_does_not_fit(project: Project, written: str, message: str, hint: str) -> None:
    project.env = {"N": "many"}
    problem = project.problem(f"steps:\n  one:\n    uses: probe\n    with: {written}\n")
    assert message in problem.message
    assert hint in problem.hint
    assert problem.line == 4


def test_a_missing_option_is_told_at_the_step(project: Project) -> None:
    problem = project.problem("steps:\n  one:\n    uses: act\n")
    assert problem.message == "act needs the option needed: a text"
    assert (problem.line, problem.column) == (2, 3)
    assert project.problem("steps:\n  one: {uses: act, with: {needed: }}\n").column == 26


def test_durations() -> None:
    assert parse_duration("1d2h3m4.5s") == 86400 + 7200 + 180 + 4.5
    for wrong in ("", "m", "5x", "30m1h", "-5", "1e12", "9999999999s", " ", "1h 5m", "٣"):
        with pytest.raises(ValueError, match="no duration"):
            parse_duration(wrong)


def test_options_as_people_see_them(probe: ModuleType) -> None:
    options = {option.name: option for option in options_of(probe.Probe)}
    assert list(options)[:3] == ["text", "count", "ratio"]
    assert options["text"].description == "any text"
    assert options["text"].default == "t"
    assert options["flag"].flag
    assert options["flag"].default == "false"
    assert options["paths"].many
    assert options["modes"].mapping
    assert options["mode"].choices == ("fast", "slow")
    assert [field.name for field in options["coverage"].fields] == ["source", "branch", "fail-under"]
    assert {name: option.type for name, option in options.items()} | {"act": ""} == {
        "text": "text",
        "count": "whole number, at least 1 and at most 99",
        "ratio": "number",
        "flag": "true or false",
        "path": "path",
        "paths": "list of path",
        "wait": "duration such as 90s or 5m",
        "limit": "duration such as 90s or 5m",
        "mode": "one of fast, slow",
        "colour": options["colour"].type,
        "words": "list of text",
        "pair": "list of 2 values",
        "modes": "mapping of names to text",
        "numbers": "mapping of names to whole number",
        "coverage": "mapping",
        "run": "text or list of text",
        "either": "true or false or mapping",
        "named": "text that matches ^[a-z]+$",
        "some": "list of text",
        "parts": "list of mapping",
        "command": "text (run) or mapping",
        "commands": "list of text (run) or mapping",
        "act": "",
    }
    assert options_of(probe.Act)[0].required


def test_options_from_flags(probe: ModuleType) -> None:
    step = configured(
        probe.Probe,
        {
            "count": "3",
            "flag": True,
            "paths": ["a", "b"],
            "coverage.branch": True,
            "modes": ["a=0755", "b=="],
            "run": "x",
        },
    )
    assert (step.count, step.flag, step.paths) == (3, True, [Path("a"), Path("b")])  # type: ignore[attr-defined]
    assert (step.coverage.branch, step.modes) == (True, {"a": "0755", "b": "="})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": "x"}, "--count: expected a whole number"),
        ({"cuont": "1"}, "--cuont: probe has no option 'cuont'"),
        ({"coverage.brunch": True}, "--coverage-brunch: coverage has no option 'brunch'"),
        ({"coverage": "x", "coverage.branch": True}, "--coverage-branch: it cannot stand together"),
        ({"modes": ["a"]}, "--modes: expected key=value, found 'a'"),
        ({"text": "odd"}, "--text: odd is not even"),
        ({"text": "${a}", "count": "0"}, "--count"),
    ],
)
def test_wrong_flags(probe: ModuleType, values: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        configured(probe.Probe, values, name="probe")
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_missing_flag(probe: ModuleType) -> None:
    with pytest.raises(InvalidFile, match="act needs the option needed"):
        configured(probe.Act, {}, name="act")
