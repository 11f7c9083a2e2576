"""Completion as bash asks for it: commands, plugins, steps, properties; never a word on a terminal in use."""

from __future__ import annotations

import pytest

from buildtools.pipeline.registry import BUILTIN
from tests.conftest import MakeProject
from tests.e2e.running import BUILDTOOLS, started
from tests.e2e.test_flags import MEMBERS, STEPS
from tests.support.project import Project


def complete(project: Project, line: str) -> list[str]:
    """Return what bash would offer for the last word of `buildtools LINE`."""
    words = ["buildtools", *line.split(" ")]
    env = {
        "_BUILDTOOLS_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    said = started(project, *BUILDTOOLS, env=env)
    assert said.stderr == "", said
    return [offer.partition(",")[2] for offer in said.stdout.splitlines() if offer.startswith("plain,")]


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("ru", ["run"]),
        ("val", ["validate"]),
        ("run c", ["c"]),
        ("run a m[x=3", ["m[x=3,y=r]"]),
        ("run m", ["m", *MEMBERS]),
        ("run --skip e", ["e"]),
        ("run --from b", ["b"]),
        ("run --tag ", ["quick", "slow"]),
        ("run -P ", ["word=", "code="]),
        ("run -P w", ["word="]),
        ("list --property c", ["code="]),
        ("run --output j", ["jsonl"]),
        ("run --color ", ["auto", "always", "never"]),
        ("run --keep", ["--keep-going"]),
        ("step sh", ["shell"]),
        ("step ti", ["tiny"]),
        ("step shell --ch", ["--check"]),
        ("step jslint --engine ", ["node", "rhino"]),
        ("graph --format m", ["mermaid"]),
        ("completion z", ["zsh"]),
        ("plugins ti", ["tiny"]),
        ("plugins p", ["pylint", "pack"]),
        ("run pipeline.yaml --skip e", ["e"]),
        ("run -C sub o", ["other"]),
        ("-C sub run o", ["other"]),
        ("run sub/pipeline.yaml o", ["other"]),
        ("run -f sub/pipeline.yaml o", ["other"]),
        ("run -f broken.yaml o", []),
        ("run -f no.yaml o", []),
        ("-C nowhere ru", ["run"]),
        ("step nothing --", []),
    ],
)
def test_what_is_offered(project: MakeProject, line: str, offers: list[str]) -> None:
    plugin = """\
        from buildtools.plugin import Step, StepResult
        class Tiny(Step, frozen=True):
            "A plugin of one's own."
            def run(self, ctx): return StepResult()
        """
    made = project({"pipeline.yaml": STEPS, "broken.yaml": "steps: [", "steps/tiny.py": plugin})
    made.write({"sub/pipeline.yaml": "steps: {other: {uses: shell, with: {run: x}}}"})
    assert complete(made, line) == offers


def test_all_commands_and_all_plugins_are_offered(project: MakeProject) -> None:
    made = project()
    commands = ["run", "step", "list", "validate", "graph", "releases", "activate", "rollback", "report"]
    commands += ["plugins", "schema", "why", "cache", "doctor", "completion"]
    assert complete(made, "") == commands
    assert complete(made, "step ") == [name for name, _, _ in BUILTIN]
    assert complete(made, "run x") == []


def test_the_script_of_each_shell(project: MakeProject) -> None:
    made = project()
    for shell in ("bash", "zsh", "fish"):
        said = made.call("completion", shell)
        assert said.code == 0
        assert "_BUILDTOOLS_COMPLETE" in said.stdout
    assert "\n  bash:" in made.call("completion", "--help").stdout
