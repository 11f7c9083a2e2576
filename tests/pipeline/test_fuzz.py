"""Whatever the file holds: a pipeline, or one error with placed problems; never another exception."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buildtools.pipeline.draft import KEYS as STEP_KEYS
from buildtools.pipeline.load import KEYS, InvalidFile, load
from buildtools.pipeline.model import Pipeline
from tests.pipeline.project import PROBE

BOUNDED = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ENV = {"HOME": "/h", "BUILDTOOLS_PROP_X": "y"}


Attempt = Callable[[bytes], Pipeline | None]


@pytest.fixture(scope="module")
def attempt(tmp_path_factory: pytest.TempPathFactory) -> Attempt:
    tmp_path = tmp_path_factory.mktemp("fuzz")
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps/probe.py").write_text(PROBE, encoding="utf-8")
    file = tmp_path / "pipeline.yaml"

    def run(data: bytes) -> Pipeline | None:
        file.write_bytes(data)
        try:
            return load(file, properties={}, env=ENV)
        except InvalidFile as error:
            _check(error, data)
            return None

    return run


def _check(error: InvalidFile, data: bytes) -> None:
    assert error.problems
    assert all(problem.file and problem.message for problem in error.problems)
    lines = data.count(b"\n") + data.count(b"\r") + data.count(b"\x85") + 2 * data.count(b"\xe2") + 1
    assert all(0 <= problem.line <= lines + 1 for problem in error.problems)
    assert str(error)


@BOUNDED
@given(st.binary(max_size=300))
def test_any_bytes(attempt: Attempt, data: bytes) -> None:
    attempt(data)


@BOUNDED
@given(st.text(alphabet=st.sampled_from("ab:-?[]{}&*!|>'\"%@`#,<~= \n\t\r\\$.01\ufeff\u2028ü"), max_size=120))
def test_any_text_of_yamls_own_characters(attempt: Attempt, text: str) -> None:
    attempt(text.encode())


WORDS = [
    *KEYS,
    *STEP_KEYS,
    "one",
    "two",
    "probe",
    "act",
    "shell",
    "text",
    "count",
    "coverage",
    "branch",
    "not",
    "include",
    "exclude",
    "5m",
    "true",
    "null",
    "",
    "x",
    "<<",
    "${x}",
    "${p}",
    "${p:-${q}}",
    "${steps.one.made}",
    "${matrix.a}",
    "${env.HOME}",
    "${secret.S}",
    "${",
    "$${",
    "./steps/probe.py:Probe",
    "json:JSONDecoder",
    "[x]",
    "a/b",
]
texts = st.sampled_from(WORDS) | st.text(max_size=6)
values = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
steps = st.fixed_dictionaries(
    {"uses": st.sampled_from(["probe", "act", "shell"]) | texts},
    optional={key: values for key in STEP_KEYS if key != "uses"},
)
documents = st.fixed_dictionaries(
    {"steps": st.dictionaries(st.sampled_from(["one", "two", "three", "a b"]), steps | values, max_size=4) | values},
    optional={
        "name": values,
        "properties": st.dictionaries(st.sampled_from(["p", "q", "x"]) | texts, texts | values, max_size=4) | values,
        "env": values,
        "properties-files": values,
        "secrets-file": values,
        "other": values,
    },
)


@BOUNDED
@given(documents)
def test_any_structure(attempt: Attempt, document: object) -> None:
    attempt(yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode())


@BOUNDED
@given(
    st.dictionaries(st.sampled_from(["text", "count", "wait", "coverage", "run", "either", "modes", "parts"]), values)
)
def test_any_options(attempt: Attempt, options: object) -> None:
    attempt(yaml.safe_dump({"steps": {"one": {"uses": "probe", "with": options}}}).encode())
