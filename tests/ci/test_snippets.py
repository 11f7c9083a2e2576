"""The snippets of docs/ci.md: valid where there is a schema, and their commands run and write what they refer to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import MakeProject
from tests.support.project import CHECKOUT
from tests.test_docs import blocks

GUIDE = CHECKOUT / "docs/ci.md"
SNIPPETS = [
    ("vendor.github-workflows", next(text for text in blocks(GUIDE, "yaml") if "runs-on" in text)),
    ("vendor.gitlab-ci", next(text for text in blocks(GUIDE, "yaml") if "script:" in text)),
]
PROJECT = {
    "pipeline.yaml": "steps:\n  lint: {uses: pylint, with: {paths: [app.py], disable: [C]}}\n"
    '  unit: {uses: tests, with: {args: ["-q", "-p", "no:cacheprovider"], coverage: {source: [.]}}}\n'
    "  pack: {uses: pack, with: {version: '1', revision: r, target: demo, include: [app.py]}}\n",
    "app.py": "def one():\n    return 1\n",
    "test_app.py": "import app\n\n\ndef test_one():\n    assert app.one() == 1\n",
}


@pytest.mark.parametrize(("schema", "text"), SNIPPETS, ids=["github", "gitlab"])
def test_snippets_hold_to_their_schemas(schema: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "snippet.yml"
    file.write_text(text)
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def commands() -> list[str]:
    """Return every command line of ours in the guide's snippets."""
    text = "\n".join(block for language in ("yaml", "groovy", "kotlin") for block in blocks(GUIDE, language))
    return sorted(set(re.findall(r"(?:^|[ '/])buildtools (run[^'\n]*)", text)))


def test_what_the_snippets_run_writes_what_they_read(project: MakeProject) -> None:
    made = project(PROJECT)
    found = commands()
    assert len(found) >= 3
    for line in found:
        ran = made.run(*line.split()[1:], env={"GITLAB_CI": "true"})
        assert ran.code == 0, ran
    reports = {f"build/reports/{file.name}" for file in (made.root / "build/reports").iterdir()}
    named = set(re.findall(r"build/reports/[\w.-]+\w", "\n".join(text for _, text in SNIPPETS) + GUIDE.read_text()))
    assert named <= reports, named - reports
    pattern: dict[str, Any] = yaml.safe_load(SNIPPETS[1][1])
    match = re.search(pattern["gate"]["coverage"].strip("/"), ran.stdout)
    assert match
    assert float(match[1]) == 100


def test_outputs_that_the_snippet_uses_are_there(project: MakeProject, tmp_path: Path) -> None:
    made = project(PROJECT)
    outputs = tmp_path / "outputs"
    assert made.run(env={"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(outputs)}).code == 0
    named = set(re.findall(r"steps\.gate\.outputs\.([\w-]+)", GUIDE.read_text()))
    assert named
    assert named <= {line.partition("<<")[0] for line in outputs.read_text().splitlines()}
