from __future__ import annotations

import pytest

from buildtools.pipeline.problems import InvalidFile, Problem, suggest
from tests.pipeline.project import Project


def shown(excerpt: str, column: int) -> list[str]:
    return Problem(file="f.yaml", line=3, column=column, message="m", excerpt=excerpt).render().split("\n")


def test_the_caret_stands_below_the_column() -> None:
    assert shown("abc: def", 6) == ["f.yaml:3:6: m", "    abc: def", "         ^"]


def test_the_caret_with_wide_combining_and_tab_characters() -> None:
    assert shown("名前: x", 5)[2] == "    " + " " * 6 + "^"
    assert shown("e\u0301a: x", 5)[2] == "    " + " " * 3 + "^"
    assert shown("a:\tb", 4)[1:] == ["    a:\tb", "      \t^"]
    assert shown("\U0001f600: x", 4)[2] == "    " + " " * 4 + "^"


def test_a_long_line_is_cut_around_the_caret() -> None:
    _, line, caret = shown("x" * 5000 + "HERE" + "y" * 5000, 5001)
    assert len(line) < 140
    assert line[caret.index("^") :].startswith("HERE")


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in "".join(shown("a: \x1b[31m", 1))


def test_problems_are_sorted_and_told_once() -> None:
    late = Problem(file="a", line=9, column=1, message="late")
    early = Problem(file="a", line=2, column=5, message="early", hint="do this")
    error = InvalidFile([late, early, late])
    assert error.problems == (early, late)
    assert str(error) == "a:2:5: early\n    do this\na:9:1: late"


def test_very_many_problems_are_counted() -> None:
    error = InvalidFile(Problem(file="a", line=n, column=1, message="m") for n in range(1, 151))
    assert str(error).endswith("... and 50 more problems")
    assert len(error.problems) == 150


def test_suggestions() -> None:
    assert suggest("pylnt", ["pylint", "jslint"]) == "did you mean 'pylint'?"
    assert suggest("PYLINT", ["pylint", "jslint"]) == "did you mean 'pylint'?"
    assert suggest("zzz", ["a", "b"]) == "known: a, b"
    assert suggest("zzz", []) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "properties: {a: {b: c}}\nsteps: {x: {uses: probe, cwd: '${a}${a}'}}",
            "properties: a must be one text",
        ),
        ("properties: {a: [1], b: '${a}'}\nsteps: {x: {uses: probe, cwd: '${b}'}}", "properties: a must be one text"),
        ("properties-files: more.yaml\nsteps: {x: {uses: probe, cwd: '${a}'}}", "properties: a must be one text"),
        ("steps: !!tag {}", "the tag '!!tag' has no meaning"),
        ("steps: !tag x\nname: y", "the tag '!tag' has no meaning"),
        ("steps: {? [a] : {uses: probe}}", "a key must be a text"),
        ("steps:\n  ? [a]\n  : {uses: probe}\nname: y", "a key must be a text"),
    ],
)
def test_one_mistake_is_one_problem(project: Project, text: str, message: str) -> None:
    project.write("more.yaml", "a: {b: c}\n")
    assert project.problem(text + "\n").message.startswith(message)


def test_two_mistakes_are_two_problems(project: Project) -> None:
    found = project.problems("name: !x y\nsteps: {}\nproperties: {a: {}}\n")
    assert [problem.line for problem in found] == [1, 2, 3]
    (problem,) = project.problems("properties: {a: {}}\nsteps: {x: {uses: probe, cwd: '${a}'}}")
    project.properties["a"] = "."
    assert project.problems("properties: {a: {}}\nsteps: {x: {uses: probe, cwd: '${a}'}}") == (problem,)


def test_all_problems_of_a_file_at_once(project: Project) -> None:
    text = """\
nam: x
propertes: {}
steps:
  bad name:
    uses: probe
  a/b: {uses: prob}
  one:
    uses: probe
    wit: {}
    needs: [tow, one]
    timeout: soon
    retries: -1
    allow-failure: maybe
    tags: {a: b}
    with:
      text: ${nope}
      count: 500
      cont: 1
      wait: 5 minutes
      coverage: {sorce: [x], branch: perhaps}
  two: text
  three:
    with: {}
  four:
"""
    found = {(problem.line, problem.column): problem for problem in project.problems(text)}
    assert list(found) == [
        (1, 1),
        (2, 1),
        (4, 3),
        (6, 3),
        (6, 15),
        (9, 5),
        (10, 13),
        (10, 18),
        (11, 14),
        (12, 14),
        (13, 20),
        (14, 11),
        (16, 13),
        (17, 14),
        (18, 7),
        (19, 13),
        (20, 18),
        (20, 38),
        (21, 8),
        (22, 3),
        (24, 3),
    ]
    assert found[1, 1].hint == "did you mean 'name'?"
    assert found[6, 15].hint == "did you mean 'probe'?"
    assert found[9, 5].hint == "did you mean 'with'?"
    assert found[10, 13].hint == "did you mean 'two'?"
    assert "needs itself" in found[10, 18].message
    assert "expected a duration such as 90, 90s, 5m or 1h30m, found 'soon'" in found[11, 14].message
    assert found[17, 14].message == "count: expected a whole number of at least 1 and of at most 99, found '500'"
    assert found[18, 7].hint == "did you mean 'count'?"
    assert found[20, 18].hint == "did you mean 'source'?"


def test_an_option_beside_with_is_told_where_it_belongs(project: Project) -> None:
    problem = project.problem("steps:\n  one:\n    uses: probe\n    count: 3\n")
    assert problem.hint == "count is an option of probe: write it under `with:`."


def test_secrets_in_the_file_are_refused_with_the_remedy(project: Project) -> None:
    problem = project.problem("secrets: {A: b}\nsteps:\n  one: {uses: probe}\n")
    assert "never from this file" in problem.hint


def test_the_item_that_is_meant_is_shown_not_the_first_one(project: Project) -> None:
    lists = "\n      inputs:\n        - src/**\n        - /abs"
    (absolute,) = project.problems(f"steps:\n  s:\n    uses: shell\n    with:\n      run: 'true'{lists}\n")
    assert (absolute.line, absolute.excerpt.strip()) == (8, "- /abs")
    words = "\n      args:\n        - --reports=y\n        - -j4"
    (jobs,) = project.problems(f"steps:\n  l:\n    uses: pylint\n    with:{words}\n")
    assert (jobs.line, jobs.excerpt.strip()) == (7, "- -j4")
