from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from buildtools.pipeline.registry import BUILTIN, Registry
from buildtools.pipeline.schema import build_schema
from tests.pipeline.project import Project

ROOT = Path(__file__).parents[2]


def errors(schema: dict[str, Any], text: str) -> list[str]:
    """Return the paths at which a text does not fit; read as an editor reads it."""
    found = jsonschema.Draft7Validator(schema).iter_errors(yaml.safe_load(text))
    return sorted("/".join(map(str, error.absolute_path)) for error in found)


@pytest.fixture
def schema(project: Project) -> dict[str, Any]:
    return build_schema(Registry(project.root))


def test_it_is_a_schema(schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema


def test_all_built_in_plugins_are_in_it() -> None:
    assert {f"with-{name}" for name, _, _ in BUILTIN} <= set(build_schema()["definitions"])


@pytest.mark.parametrize("file", sorted((ROOT / "pipelines").glob("*.yaml")), ids=lambda path: path.name)
def test_the_projects_own_files_fit(file: Path) -> None:
    schema = build_schema(Registry(file.parent))
    assert errors(schema, file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "steps: {one: {uses: probe}}",
        "{name: 1, properties: {a: 1, b: no, c: null}, env: {A: 1}, properties-files: a, steps: {one: {uses: x}}}",
        "steps: {one: {uses: probe, with: {count: 5, ratio: .5, flag: yes, path: a, paths: [a, b], wait: 1h30m}}}",
        "steps: {one: {uses: probe, with: {count: '5', ratio: 5, flag: 'On', paths: a, wait: 90, limit: null}}}",
        "steps: {one: {uses: probe, with: {count: '${n}', flag: '${n}', wait: '${n}', mode: '${n}', pair: [1, 2]}}}",
        "steps: {one: {uses: probe, with: {text: 1.10, words: [no, 1], modes: {a: 0755}, run: [a]}}}",
        "steps: {one: {uses: probe, with: , needs: [], when: {branch: main, env: {CI: true}, not: {os: linux}}}}",
        "steps: {one: {uses: probe, needs: two, timeout: 5m, cache: false, tags: [a], matrix: {a: [1, b]}}}",
        "steps: {one: {uses: act, retries: 2, with: {needed: x}}, two: {uses: probe, with: {either: {branch: no}}}}",
        "steps: {one: {uses: probe, with: {command: a, commands: [a, {run: b, wait: 1m}]}}}",
        "steps: {one: {uses: './x.py:A', with: {anything: {at: all}}}}",
    ],
)
def test_what_fits(schema: dict[str, Any], project: Project, text: str) -> None:
    assert errors(schema, text) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{}", ""),
        ("{steps: {}}", "steps"),
        ("{nam: x, steps: {one: {uses: probe}}}", ""),
        ("{properties: {a: [b]}, steps: {one: {uses: probe}}}", "properties/a"),
        ("steps: {one: {}}", "steps/one"),
        ("steps: {'a b': {uses: probe}}", "steps"),
        ("steps: {one: {uses: probe, wit: {}}}", "steps/one"),
        ("steps: {one: {uses: probe, with: {cuont: 1}}}", "steps/one/with"),
        ("steps: {one: {uses: probe, with: {count: many}}}", "steps/one/with"),
        ("steps: {one: {uses: probe, with: {count: 100}}}", "steps/one/with"),
        ("steps: {one: {uses: probe, with: {mode: fats}}}", "steps/one/with"),
        ("steps: {one: {uses: probe, with: {coverage: {brunch: yes}}}}", "steps/one/with"),
        ("steps: {one: {uses: act}}", "steps/one"),
        ("steps: {one: {uses: act, with: {}}}", "steps/one/with"),
        ("steps: {one: {uses: probe, timeout: soon}}", "steps/one/timeout"),
        ("steps: {one: {uses: probe, when: {brunch: x}}}", "steps/one/when"),
        ("steps: {one: {uses: probe, matrix: {}}}", "steps/one/matrix"),
    ],
)
def test_what_does_not_fit(schema: dict[str, Any], project: Project, text: str, path: str) -> None:
    assert errors(schema, text) == [path]
    project.problems(text)
