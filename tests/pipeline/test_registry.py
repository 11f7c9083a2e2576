from __future__ import annotations

import sys
from pathlib import Path

import pytest

from buildtools.pipeline.registry import BUILTIN, PluginError, Registry
from tests.pipeline.project import Project

HEAD = "from buildtools.plugin import Step, StepResult\n"
RUN = "    def run(self, ctx):\n        return StepResult()\n"


def error(project: Project, uses: str) -> PluginError:
    with pytest.raises(PluginError) as caught:
        Registry(project.root).find(uses)
    return caught.value


@pytest.mark.parametrize("name", [name for name, _, _ in BUILTIN])
def test_the_built_in_plugins(name: str) -> None:
    plugin = Registry().find(name)
    assert plugin.cls.__doc__
    assert plugin.fields


def test_a_file_by_name(project: Project) -> None:
    project.write("my/plug-in.py", HEAD + "class Own(Step):\n    a: str = ''\n" + RUN)
    registry = Registry(project.root)
    plugin = registry.find("./my/plug-in.py:Own")
    assert plugin.cls.__name__ == "Own"
    assert registry.find("./my/plug-in.py:Own") is plugin
    assert registry.find(f"{project.root}/my/plug-in.py:Own").cls.__name__ == "Own"
    assert not (project.root / "my/__pycache__").exists()


def test_the_steps_folder(project: Project) -> None:
    project.write(
        "steps/two.py",
        HEAD
        + "from typing import ClassVar\nclass MyJSLint(Step):\n"
        + RUN
        + "class Other(Step):\n    name: ClassVar[str] = 'called'\n"
        + RUN
        + "class _Base(Step):\n"
        + RUN
        + "class NoRun(Step):\n    pass\n",
    )
    registry = Registry(project.root)
    assert registry.find("my-js-lint").cls.__name__ == "MyJSLint"
    assert registry.find("called").cls.__name__ == "Other"
    names = [info.name for info in registry.listing()]
    assert names[: len(BUILTIN)] == [name for name, _, _ in BUILTIN]
    assert sorted(names[-4:]) == ["act", "called", "my-js-lint", "probe"]
    assert next(info for info in registry.listing() if info.name == "probe").summary == "Hold one option of every type."


def test_an_installed_package(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    for number, name in enumerate(["greet", "twice", "twice"]):
        package = f"plug{number}"
        project.write(f"site/{package}.py", HEAD + "class Own(Step):\n    '''Greet.'''\n" + RUN)
        info = f"site/{package}-1.0.dist-info"
        project.write(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        project.write(f"{info}/entry_points.txt", f"[buildtools.steps]\n{name} = {package}:Own\n")
    monkeypatch.syspath_prepend(str(site))
    registry = Registry(project.root)
    assert registry.find("greet").cls.__module__ == "plug0"
    assert error(project, "twice").message == "two packages have a plugin 'twice': plug1 and plug2"
    listed = {info.name: info for info in registry.listing()}
    assert (listed["greet"].summary, listed["greet"].origin) == ("Greet.", "plug0")
    assert "two packages" in listed["twice"].problem
    for number in range(3):
        sys.modules.pop(f"plug{number}", None)


@pytest.mark.parametrize(
    ("content", "uses", "message", "remedy"),
    [
        ("x = 1\nraise ValueError('no')\n", "./p.py:A", "cannot be imported: ValueError: no (", ""),
        ("def f(:\n", "./p.py:A", "cannot be imported: SyntaxError", ""),
        ("import nothing_here\n", "./p.py:A", "ModuleNotFoundError: No module named 'nothing_here'", ""),
        ("raise SystemExit(3)\n", "./p.py:A", "cannot be imported: SystemExit: 3", ""),
        ("\0", "./p.py:A", "cannot be imported", ""),
        (HEAD + "class Ab(Step):\n" + RUN, "./p.py:Ba", "p.py has no class Ba", "Ab"),
        ("A = 1\n", "./p.py:A", "is a int, not a Step class", "buildtools.plugin.Step"),
        ("class A: pass\n", "./p.py:A", "is the class A, not a Step class", ""),
        (HEAD + "class A(Step):\n    pass\n", "./p.py:A", "has no run method", ""),
        (HEAD + "class A(Step):\n    a: object = None\n" + RUN, "./p.py:A", "its option a has", ""),
        (HEAD + "class A(Step):\n    a: complex = 1j\n" + RUN, "./p.py:A", "its option a has", ""),
        (
            HEAD + "class A(Step):\n    a: list['Nowhere'] = []\n" + RUN,
            "./p.py:A",
            "name 'Nowhere'",
            "",
        ),
        (HEAD + "class A(Step):\n    a: dict[int, str] = {}\n" + RUN, "./p.py:A", "keys are not str", ""),
        (HEAD + "class A(Step):\n    a: bytes = b''\n" + RUN, "./p.py:A", "cannot be written in a file", ""),
        ("", "./none.py:A", "none.py: No such file", ""),
        ("", "./p.py:", "names no class", "./path/file.py:Class"),
        ("", "no_such_pkg.mod:A", "there is no module no_such_pkg", "Install"),
        ("", "json:Decoder", "json has no class Decoder", ""),
        ("", "json:JSONDecoder", "is the class JSONDecoder, not a Step", ""),
        ("", "pylnt", "no plugin is called 'pylnt'", "did you mean 'pylint'?"),
        ("", "", "no plugin is called ''", ""),
    ],
)
def test_plugins_that_cannot_be_used(project: Project, content: str, uses: str, message: str, remedy: str) -> None:
    project.write("p.py", content)
    found = error(project, uses)
    assert message in found.message
    assert remedy in found.remedy
    problem = project.problem(f"steps:\n  a: {{uses: '{uses}'}}\n")
    if uses:
        assert (problem.line, problem.column) == (2, 13)
        assert problem.message == found.message


def test_the_place_where_a_plugin_raised_is_told(project: Project) -> None:
    path = project.write("p.py", "def f():\n    raise KeyError('k')\n\nf()\n")
    assert f"({path}:2)" in error(project, "./p.py:A").message


def test_a_broken_file_in_the_steps_folder(project: Project) -> None:
    project.write("steps/broken.py", "1/0\n")
    assert Registry(project.root).find("probe")
    found = error(project, "brken").message
    assert "no plugin is called 'brken', and the plugin file" in found
    assert "ZeroDivisionError" in found
    assert "ZeroDivisionError" in Registry(project.root).listing()[-1].problem


def test_names_that_are_taken(project: Project) -> None:
    project.write("steps/more.py", HEAD + "class Probe(Step):\n" + RUN + "class Shell(Step):\n" + RUN)
    assert "two plugins are called 'probe'" in error(project, "probe").message
    assert Registry(project.root).find("shell").cls.__module__.startswith("buildtools.steps")
    assert "'shell' like a built-in one" in Registry(project.root).listing()[-1].problem
