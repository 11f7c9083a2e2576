"""Whatever a linter writes, the step ends with findings or with one error that says so: never with a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildtools.plugin import Completed, Status, StepError
from buildtools.steps.linters.verdict import Bar, result
from buildtools.steps.locate import locator
from tests.steps.linters.samples import ALL, CLEAN, EMPTY, FOUND

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def judged(name: str, stdout: bytes, stderr: bytes, status: int) -> None:
    linter = ALL[name]()
    problem = None
    try:
        report = linter.judge(
            Completed(argv=(name,), returncode=status, seconds=0.0, stdout=stdout, stderr=stderr),
        )
    except StepError as error:
        problem = error.message
    if problem is not None:
        assert problem.startswith(name)
        assert "\n" not in problem
        return
    outcome = result(name, report, Bar(), locator(Path("/project"), Path("/project")))
    msgspec.json.encode(outcome)
    if status:
        assert outcome.findings or outcome.status is Status.ERROR


@pytest.mark.parametrize("name", sorted(ALL))
@given(stdout=st.binary(max_size=60), stderr=st.binary(max_size=60), status=st.sampled_from([0, 1, 2, 3, -9]))
@settings(max_examples=200, deadline=None)
def test_any_bytes(name: str, stdout: bytes, stderr: bytes, status: int) -> None:
    judged(name, stdout, stderr, status)


@pytest.mark.parametrize("name", sorted(ALL))
@given(data=st.data(), status=st.sampled_from([0, 1, 2]))
@settings(max_examples=200, deadline=None)
def test_any_piece_of_a_report_with_any_value_in_it(name: str, data: st.DataObject, status: int) -> None:
    whole = data.draw(st.sampled_from([FOUND[name], CLEAN[name], EMPTY[name][0]]))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    new = json.dumps(data.draw(VALUES)).encode() if data.draw(st.booleans()) else data.draw(st.binary(max_size=4))
    judged(name, whole[:start] + new + whole[end:], b"", status)


@pytest.mark.parametrize("name", sorted(ALL))
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_any_value_in_place_of_another(name: str, data: st.DataObject) -> None:
    report = json.loads(FOUND[name])
    place = report
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(VALUES)
        break
    judged(name, json.dumps(report).encode(), b"", 1)


@pytest.mark.parametrize("name", sorted(ALL))
def test_values_nested_without_end(name: str) -> None:
    judged(name, b"[" * 100_000, b"", 1)
    judged(name, b'{"a":' * 100_000, b"", 1)
    judged(name, b"[\n" * 100_000, b"", 1)
