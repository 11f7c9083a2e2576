"""Pipeline files that are no such thing: one clear message with place and remedy, exit 3, and nothing runs."""

from __future__ import annotations

import os

import pytest

from tests.conftest import MakeProject
from tests.e2e.running import FINE, clear, refused, without_rights


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines) + "\n" + FINE


def steps(body: str) -> str:
    return f"steps:\n  a: {body}\n"


SCRIPT = "steps:\n  a:\n    uses: shell\n    with:\n      run: |\n        echo fine\n        echo fine\n"

FILES: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "empty": (b"", ("pipeline.yaml:1:1: the file is empty", "The smallest pipeline is")),
    "only a comment": ("# nothing\n\n", ("pipeline.yaml:1:1: the file is empty",)),
    "a NUL": (FINE + "\0", ("pipeline.yaml:2:1: the file is binary: it holds a NUL",)),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(range(256)), ("pipeline.yaml:", "the file is")),
    "control characters": (FINE + "# \a\n", ("pipeline.yaml:2:3: the control character U+0007",)),
    "UTF-16": (FINE.encode("utf-16"), ("the file is UTF-16 or UTF-32, not UTF-8", "Save it again as UTF-8.")),
    "UTF-16 without a mark": (FINE.encode("utf-16-be"), ("the file is UTF-16 or UTF-32",)),
    "Latin-1": ("name: caf\xe9\n".encode("latin-1"), ("pipeline.yaml:1:10: the file is not UTF-8: byte 0xe9",)),
    "tabs": (
        "steps:\n\ta: {uses: shell}\n",
        ("pipeline.yaml:2:1: a tab, where YAML allows only spaces", "Indent with spaces."),
    ),
    "no YAML": ("steps: {a: [}\n", ("pipeline.yaml:1:13: not valid YAML",)),
    "a quote that is not closed": ("name: 'x\n" + FINE, ("pipeline.yaml:", "not valid YAML")),
    "two documents": (FINE + "---\n" + FINE, ("pipeline.yaml:2:1: a second document begins here",)),
    "a tag": ("name: !!python/object/apply:os.system [true]\n" + FINE, ("the tag '!!python/object/apply:os.system'",)),
    "a list": ("- a\n", ("pipeline.yaml:1:1: expected a mapping (`key: value`), found a list",)),
    "a text": ("steps\n", ("expected a mapping (`key: value`), found the text 'steps'",)),
    "steps as a list": ("steps: [a, b]\n", ("steps is a mapping of names to steps, found a list",)),
    "steps without a value": ("steps:\n", ("the file has no steps",)),
    "no steps": ("name: x\n", ("the file has no steps", "The smallest pipeline is")),
    "too deep": ("[" * 5000, ("nested deeper than 50 levels",)),
    "a cycle": (
        "steps:\n"
        + "".join(f"  {a}: {{uses: shell, with: {{run: x}}, needs: [{b}]}}\n" for a, b in ("ac", "ba", "cb")),
        ("pipeline.yaml:2:44: the steps wait for each other: a -> c -> b -> a",),
    ),
    "a step that needs itself": (
        steps("{uses: shell, with: {run: x}, needs: [a]}"),
        ("pipeline.yaml:2:44: the step 'a' needs itself",),
    ),
    "an unknown need": (
        "steps:\n  lint: {uses: shell, with: {run: x}}\n  b: {uses: shell, with: {run: x}, needs: [lnit]}\n",
        ("pipeline.yaml:3:44: needs: no step is called 'lnit'", "did you mean 'lint'?"),
    ),
    "an alias bomb": (bomb(), ("the aliases of this file stand for more than 50000 values",)),
    "an anchor in itself": ("x: &x [*x]\n" + FINE, ("pipeline.yaml:1:8: the anchor '&x' contains itself",)),
    "5 MB": (
        "steps:\n" + "".join(f"  s{n}: {{uses: shell, with: {{run: 'true'}}}}\n" for n in range(120_000)),
        ("pipeline.yaml: the file is larger than 1 MiB",),
    ),
    "a name with a space": (
        "steps:\n  a b: {uses: shell, with: {run: x}}\n",
        ("pipeline.yaml:2:3: 'a b' cannot name a step", "letters, digits"),
    ),
    "a name with a slash": ("steps:\n  ../a: {uses: shell, with: {run: x}}\n", ("'../a' cannot name a step",)),
    "an empty name": ("steps:\n  '': {uses: shell, with: {run: x}}\n", ("'' cannot name a step",)),
    "an undefined property": (
        "properties: {target: x}\n" + steps("{uses: shell, with: {run: 'echo ${taget}'}}"),
        ("pipeline.yaml:3:38: no property is called taget", "did you mean 'target'?"),
    ),
    "recursive properties": (
        "properties: {a: '${b}', b: '${a}', c: '${c}'}\n" + FINE,
        ("the property a refers to itself: a -> b -> a", "the property c refers to itself: c -> c"),
    ),
    "a property that is a mapping": (
        "properties: {a: {b: c}}\n" + FINE,
        ("pipeline.yaml:1:17: properties: a must be one text, found a mapping",),
    ),
    "a reference that is not closed": (steps("{uses: shell, with: {run: 'echo ${x'}}"), ("pipeline.yaml:2:",)),
    "an unknown output": (
        steps("{uses: shell, with: {run: 'echo ${steps.b.c}'}}"),
        ("pipeline.yaml:2:", "no step is called b"),
    ),
    "an unknown plugin": (steps("{uses: pylnt}"), ("pipeline.yaml:2:13: no plugin is called 'pylnt'", "'pylint'?")),
    "no command": (steps("{uses: shell}"), ("shell needs the option run",)),
    "an option that does not fit": (
        steps("{uses: pylint, with: {fail-under: abc}}"),
        ("pipeline.yaml:2:40: fail-under: expected", "found 'abc'"),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_with_place_and_reason(project: MakeProject, name: str) -> None:
    content, words = FILES[name]
    refused(project({"pipeline.yaml": content}).run(), 3, *words)


def test_the_place_is_shown_with_a_caret(project: MakeProject) -> None:
    said = project({"pipeline.yaml": "steps:\n  a: {uses: shel}\n"}).run()
    refused(said, 3)
    assert said.stderr == (
        "pipeline.yaml:2:13: no plugin is called 'shel'\n"
        "      a: {uses: shel}\n"
        "                ^\n"
        "    did you mean 'shell'?\n"
    )


def test_duplicate_keys_are_told_at_every_level(project: MakeProject) -> None:
    text = """\
        name: a
        name: b
        steps:
          a: {uses: shell, uses: shell, with: {run: x, run: y}}
          a: {uses: shell}
        """
    said = project({"pipeline.yaml": text}).run()
    refused(said, 3)
    for place in ("2:1: the key 'name'", "4:20: the key 'uses'", "4:48: the key 'run'", "5:3: the key 'a'"):
        assert f"pipeline.yaml:{place} stands here twice (first in line" in said.stderr


def test_unknown_keys_are_told_at_every_level_all_at_once(project: MakeProject) -> None:
    text = """\
        nme: x
        steps:
          a: {uses: shell, with: {run: x, chek: true}, need: [b]}
          b:
            uses: shell
            with: {run: x}
            when: {brnch: x, not: {tga: y}}
            matrix: {x: [1], exclude: [{y: 1}]}
        """
    said = project({"pipeline.yaml": text}).run()
    refused(said, 3)
    for word in ("has no key 'nme'", "no option 'chek'", "no key 'need'", "no condition 'brnch'", "no condition 'tga'"):
        assert word in said.stderr, said
    for hint in ("'name'?", "'check'?", "'needs'?", "'branch'?", "'tag'?"):
        assert f"did you mean {hint}" in said.stderr, said


def test_wrong_types_are_told_at_every_level_all_at_once(project: MakeProject) -> None:
    text = """\
        name: [a]
        properties: [a]
        properties-files: {a: b}
        env: [x]
        secrets-file: [a]
        steps:
          a: [x]
          b: text
          c:
          d: {uses: [a]}
          e: {uses: shell, with: [a]}
          f:
            uses: shell
            with: {run: {a: b}, check: 7}
            needs: {a: b}
            when: [x]
            env: x
            cwd: []
            timeout: soon
            retries: many
            allow-failure: perhaps
            cache: 5
            description: []
            tags: {}
          g: {uses: shell, with: {run: x}, matrix: []}
        """
    said = project({"pipeline.yaml": text}).run()
    refused(said, 3)
    for line in (1, 2, 3, 4, 5, 7, 8, 9, 10, 11, *range(14, 26)):
        assert f"pipeline.yaml:{line}:" in said.stderr, (line, said)


@pytest.mark.parametrize("words", [("pipeline.yaml",), ("-f", "pipeline.yaml")], ids=["argument", "flag"])
@pytest.mark.parametrize("kind", ["missing", "directory", "pipe", "device", "dangling link"])
def test_what_is_no_file_is_refused(project: MakeProject, kind: str, words: tuple[str, ...]) -> None:
    made = project()
    path = made.root / "pipeline.yaml"
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/null")
    elif kind == "dangling link":
        path.symlink_to("nowhere")
    reason = {"directory": "is a directory", "pipe": "regular file", "device": "regular file"}
    refused(made.run(*words), 3, "pipeline.yaml: ", reason.get(kind, "no such file"))


def test_no_file_at_all(project: MakeProject) -> None:
    said = project().run()
    refused(said, 3, "no pipeline file in ", "pipeline.yaml", "pipelines/")


def test_several_files_to_choose_from(project: MakeProject) -> None:
    said = project({"pipelines/a.yaml": FINE, "pipelines/b.yml": FINE}).run()
    refused(said, 3, "pipelines holds several files: pipelines/a.yaml, pipelines/b.yml", "-f pipelines/a.yaml")


def test_an_unreadable_file(project: MakeProject) -> None:
    made = project({"pipeline.yaml": FINE})
    (made.root / "pipeline.yaml").chmod(0)
    refused(without_rights(made, "run"), 3, "pipeline.yaml: the file may not be read: permission denied")


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + FINE.encode(), SCRIPT.replace("\n", "\r\n").encode()])
def test_what_editors_on_windows_write_runs(project: MakeProject, content: bytes) -> None:
    said = project({"pipeline.yaml": content}).run()
    clear(said, 0, "fine\n")
    assert "\r" not in said.stdout


def test_validate_says_the_problems_of_every_file(project: MakeProject) -> None:
    made = project({"a.yaml": FINE, "b.yaml": "steps: [", "c.yaml": b"\xff\xfe", "d.yaml": "steps: {x: {}}"})
    said = made.call("validate", "a.yaml", "b.yaml", "c.yaml", "d.yaml", "e.yaml")
    clear(said, 3, "b.yaml:", "c.yaml: ", "d.yaml:1:9: ", "e.yaml: no such file")
    assert said.stdout == "a.yaml: valid, 1 step\n"


def test_a_missing_properties_file_unless_it_may_be(project: MakeProject) -> None:
    made = project({"pipeline.yaml": "properties-files: [build.properties]\n" + FINE})
    refused(made.run(), 3, "pipeline.yaml:1:20: ", "'build.properties': no such file")
    clear(made.replace("pipeline.yaml", "build.properties", "build.properties?").run(), 0)


def test_a_bad_local_file_is_told_by_its_name(project: MakeProject) -> None:
    made = project({"pipeline.yaml": FINE, "pipeline.local.yaml": "properties: {a: 1\nsteps: {}\n"})
    refused(made.run(), 3, "pipeline.local.yaml:")
    made.write({"pipeline.local.yaml": "steps: {}\n"})
    refused(made.run(), 3, "pipeline.local.yaml:1:1: pipeline.local.yaml has no key 'steps'")


def test_a_secrets_file_that_others_may_read(project: MakeProject) -> None:
    made = project({"pipeline.yaml": "secrets-file: s.env\n" + FINE, "s.env": "TOKEN=very-hidden\n"})
    (made.root / "s.env").chmod(0o644)
    said = made.run()
    refused(said, 3, "pipeline.yaml:1:15: the secrets-file may be read or written by others", "chmod 600 s.env")
    assert "very-hidden" not in said.text
    made.write({"s.env": "TOKEN=very-hidden\nno assignment: [very-hidden\n"})
    (made.root / "s.env").chmod(0o600)
    said = made.run()
    refused(said, 3, "s.env:")
    assert "very-hidden" not in said.text


def test_a_secret_that_is_not_set_stops_the_run_before_it_begins(project: MakeProject) -> None:
    text = "steps:\n  a: {uses: shell, with: {run: touch ran}}\n  b: {uses: shell, with: {run: 'x ${secret.TOKEN}'}}\n"
    made = project({"pipeline.yaml": text})
    refused(made.run(), 3, "pipeline.yaml:3:", "the secret TOKEN is not set", "Set the environment variable")
    assert not (made.root / "ran").exists()
    clear(made.run("a"), 0)
