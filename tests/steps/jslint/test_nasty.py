"""Files that linters stumble over: none is lost, each has one verdict, and both engines have the same one."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from buildtools.plugin import Finding, Status, StepResult
from buildtools.steps.jslint import Jslint, step
from tests.conftest import MakeProject
from tests.steps.jslint.nasty import BROKEN_NAME, CLEAN, FOUND, GOOD, HARD, NAMES, STOPPED, TEXTS, strange_places
from tests.support.context import LoneContext

LOST = {"timeout", "engine-died", "jslint-crash"}
REFUSED = {"not-utf-8", "unreadable", "too-large"}


def lint(folder: Path, **options: object) -> StepResult:
    return Jslint(**options).run(LoneContext(folder))  # type: ignore[arg-type]


def by_path(result: StepResult) -> dict[str, list[Finding]]:
    """Return each file's findings; no file comes both with and without some, and all are in order."""
    found: dict[str, list[Finding]] = {}
    for finding in result.findings:
        found.setdefault(finding.path, []).append(finding)
    assert list(found) == sorted(found)
    passed = [case.file for case in result.cases]
    assert passed == sorted(set(passed))
    assert not found.keys() & set(passed)
    return {path: [] for path in passed} | found


def kind(findings: list[Finding]) -> str:
    rules = {finding.rule for finding in findings}
    if rules & LOST:
        return HARD
    if rules & REFUSED:
        (rule,) = rules
        return rule
    if any("unable to finish" in finding.message for finding in findings):
        return STOPPED
    return FOUND if findings else CLEAN


def put(folder: Path, texts: dict[str, str | bytes]) -> dict[str, str | bytes]:
    for name, text in texts.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return texts


def test_every_file_has_the_same_verdict_on_both_engines(tmp_path: Path, rhino: None) -> None:
    expected = {name: expected for name, (expected, _) in TEXTS.items() if expected != HARD}
    put(tmp_path, {name: TEXTS[name][1] for name in expected})
    on_node = lint(tmp_path)
    assert {name: kind(found) for name, found in by_path(on_node).items()} == expected
    assert on_node.exit_code == 1
    msgspec.json.encode(on_node)
    on_rhino = lint(tmp_path, engine="rhino")
    assert by_path(on_rhino) == by_path(on_node)
    assert on_rhino.reason == on_node.reason


def test_what_is_too_much_for_an_engine_costs_no_other_file(tmp_path: Path, engine: str) -> None:
    hard = {name: text for name, (expected, text) in TEXTS.items() if expected == HARD}
    if engine == "rhino":  # a second or two each: it is started again after every one that takes too long
        hard = {name: hard[name] for name in ("deep-brackets.js", "deep-calls.js", "long-line.js", "only-closed.js")}
    put(tmp_path, hard)
    for number, name in enumerate(("aaa.js", "e.js", "m.js", "zzz.js")):
        (tmp_path / name).write_text(f"// {number}\n{GOOD}")
    result = lint(tmp_path, engine=engine, file_timeout=1.0)
    found = by_path(result)
    assert found.keys() == {*hard, "aaa.js", "e.js", "m.js", "zzz.js"}
    assert all(not found[name] for name in ("aaa.js", "e.js", "m.js", "zzz.js"))
    assert all(found[name] for name in hard)
    assert kind(found["long-line.js"]) == HARD
    assert "a closing bracket that nothing opens" in found["only-closed.js"][-1].message
    assert "not linted to the end: " in result.reason
    assert result.exit_code == 1


def test_names_of_every_kind(tmp_path: Path, node: None) -> None:
    names = list(NAMES)
    (tmp_path / "https:").mkdir()
    for name in names:
        (tmp_path / name).write_text(GOOD)
    shown = set(names)
    try:
        (tmp_path / BROKEN_NAME).write_text("bad(")
        shown.add("caf\\xe9 \\xff.js")
    except OSError:
        pass  # a file system that holds UTF-8 only
    result = lint(tmp_path)
    assert by_path(result).keys() == shown
    assert {finding.path for finding in result.findings} == shown - set(names)
    msgspec.json.encode(result)


def test_names_can_be_linted_alone(tmp_path: Path, node: None) -> None:
    for name in ("-rf.js", "__proto__.js", "line\nbreak.js", "*.js"):
        (tmp_path / name).write_text(GOOD)
        assert [case.file for case in lint(tmp_path, dir=Path(name)).cases] == [name]


def test_what_is_no_plain_file(tmp_path: Path, engine: str) -> None:
    expected = strange_places(tmp_path)
    result = lint(tmp_path, engine=engine)
    assert {name: kind(found) for name, found in by_path(result).items()} == expected


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path, node: None) -> None:
    (tmp_path / "a.js").write_text(GOOD)
    (tmp_path / "b.js").write_text(GOOD)
    (tmp_path / "a.js").chmod(0)
    assert {name: kind(found) for name, found in by_path(lint(tmp_path)).items()} == {
        "a.js": "unreadable",
        "b.js": CLEAN,
    }


def test_files_that_are_gone_or_something_else_by_the_time_they_are_read(
    tmp_path: Path, node: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("gone.js", "kept.js", "link.js", "now-a-folder.js", "now-a-pipe.js")
    for name in names:
        (tmp_path / name).write_text(GOOD)
    listed = step.find_files

    def list_then_change(*args: object, **flags: object) -> list[Path]:
        files = listed(*args, **flags)  # type: ignore[arg-type]
        for name in names:
            if name != "kept.js":
                (tmp_path / name).unlink()
        (tmp_path / "link.js").symlink_to("link.js")
        (tmp_path / "now-a-folder.js").mkdir()
        os.mkfifo(tmp_path / "now-a-pipe.js")
        return files

    monkeypatch.setattr(step, "find_files", list_then_change)
    found = by_path(lint(tmp_path))
    assert {name: kind(said) for name, said in found.items()} == dict.fromkeys(names, "unreadable") | {"kept.js": CLEAN}


def test_where_no_file_can_be_read_nothing_is_started(tmp_path: Path, node: None) -> None:
    put(tmp_path, {"a.js": b"\xff", "b.js": b"\xfe"})
    context = LoneContext(tmp_path)
    result = Jslint(options={"no-such": "true"}).run(context)
    assert result.status is Status.FAILED
    assert result.reason == "2 findings in 2 of 2 files; not linted to the end: a.js, b.js"


def test_globals_that_objects_have_by_themselves(tmp_path: Path, rhino: None) -> None:
    names = ("__proto__", "constructor", "toString", "hasOwnProperty", "watch", "$", "_")
    put(tmp_path, {"a.js": "constructor();\ntoString();\nunknown();\n$(_);\n"})
    on_node, on_rhino = (lint(tmp_path, globals=names, engine=engine) for engine in ("node", "rhino"))
    assert by_path(on_node) == by_path(on_rhino)
    assert [(finding.rule, finding.line) for finding in on_node.findings] == [("undeclared_a", 3)]


def test_the_command_line_stands_it_all(project: MakeProject, node: None) -> None:
    texts = {name: text for name, (expected, text) in TEXTS.items() if expected != HARD}
    outcome = project({"pipeline.yaml": "steps: {js: {uses: jslint, with: {dir: js}}}"})
    put_into = outcome.root / "js"
    put_into.mkdir()
    put(put_into, texts)
    strange_places(put_into)
    (put_into / BROKEN_NAME).write_text("bad(")
    done = outcome.run()
    assert done.code == 1
    assert "Traceback" not in done.text
    assert len(done.junit.findall(".//testcase")) >= len(texts)


WORDS = """let const var function a b = ( ) { } [ ] ; , . ?. ?? => /a/g ` ${ "x" 'y' 1 0x1 1n + - ++ ! class #x async
await import export default return if else while do for of new delete typeof try catch throw switch case break this null
static get set __proto__ constructor : ? ... ** && < === \\ \\u0041 @"""
SPACES = ("\n", "\r", "\n    ", "\t", "\u2028", "\ufeff", "\xa0")
COMMENTS = (
    "// c\n",
    "/* c */",
    "/*jslint node*/\n",
    "/*global z*/\n",
    "#!x\n",
    "/*jslint",
    "*/",
    "/*jslint-disable*/\n",
)
TOKENS = st.sampled_from((*WORDS.split(), *SPACES, *COMMENTS, "//jslint-ignore-line", "/*jslint for, nosuch: 3*/"))
SCRIPTS = st.lists(TOKENS, min_size=1, max_size=25).map(" ".join)
REGEXPS = st.text("abc[](){}^$*+?|\\/dDsSwWbB0u123-.,:<>=!", min_size=1, max_size=15).map("let a = /{}/;\n".format)
CONTENTS = st.one_of(SCRIPTS, REGEXPS, st.text(max_size=60)).map(str.encode) | st.binary(max_size=60)


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(CONTENTS, min_size=100, max_size=200))
@example([text.encode() if isinstance(text, str) else text for expected, text in TEXTS.values() if expected == STOPPED])
def test_any_text_and_any_bytes(tmp_path_factory: pytest.TempPathFactory, rhino: None, contents: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("any")
    put(folder, {f"{number:04}.js": content for number, content in enumerate(contents)})
    on_node, on_rhino = (by_path(lint(folder, engine=engine)) for engine in ("node", "rhino"))
    assert on_node.keys() == on_rhino.keys() == {f"{number:04}.js" for number in range(len(contents))}
    for number, content in enumerate(contents):
        name = f"{number:04}.js"
        # What JSLint's own crash says is the engine's text.
        if kind(on_node[name]) != HARD or kind(on_rhino[name]) != HARD:
            assert on_node[name] == on_rhino[name], content
