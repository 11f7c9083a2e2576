"""What README and docs show must be true: their pipelines are valid, their plugin runs, their tables are complete."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from tests.conftest import MakeProject
from tests.support.project import CHECKOUT

README = CHECKOUT / "README.md"
PIPELINE = CHECKOUT / "docs/pipeline.md"
PLUGINS = CHECKOUT / "docs/plugins.md"


def blocks(file: Path, language: str) -> list[str]:
    """Return the code blocks of one language."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    return found


def table(file: Path, heading: str) -> list[str]:
    """Return the first cells of the table below a heading, without backticks."""
    part = file.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    return [row.split(" | ")[0].strip("| `") for row in rows[2:] if not row.startswith("| ---")]


def pipelines() -> list[str]:
    """Return every pipeline that is shown, lone steps made into one."""
    found = []
    for block in [*blocks(README, "yaml"), *blocks(PIPELINE, "yaml")]:
        keys = yaml.safe_load(block)
        if "steps" in keys:
            found.append(block)
        elif all("uses" in step for step in keys.values() if isinstance(step, dict)) and "jobs" not in keys:
            found.append("steps:\n" + textwrap.indent(block, "  "))
    return [text for text in found if "script:" not in text]


@pytest.mark.parametrize("text", pipelines(), ids=lambda text: text[:30])
def test_every_pipeline_shown_is_valid(project: MakeProject, text: str) -> None:
    outcome = project({"pipeline.yaml": text}).call("validate")
    assert outcome.code == 0, outcome


def test_the_plugin_shown_works(project: MakeProject) -> None:
    here = project(
        {
            "steps/large.py": blocks(PLUGINS, "python")[0],
            "pipeline.yaml": blocks(PLUGINS, "yaml")[0],
            "static/small.txt": "small",
        }
    )
    assert here.run().code == 0
    here.write({"static/large.bin": b"x" * 200_001})
    outcome = here.run()
    assert outcome.code == 1, outcome
    assert "static/large.bin" in outcome.text
    assert "200001 bytes, the limit is 200000" in outcome.text
    by_file = here.call("step", "./steps/large.py:NoLargeFiles", "--limit", "5000")
    assert by_file.code == 1, by_file


def test_the_commands_are_those_that_exist() -> None:
    from buildtools.cli.main import COMMANDS

    shown = [cell.split()[1] for cell in table(README, "Commands")]
    assert shown == [name for name, _, _ in COMMANDS]


def test_the_steps_are_those_that_exist() -> None:
    from buildtools.pipeline.registry import BUILTIN

    assert sorted(table(README, "Steps")) == sorted(name for name, _, _ in BUILTIN)


@pytest.mark.parametrize("file", [README, PIPELINE], ids=lambda file: file.name)
def test_the_exit_codes_are_those_that_exist(file: Path) -> None:
    from buildtools.core.errors import ExitCode

    shown = [int(code) for cell in table(file, "Exit codes") for code in cell.split(",")]
    assert shown == [int(code) for code in ExitCode]


def test_every_dependency_has_its_reason() -> None:
    import tomllib

    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8").lower()
    for requirement in project["dependencies"]:
        name = re.split(r"[\[><=;]", requirement)[0].lower()
        assert f"| {name} |" in text, f"CONTRIBUTING.md has no row for {name}"


@pytest.mark.parametrize("file", [README, CHECKOUT / "CONTRIBUTING.md", PLUGINS, PIPELINE], ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read_text(encoding="utf-8")):
        assert (file.parent / target).exists(), f"{file.name}: {target}"


def test_the_test_command_of_ci_is_the_readmes() -> None:
    words = re.search(r"pip install (-e '[^']+')", README.read_text(encoding="utf-8"))
    assert words
    assert f'pip" install --quiet {words[1]}' in (CHECKOUT / ".ci/run").read_text(encoding="utf-8")
