from __future__ import annotations

import subprocess

import pytest

from buildtools.pipeline.load import InvalidFile, require
from tests.pipeline.project import Project

STEP = "steps:\n  one:\n    uses: probe\n    with: {text: '%s'}\n"


def text_of(project: Project, text: str, head: str = "") -> str:
    pipeline = project.load(head + STEP % text)
    return pipeline.steps[0].configure({}).step.text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "written", ["1.10", "no", "0755", "1e3", "~", "null", "2024-01-01", "0x10", "1_000", "12:30:45", ".inf", "=", "on"]
)
def test_every_scalar_is_the_text_that_was_written(project: Project, written: str) -> None:
    pipeline = project.load(
        f"properties:\n  a: {written}\nsteps: {{one: {{uses: probe, with: {{text: {written}}}}}}}\n"
    )
    assert pipeline.properties == {"a": written}
    assert pipeline.steps[0].configure({}).step.text == written  # type: ignore[attr-defined]


def test_references(project: Project) -> None:
    project.env = {"HOME": "/h", "EMPTY": "", "TOKEN": "s3cret"}
    head = "properties: {a: x, b: '${a}${a}', empty: '', none: }\n"
    for written, value in {
        "${a}": "x",
        "-${b}-": "-xx-",
        "${env.HOME}": "/h",
        "${env.NO:-d}": "d",
        "${env.EMPTY:-d}": "d",
        "${none:-d}": "d",
        "[${empty}]": "[]",
        "${nope:-${a}/${nope2:-z}}": "x/z",
        "${nope:-}": "",
        "$${a}": "${a}",
        "$$${a}": "$${a}",
        "$HOME $(x) $$ }": "$HOME $(x) $$ }",
        "${secret.TOKEN}": "s3cret",
    }.items():
        assert text_of(project, written, head) == value, written


@pytest.mark.parametrize(
    ("text", "message", "hint", "column"),
    [
        ("${targt}", "no property is called targt", "did you mean 'target'?", 19),
        ("a ${target} ${targt}", "no property is called targt", "did you mean 'target'?", 31),
        ("${target:-${targt}}", "", "", None),
        ("${nope:-${targt}}", "no property is called targt", "did you mean 'target'?", None),
        ("${env.HOEM}", "no variable HOEM", "did you mean 'HOME'?", 19),
        ("${HOME}", "no property is called HOME", "${env.HOME}", 19),
        ("${git.revison}", "git has no value revison", "did you mean 'revision'?", 19),
        ("${matrix.a}", "outside a step with a matrix", "", 19),
        ("${evn.HOME}", "no property is called evn.HOME", "did you mean 'env'?", 19),
        ("x ${", "not closed", "$${", 21),
        ("${a b}", "neither", "$${", 19),
        ("${}", "a name must follow", "$${", 19),
        ("${steps.one.made}", "an output of its own", "", 19),
        ("${steps.two.made}", "no step is called two", "", 19),
        ("${steps.made}", "names no output", "", 19),
    ],
)
def test_wrong_references(project: Project, text: str, message: str, hint: str, column: int | None) -> None:
    project.env = {"HOME": "/h"}
    head = "properties: {target: t}\n"
    if not message:
        assert text_of(project, text, head) == "t"
        return
    problem = project.problem(head + STEP % text)
    assert message in problem.message
    assert hint in problem.hint
    assert problem.line == 5
    if column:
        assert problem.column == column


def test_a_reference_in_a_block_is_pointed_at(project: Project) -> None:
    problem = project.problem(
        "steps:\n  one:\n    uses: probe\n    with:\n      text: |\n        echo\n        x ${nope}\n"
    )
    assert (problem.line, problem.column) == (7, 11)


def test_recursive_properties_are_told_with_the_chain(project: Project) -> None:
    problem = project.problem("properties:\n  a: ${b}\n  b: x${c}\n  c: ${a}\n" + STEP % "${a}")
    assert problem.message == "the property a refers to itself: a -> b -> c -> a"
    assert (problem.line, problem.column) == (4, 6)
    assert "a -> a" in project.problem("properties:\n  a: ${a}\n" + STEP % "x").message


def test_long_chains_and_bombs_end(project: Project) -> None:
    chain = "".join(f"  p{n}: ${{p{n + 1}}}\n" for n in range(3000)) + "  p3000: x\n"
    assert "in a chain of more than" in project.problems("properties:\n" + chain + STEP % "x")[0].message
    bomb = "  b0: xxxxxxxxxx\n" + "".join(f"  b{n}: '{f'${{b{n - 1}}}' * 10}'\n" for n in range(1, 30))
    assert "grow beyond 16 MiB" in project.problems("properties:\n" + bomb + STEP % "x")[0].message


def test_a_property_that_is_no_text(project: Project) -> None:
    found = project.problems("properties:\n  a: {b: c}\n  d: [e]\n  env.x: 1\n  'a b': 1\n" + STEP % "x")
    assert [(problem.line, problem.message.split(":")[0]) for problem in found] == [
        (2, "properties"),
        (3, "properties"),
        (4, "'env.x' cannot name a property"),
        (5, "'a b' cannot name a property"),
    ]
    assert "must be one text, found a mapping" in found[0].message


def test_precedence(project: Project) -> None:
    names = ["file1", "file2", "own", "local", "env", "flag"]

    def values(which: str, last: int) -> str:
        return "".join(f"  {name}: {which}\n" for name in names[: last + 1][::-1] + names[last + 1 :])

    project.write("one.yaml", values("file1", 0).replace("  ", ""))
    project.write("two.properties", "# comment\n" + "".join(f"{name} = file2\n" for name in names[1:]))
    project.write(
        "pipeline.local.yaml", "properties: {local: local, env: local, flag: local}\nenv: {L: '1', A: local}\n"
    )
    project.env = {"BUILDTOOLS_PROP_ENV": "env", "BUILDTOOLS_PROP_FLAG": "env"}
    project.properties = {"flag": "flag", "new": "${flag}"}
    head = "properties-files: [one.yaml, two.properties, 'none.yaml?']\nenv: {A: own, B: own}\n"
    head += "properties: {own: own, local: own, env: own, flag: own}\n"
    pipeline = project.load(head + STEP % "${new}")
    assert pipeline.properties == {**{name: name for name in names}, "new": "${flag}"}
    assert pipeline.env == {"A": "local", "B": "own", "L": "1"}
    assert pipeline.steps[0].configure({}).step.text == "${flag}"  # type: ignore[attr-defined]


def test_the_environments_names_of_properties(project: Project) -> None:
    project.env = {"BUILDTOOLS_PROP_JS_DIR": "x", "BUILDTOOLS_PROP_NEW_ONE": "y"}
    pipeline = project.load("properties: {js-dir: a, js.dir: b}\n" + STEP % "${js-dir}${js.dir}${new-one}${new_one}")
    assert pipeline.properties == {"js-dir": "x", "js.dir": "x", "new_one": "y"}
    assert pipeline.steps[0].configure({}).step.text == "xxyy"  # type: ignore[attr-defined]


def test_wrong_files_and_names(project: Project) -> None:
    project.write("bad.yaml", "a: {b: c}\n- x")
    project.write("list.yaml", "a: [b]\n")
    project.write("bad.env", "A=1\nwhat\n")
    project.properties = {"a b": "c"}
    files = "properties-files: [none.yaml, bad.yaml, list.yaml, bad.env, '${x}', [y]]\n"
    found = [problem.place.rpartition("/")[2] for problem in project.problems(files + STEP % "x")]
    own = [f"pipeline.yaml:1:{column}" for column in (20, 61, 69)]
    assert found == ["-P a b", "bad.env:2:1", "bad.yaml:2:1", "list.yaml:1:4", *own]


def test_secrets(project: Project) -> None:
    project.write("s.env", "# mine\nexport A='one'\nB = two words \nC=\"three\"\n", 0o600)
    project.write("s.yaml", "D: four\nE: five\n", 0o600)
    project.write("pipeline.local.yaml", "secrets-file: s.yaml\n")
    project.env = {"B": "from-env", "F": "six", "G": "not used"}
    pipeline = project.load("secrets-file: s.env\n" + STEP % "${secret.A} ${secret.B} ${secret.D} ${secret.F}")
    assert pipeline.steps[0].configure({}).step.text == "one from-env four six"  # type: ignore[attr-defined]
    assert set(pipeline.secrets) == {"one", "two words", "three", "four", "five", "from-env", "six"}
    assert {path.name for path in pipeline.private_files} == {"s.env", "s.yaml"}


def test_a_secrets_file_that_others_may_read_is_refused(project: Project) -> None:
    project.write("s.env", "A=hush\n", 0o640)
    problem = project.problem("secrets-file: s.env\n" + STEP % "x")
    assert "mode 0640" in problem.message
    assert "chmod 600" in problem.hint


@pytest.mark.parametrize(
    "content", ["A=hush\nhush-hush", "A: [hush]\n", "hush", "A: hush: hush\n", "A: hush\nA: hush\n"]
)
def test_problems_of_a_secrets_file_do_not_quote_it(project: Project, content: str) -> None:
    project.write("s.txt", content, 0o600)
    with pytest.raises(InvalidFile) as caught:
        project.load("secrets-file: s.txt\n" + STEP % "x")
    assert "hush" not in str(caught.value)
    assert "s.txt" in str(caught.value)


def test_a_secret_that_is_not_set_matters_to_its_step_only(project: Project) -> None:
    pipeline = project.load(
        "properties: {p: '${secret.TOKEN}'}\n"
        "steps:\n  one: {uses: probe}\n  two: {uses: act, with: {needed: 'x ${p}'}}\n"
        "  three: {uses: probe, env: {T: '${secret.TOKEN}'}}\n"
        "  four: {uses: probe, env: {T: '${secret.TOKEN:-none}'}}\n"
    )
    one, two, three, four = pipeline.steps
    assert [bool(spec.unmet) for spec in pipeline.steps] == [False, True, True, False]
    require([one, four])
    with pytest.raises(InvalidFile, match="the secret TOKEN is not set, which the property p uses"):
        require([two])
    with pytest.raises(InvalidFile, match=r"pipeline.yaml:5:\d+: the secret TOKEN is not set"):
        three.configure({})
    project.env = {"TOKEN": "t"}
    assert project.load().steps[1].configure({}).step.needed == "x t"  # type: ignore[attr-defined]


def test_git_values(project: Project) -> None:
    text = "${git.revision} ${git.short} [${git.branch}] [${git.tag}] ${git.dirty}"
    assert "not a git repository" in project.problem(STEP % "${git.short}").message
    assert text_of(project, "${git.short:-none}") == "none"

    def git(*words: str) -> str:
        given = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
        return subprocess.run(given, cwd=project.root, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "-b", "topic")
    assert "has no commit yet" in project.problem(STEP % "${git.revision}").message
    git("add", ".")
    git("commit", "-q", "-m", "one")
    project.write("pipeline.yaml", "changed")
    revision = git("rev-parse", "HEAD")
    assert text_of(project, text) == f"{revision} {revision[:10]} [topic] [] true"
    git("tag", "v1.0")
    git("checkout", "-q", "--detach")
    project.env = {"GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": "feature/x"}
    assert text_of(project, text) == f"{revision} {revision[:10]} [feature/x] [v1.0] true"


def test_git_is_not_asked_without_need(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert text_of(project, "x") == "x"
    assert "git: not found" in project.problem(STEP % "${git.short}").message
