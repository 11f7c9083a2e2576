"""Files that are not what they should be: one clear message each."""

from __future__ import annotations

import os

import pytest

from buildtools.pipeline.load import InvalidFile, load
from tests.pipeline.project import Project

GOOD = "steps:\n  one:\n    uses: probe\n"


def test_missing(project: Project) -> None:
    problem = project.problem()
    assert problem.message == "no such file"
    assert problem.place.endswith("pipeline.yaml")


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "\ufeff"])
def test_empty(project: Project, text: str) -> None:
    assert project.problem(text).message == "the file is empty"


def test_a_directory(project: Project) -> None:
    with pytest.raises(InvalidFile, match="it is a directory"):
        load(project.root, properties={}, env={})


def test_a_named_pipe_is_not_waited_for(project: Project) -> None:
    os.mkfifo(project.file)
    assert "not a regular file" in project.problem().message


def test_unreadable(project: Project) -> None:
    project.write("pipeline.yaml", GOOD, 0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)  # root may read everything
    try:
        assert "permission denied" in project.problem().message
    finally:
        os.seteuid(me)


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"a: 1\nb: \0\0\n", "binary: it holds a NUL", (2, 4)),
        (b"\x7fELF\x02\x01\x01\0\0\0", "the control character U+007F", (1, 1)),
        ("\ufeff".encode("utf-16-le") + GOOD.encode("utf-16-le"), "UTF-16", (0, 0)),
        (GOOD.encode("utf-16-be"), "UTF-16", (0, 0)),
        (GOOD.encode("utf-32"), "UTF-16 or UTF-32", (0, 0)),
        ("steps: ü\n".encode("latin-1"), "not UTF-8: byte 0xfc", (1, 8)),
        ("ä: ü\na: \x07".encode(), "the control character U+0007", (2, 4)),
        (b"a: " + b"x" * 1024 * 1024, "larger than 1 MiB", (0, 0)),
        (b"a: x\n" * 1024 * 1024, "larger than 1 MiB", (0, 0)),
    ],
)
def test_not_a_text(project: Project, data: bytes, message: str, place: tuple[int, int]) -> None:
    problem = project.problem(data)
    assert message in problem.message
    assert (problem.line, problem.column) == place


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text, str])
def test_what_is_fine(project: Project, change: object) -> None:
    pipeline = project.load(change(GOOD).encode())  # type: ignore[operator]
    assert [spec.id for spec in pipeline.steps] == ["one"]


def test_places_behind_a_mark_and_windows_line_ends(project: Project) -> None:
    problem = project.problem("\ufeffsteps:\r\n  one:\r\n    uses: probe\r\n    nedes: []\r\n")
    assert (problem.line, problem.column) == (4, 5)
    assert "\r" not in problem.render()


@pytest.mark.parametrize(
    ("text", "message", "hint", "place"),
    [
        ("steps:\n\tone:\n", "a tab", "Indent with spaces", (2, 1)),
        ("steps:\n  one:\n  \tuses: probe\n", "a tab", "Indent", (3, 3)),
        ("a: [1, 2\nb: 3\n", "not valid YAML", "", (2, 2)),
        ("a: 'open\n", "not valid YAML", "not closed", (2, 1)),
        ("a: b: c\n", "mapping values are not allowed", "in quotes", (1, 5)),
        ("a: @b\n", "not valid YAML", "in quotes", (1, 4)),
        ("a: *.js\n", "", "in quotes", (1, 4)),
        ("a: [*.js]\n", "", "in quotes", None),
        ("a: [${b}]\n", "not valid YAML", '"${name}" in quotes', None),
        ('a: "\\d"\n', "not valid YAML", "single quotes", None),
        ("a: 1\n---\nb: 2\n", "a second document", "One file", (2, 1)),
        ("a: &x [*x]\n", "contains itself", "", (1, 8)),
        ("a: &x {b: [1, *x]}\n", "contains itself", "", (1, 15)),
        ("base: &base 1\nb: *bse\n", "no anchor '&bse'", "did you mean 'base'?", (2, 4)),
        ("[" * 3000, "nested deeper than", "", (1, 51)),
        ("{a: " * 3000, "nested deeper than", "", None),
        ("- a\n- b\n", "expected a mapping", "", (1, 1)),
        ("just text\n", "expected a mapping", "", (1, 1)),
        ("%YAML 3.0\n---\na: 1\n", "not valid YAML", "", (1, 1)),
    ],
)
def test_not_the_right_yaml(
    project: Project, text: str, message: str, hint: str, place: tuple[int, int] | None
) -> None:
    problem = project.problem(text)
    assert message in problem.message
    assert hint in problem.hint
    if place:
        assert (problem.line, problem.column) == place


def test_duplicate_keys_are_all_told(project: Project) -> None:
    text = "name: a\nname: b\nsteps:\n  one: {uses: probe}\n  one: {uses: probe, uses: probe}\n"
    found = [(problem.line, problem.column, problem.message) for problem in project.problems(text)]
    assert found == [
        (2, 1, "the key 'name' stands here twice (first in line 1)"),
        (5, 3, "the key 'one' stands here twice (first in line 4)"),
        (5, 22, "the key 'uses' stands here twice (first in line 5)"),
    ]


def test_tags_and_keys_that_are_no_texts(project: Project) -> None:
    found = project.problems("? [a, b]\n: 1\nname: !!int 5\nsteps: !own {one: {uses: !!python/name:os.x probe}}\n")
    assert [problem.message for problem in found] == [
        "a key must be a text, found a list",
        "the tag '!!int' has no meaning here",
        "the tag '!own' has no meaning here",
        "the tag '!!python/name:os.x' has no meaning here",
    ]


def test_billion_laughs(project: Project) -> None:
    lines = ['a0: &a0 ["lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol", "lol"]']
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "the aliases of this file stand for more than" in project.problem("\n".join(lines)).message


def test_anchors_and_merge_keys(project: Project) -> None:
    pipeline = project.load(
        """
steps:
  one: &one
    uses: probe
    timeout: 5
    with: {text: a, count: 2}
  two:
    <<: *one
    timeout: 7
  three:
    <<: [{retries: 1, timeout: 1}, *one]
    with: {text: c}
"""
    )
    one, two, three = pipeline.steps
    assert (one.timeout, two.timeout, three.timeout) == (5, 7, 1)
    assert (two.retries, three.retries) == (0, 1)
    assert two.configure({}).step == one.configure({}).step
    assert three.configure({}).step.text == "c"  # type: ignore[attr-defined]


def test_merging_what_is_no_mapping(project: Project) -> None:
    assert "`<<` merges mappings" in project.problem("steps:\n  one:\n    <<: text\n    uses: probe\n").message


def test_the_python_parser_does_as_well(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
    assert project.load(GOOD).steps[0].id == "one"
    assert "a tab" in project.problem("steps:\n\tone:\n").message
    assert "nested deeper" in project.problem("[" * 3000).message
