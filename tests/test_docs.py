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
LINT = CHECKOUT / "docs/lint.md"
DEPLOY = CHECKOUT / "docs/deploy.md"
CI = CHECKOUT / "docs/ci.md"


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


def anchors(file: Path) -> set[str]:
    """Return what links to a file's headings are called."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def pipelines() -> list[str]:
    """Return every pipeline that is shown, lone steps made into one."""
    found = []
    for block in [
        *blocks(README, "yaml"),
        *blocks(PIPELINE, "yaml"),
        *blocks(LINT, "yaml"),
        *blocks(DEPLOY, "yaml"),
        *blocks(CI, "yaml"),
    ]:
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


def test_the_commands_about_linting_work(project: MakeProject) -> None:
    """In a pipeline of pylint alone: whether the other tools are installed is another question."""
    files = {"src/app/__init__.py": '"""Package."""\n', "src/app/a.py": '"""Module."""\n'}
    here = project({"pipeline.yaml": "steps: {lint: {uses: pylint, with: {paths: [src]}}}\n", **files})
    commands = [line.split()[1:] for block in blocks(LINT, "sh") for line in block.splitlines()]
    assert {words[0] for words in commands} == {"step", "plugins", "run", "why", "cache"}
    for words in commands:
        outcome = here.call(*words)
        assert outcome.code == 0, outcome
    assert here.run().code == 0
    here.write({"src/app/a.py": '"""Another."""\n'})
    assert "1 file from the cache, 1 linted" in here.run().text
    why = here.call("why", "lint")
    assert "src/app/a.py  changed" in why.stdout, why


@pytest.mark.parametrize(("heading", "plugin"), [("pylint", "pylint"), ("JSLint", "jslint")])
def test_the_options_about_linting_are_those_that_exist(heading: str, plugin: str) -> None:
    from buildtools.pipeline.registry import Registry

    section = LINT.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    rows = section[section.index("| option |") :].partition("\n\n")[0].splitlines()[2:]
    shown = {name for row in rows for name in re.findall(r"`([\w-]+)`", row.split(" | ")[0])}
    assert shown
    assert shown <= {field.name for field in Registry().find(plugin).fields}


@pytest.mark.parametrize("heading", ["pack", "upload"])
def test_the_options_about_deploying_are_those_that_exist(heading: str) -> None:
    from buildtools.pipeline.registry import Registry

    section = DEPLOY.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    rows = section[section.index("| option |") :].partition("\n\n")[0].splitlines()[2:]
    shown = [name for row in rows for name in re.findall(r"`([\w-]+)`", row.split(" | ")[0])]
    fields = {field.name for field in Registry().find(heading).fields}
    told = {"pack": {"target", "version", "revision", "archive-dir"}, "upload": {"archive", "pool"}}[heading]
    assert sorted([*shown, *told]) == sorted(fields)


def test_the_keys_of_hooks_and_health_checks_are_those_that_exist() -> None:
    from msgspec.structs import fields

    from buildtools.deploy.health import Check
    from buildtools.deploy.hooks import Hooks

    text = DEPLOY.read_text(encoding="utf-8")
    for head, kind in (("| hook |", Hooks), ("| key |", Check)):
        rows = text[text.index(head) :].partition("\n\n")[0].splitlines()[2:]
        shown = [name for row in rows for name in re.findall(r"`([\w-]+)`", row.split(" | ")[0])]
        assert sorted(shown) == sorted(field.encode_name for field in fields(kind)), head


def test_the_commands_after_a_deployment_work(project: MakeProject) -> None:
    options = "{archive: '${steps.pack.archive}', hosts: ['local:'], root: site}"
    pack = "{target: demo, revision: r, release-dir: src}"
    steps = f"steps: {{pack: {{uses: pack, with: {pack}}}, upload: {{uses: upload, with: {options}}}}}\n"
    here = project({"pipeline.yaml": f"properties: {{version: 1.0.0}}\n{steps}"})
    for version in ("1.0.0", "1.0.1"):
        assert here.write({"src/index.html": version}).run("-P", f"version={version}").code == 0
    (block,) = (text for text in blocks(DEPLOY, "sh") if "buildtools releases" in text)
    served = []
    for line in block.splitlines():
        outcome = here.call(*line.split()[1:])
        assert outcome.code == 0, outcome
        served.append((here.root / "site/demo/current/index.html").read_text())
    assert served == ["1.0.1", "1.0.1", "1.0.1", "1.0.0", "1.0.1", "1.0.1"]


def test_the_formats_of_reports_are_those_that_are_read() -> None:
    from buildtools.steps.imported.forms import FORMS

    part = CI.read_text(encoding="utf-8").partition("\n## Reports of other tools\n")[2]
    rows = part[part.index("| format |") :].partition("\n\n")[0].splitlines()[2:]
    shown = [name for row in rows for name in re.findall(r"`([\w-]+)`", row.split(" | ")[0])]
    assert sorted(shown) == sorted(FORMS)


def test_every_linter_is_described() -> None:
    from buildtools.linters import Linter
    from buildtools.pipeline.registry import BUILTIN, Registry

    names = [name for name, _, _ in BUILTIN if issubclass(Registry().find(name).cls, Linter)]
    part = LINT.read_text(encoding="utf-8").partition("\n## ESLint")[2]
    tables = part.split("\n\n")
    for head in ("| step | versions", "| step | result from the cache?"):
        (rows,) = (text.splitlines()[2:] for text in tables if text.startswith(head))
        assert [row.split(" | ")[0].strip("| `") for row in rows] == names


def test_the_jslintrc_shown_is_read(tmp_path: Path) -> None:
    from buildtools.steps.jslint.config import read_config

    (block,) = blocks(LINT, "json")
    (tmp_path / ".jslintrc").write_text(block)
    config = read_config(tmp_path / ".jslintrc", ".jslintrc")
    assert (config.options, config.globals) == ({"browser": True, "indent2": True}, ("jQuery",))


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


@pytest.mark.parametrize(
    "file", [README, CHECKOUT / "CONTRIBUTING.md", PLUGINS, PIPELINE, LINT, DEPLOY, CI], ids=lambda file: file.name
)
def test_links_lead_somewhere(file: Path) -> None:
    for target, place in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", file.read_text(encoding="utf-8")):
        assert (file.parent / target).exists(), f"{file.name}: {target}"
        assert not place or place in anchors(file.parent / target if target else file), f"{file.name}: {place}"


def test_the_test_command_of_ci_is_the_readmes() -> None:
    words = re.search(r"pip install (-e '[^']+')", README.read_text(encoding="utf-8"))
    assert words
    assert f'pip" install --quiet {words[1]}' in (CHECKOUT / ".ci/run").read_text(encoding="utf-8")
