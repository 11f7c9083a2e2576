"""Requests and answers, without any process."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildtools.plugin import Severity
from buildtools.steps.jslint.protocol import Conversation, ProtocolError, Settings, Source, encode_request


def said(**event: object) -> bytes:
    return json.dumps(event).encode()


def talk(files: int = 1) -> Conversation:
    return Conversation({number: Source(f"f{number}.js", "") for number in range(files)})


def warn(number: int, *warnings: list[object]) -> bytes:
    return said(event="warnings", id=number, warnings=list(warnings))


@given(st.text(), st.lists(st.text()))
def test_a_request_is_ascii_and_one_line_a_file(text: str, names: list[str]) -> None:
    request = encode_request(Settings({"node": True, "indent": 4}, tuple(names)), [(7, Source("x", text))])
    assert request.isascii()
    header, line = request.decode("ascii").removesuffix("\n").split("\n")
    assert json.loads(header) == {"options": {"node": True, "indent": 4}, "globals": names}
    assert json.loads(line) == {"id": 7, "source": text}


def test_a_file_gets_its_warnings_sorted_from_many_events() -> None:
    conversation = talk()
    conversation.hear(said(event="begin", id=0))
    conversation.hear(warn(0, [9, 1, "b", "later", ""]))
    conversation.hear(warn(0, [2, 5, "a", "sooner", ""], [2, 1, "c", "soonest", ""]))
    assert conversation.current == 0
    conversation.hear(said(event="result", id=0, total=3, stop=False), seconds=0.5)
    verdict = conversation.verdicts[0]
    assert [finding.place for finding in verdict.findings] == ["f0.js:2:1", "f0.js:2:5", "f0.js:9:1"]
    assert (verdict.complete, verdict.seconds, conversation.current) == (True, 0.5, None)
    assert not conversation.done
    conversation.hear(said(event="done", count=1))
    assert conversation.done


def test_a_stop_makes_a_verdict_incomplete_and_says_so() -> None:
    conversation = talk()
    conversation.hear(said(event="begin", id=0))
    conversation.hear(warn(0, [1, 1, "a", "Stopping.", "stop"]))
    conversation.hear(said(event="result", id=0, total=1, stop=True))
    (finding,) = conversation.verdicts[0].findings
    assert not conversation.verdicts[0].complete
    assert (finding.severity, finding.message) == (Severity.ERROR, "[JSLint was unable to finish] Stopping.")


def test_warnings_that_were_not_sent_are_counted() -> None:
    conversation = talk()
    conversation.hear(said(event="begin", id=0))
    conversation.hear(warn(0, [1, 1, "a", "one", ""]))
    conversation.hear(said(event="result", id=0, total=5001, stop=False))
    assert any("5000 more" in finding.message for finding in conversation.verdicts[0].findings)


@pytest.mark.parametrize(
    "line", [b"", b"noise", b"{broken", b"[1]", b"{}", b'{"level": "info"}', b"\xff\xfe", b"{\xff"]
)
def test_what_is_no_event_is_noise(line: bytes) -> None:
    assert talk().hear(line) is False


@pytest.mark.parametrize(
    "lines",
    [
        [said(event="begin", id=5)],
        [said(event="begin", id=0), said(event="begin", id=1)],
        [said(event="result", id=0, total=0, stop=False)],
        [said(event="begin", id=0), said(event="result", id=1, total=0, stop=False)],
        [said(event="begin", id=0), said(event="result", id=0, total=0)],
        [said(event="begin", id=0), warn(1)],
        [said(event="begin", id=0), warn(0, [1, 1, "a"])],
        [said(event="begin", id=0), warn(0, [1, 1, "a", "b", ""]), said(event="result", id=0, total=0, stop=False)],
        [said(event="done", count=0)],
        [said(event="done", count=2)],
        [said(event="begin", id=0), said(event="result", id=0, total=0, stop=False), said(event="done", count=1)],
        [said(event="what")],
    ],
)
def test_an_answer_that_cannot_be_is_refused(lines: list[bytes]) -> None:
    conversation = talk(2)
    for line in lines[:-1]:
        conversation.hear(line)
    with pytest.raises(ProtocolError):
        conversation.hear(lines[-1])


def test_lone_surrogates_end_here() -> None:
    conversation = talk()
    conversation.hear(said(event="begin", id=0))
    conversation.hear(b'{"event": "warnings", "id": 0, "warnings": [[1, 1, "a", "bad \\ud800 \\ud83d\\ude00", ""]]}')
    conversation.hear(said(event="result", id=0, total=1, stop=False))
    conversation.verdicts[0].findings[0].message.encode("utf-8")
    assert "\N{GRINNING FACE}" in conversation.verdicts[0].findings[0].message
