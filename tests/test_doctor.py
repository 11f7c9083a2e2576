from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.core.errors import StepError
from buildtools.doctor import examine

PLUGIN = """
from buildtools.plugin import Step, StepResult, Tool

class Good(Step, frozen=True):
    def tools(self, root, env):
        yield Tool(name="saw", version="1.2")
        yield Tool(name="plane", remedy="buy one")

class Raises(Step, frozen=True):
    def tools(self, root, env):
        yield Tool(name="saw", version="1.2")
        raise RuntimeError("rust")

class Nothing(Step, frozen=True):
    def tools(self, root, env):
        return None

class Words(Step, frozen=True):
    def tools(self, root, env):
        return ["saw"]

for cls in (Good, Raises, Nothing, Words):
    cls.run = lambda self, ctx: StepResult()
"""


def pipeline(folder: Path, *names: str) -> Path:
    (folder / "p.py").write_text(PLUGIN)
    file = folder / "pipeline.yaml"
    file.write_text("steps:\n" + "".join(f"  s{at}: {{uses: './p.py:{name}'}}\n" for at, name in enumerate(names)))
    return file


def test_tools_stand_once_with_all_who_need_them(tmp_path: Path) -> None:
    report = examine(pipeline(tmp_path, "Good", "Good"), {})
    assert [(line.tool.name, line.users) for line in report.lines if line.users != "buildtools"] == [
        ("saw", "s0, s1"),
        ("plane", "s0, s1"),
    ]
    assert report.broken


@pytest.mark.parametrize(
    ("name", "said"), [("Raises", "RuntimeError: rust"), ("Nothing", "TypeError"), ("Words", "yields a str")]
)
def test_a_plugin_that_cannot_say_what_it_needs_is_named(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(StepError, match=f"s1: the plugin {name} cannot say which tools it needs.*{said}"):
        examine(pipeline(tmp_path, "Good", name), {})


def test_a_step_is_asked_where_it_works(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(
        """
from buildtools.plugin import Step, StepResult, Tool

class Where(Step, frozen=True):
    def tools(self, root, env):
        yield Tool(name="place", version=f"{root.name} {env.get('MINE')} {env.get('OURS')}")

    def run(self, ctx):
        return StepResult()
"""
    )
    (tmp_path / "pipeline.yaml").write_text(
        "env: {OURS: o}\nsteps: {a: {uses: './p.py:Where', cwd: sub, env: {MINE: m}}}"
    )
    (found,) = (line.tool for line in examine(tmp_path / "pipeline.yaml", {}).lines if line.users == "a")
    assert found.version == "sub m o"
