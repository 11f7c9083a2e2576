"""Telling forms apart by content, and standing firm against damaged and hostile files."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from buildtools.core.errors import StepError
from buildtools.core.results import RunResult, StepRun
from buildtools.reports.kinds import RENDERERS
from buildtools.reports.scene import ELSEWHERE
from buildtools.steps.imported.forms import FORMS, read, sniffed
from buildtools.steps.imported.imported import Imported
from buildtools.steps.imported.verdict import located, together
from buildtools.steps.imported.whereabouts import whereabouts
from tests.support.runs import every_outcome

OURS = {form: RENDERERS[form](every_outcome(), ELSEWHERE) for form in FORMS if form in RENDERERS}
SAMPLES = {
    **OURS,
    "pylint-json": b'[{"type": "error", "module": "a", "obj": "", "line": 1, "column": 0, "path": "a.py", '
    b'"symbol": "s", "message": "m", "message-id": "E0001"}]',
    "cobertura": b'<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "x.dtd"><coverage><class filename="a"><lines>'
    b'<line number="1" hits="1" branch="true" condition-coverage="50% (1/2)"/></lines></class></coverage>',
    "lcov": b"TN:\nSF:a.c\nDA:1,1\nBRDA:1,0,0,-\nend_of_record\n",
    "go-test": b'{"Action":"run","Package":"p","Test":"T"}\n{"Action":"pass","Package":"p","Test":"T","Elapsed":1}\n',
}


@pytest.mark.parametrize("form", FORMS)
def test_the_content_tells_the_form(form: str) -> None:
    data = SAMPLES[form]
    assert sniffed(data) == form
    assert read(data, "auto", "x") == read(data, form, "x")
    if form != "go-test":
        assert sniffed(b"\xef\xbb\xbf" + data) == form


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"[]", "codequality"),
        (b'{"messages": [], "statistics": {}}', "pylint-json"),
        (b'{"Action":"start","Package":"p"}', "go-test"),
        (b'FAIL\tp [build failed]\n{"Action":"start","Package":"p"}', "go-test"),
        (b"a.py:1: [F401] unused\n", "parseable"),
        (b"Your code has been rated at 10.00/10\n", "parseable"),
        (b"<testsuite/>", "junit"),
        ('<?xml version="1.0" encoding="utf-16"?><testsuite/>'.encode("utf-16"), "junit"),
        ('{"version": "2.1.0", "runs": []}'.encode("utf-16"), "sarif"),
    ],
)
def test_small_files(data: bytes, form: str) -> None:
    assert sniffed(data) == form
    assert isinstance(read(data, "auto", "x"), Imported)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "out/x: is empty: its tool wrote nothing"),
        (b" \n", "is empty"),
        (b"hello", "is no report of a form that is known"),
        (b"\x00\xff", "is no report"),
        (b"<html><", "is XML, but <html> begins no report that is known"),
        (b"<", "line 1, column 1: unclosed token"),
        (b"{", "begins like JSON: Input data was truncated"),
        (b'{"a": 1}', "is a JSON object, but of no report that is known"),
        (b'[{"a": 1}]', "is a JSON array, but neither"),
        (b"[1]", "begins like JSON: Expected `object`, got `int`"),
        (b"\xff\xfe\x00", "is no UTF-16"),
        (b"<testsuite><testcase></testsuite>", "out/x: cannot be read as junit: line 1, column 24: mismatched tag"),
        (b'<?xml version="1.0" encoding="klingon"?><testsuite/>', "line 1"),
        (b'{"runs": []}', "cannot be read as sarif: Object missing required field `version`"),
        (b'{"schema_version": 99, "pipeline": "p", "id": "i", "steps": []}', "as json: has the schema version 99"),
    ],
)
def test_one_clear_error(data: bytes, why: str) -> None:
    with pytest.raises(StepError, match=why) as caught:
        read(data, "auto", "out/x")
    assert caught.value.remedy


LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE testsuite [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuite><testcase name="&b;"/></testsuite>"""
PARAMETER = '<!DOCTYPE testsuite [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]><testsuite/>'
EXTERNAL = '<!DOCTYPE testsuite [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite><testcase name="x"/></testsuite>'
UNDECLARED = '<!DOCTYPE testsuite SYSTEM "http://127.0.0.1:9/x.dtd"><testsuite><testcase>&x;</testcase></testsuite>'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LAUGHS, "line 2: declares the entity 'a': refused"),
        (PARAMETER, "declares the entity 'a': refused"),
        (EXTERNAL, "declares the entity 'a': refused"),
        (UNDECLARED, "names the entity 'x', which nobody declares here"),
        ("<testsuite>" * 1000, "elements are nested deeper than 200"),
        ("<testsuite><testcase>" + "<a>" * 1000, "elements are nested deeper than 200"),
    ],
)
def test_entities_and_depth_are_refused(text: str, why: str) -> None:
    for form in ("junit", "auto"):
        with pytest.raises(StepError, match=why):
            read(text.encode(), form, "x")


def test_a_long_text_is_read_in_time() -> None:
    """In linear time: it comes line by line."""
    text = "x\n" * 2_000_000
    data = f"<testsuite><testcase><system-out>{text}</system-out></testcase></testsuite>".encode()
    assert read(data, "junit", "x").result.cases[0].stdout == text


def test_a_testcase_of_endless_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buildtools.steps.imported.elements._MOST_WITHIN", 10)
    with pytest.raises(StepError, match="more than 10 elements in one <testcase>"):
        read(b"<testsuite><testcase>" + b"<a/>" * 11 + b"</testcase></testsuite>", "junit", "x")


def test_numbers_without_bounds() -> None:
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t"}}, "results": [{"ruleIndex": 10**30}]}]}
    assert read(json.dumps(log).encode(), "sarif", "x").result.findings[0].rule == ""
    assert read(b"SF:a\nDA:" + b"9" * 29 + b",1\nend_of_record\n", "lcov", "x").nothing
    assert read(b"a.py:" + b"9" * 5000 + b": [E1(x), ] y\n", "parseable", "x").result.findings[0].line == 0


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    form=st.sampled_from(sorted(FORMS)),
    other=st.sampled_from(["auto", *FORMS]),
    cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    junk=st.binary(max_size=20),
)
@example(form="junit", other="auto", cuts=(0.5, 0.5), junk=b"\xff")
def test_whatever_stands_there_is_read_or_refused(
    form: str, other: str, cuts: tuple[float, float], junk: bytes
) -> None:
    """A part of a good file is replaced by junk, and read as it is or as something else."""
    data = SAMPLES[form]
    first, last = sorted(int(cut * len(data)) for cut in cuts)
    with suppress(StepError):
        imported = read(data[:first] + junk + data[last:], other, "x")
        result = together([located(imported, whereabouts(Path("/nowhere"), Path("/nowhere"), imported.sources))])
        step = StepRun(id="s", plugin="report", result=result, started=0.0)
        RENDERERS["junit"](RunResult(pipeline="p", id="i", steps=(step,)), ELSEWHERE)
