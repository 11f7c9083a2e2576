"""Plugins by all four ways, and plugins that are wrong in every way: named, placed, never a traceback of our own."""

from __future__ import annotations

import pytest

from tests.conftest import MakeProject
from tests.e2e.running import clear, refused
from tests.support.project import Project

PLUGIN = """\
    from buildtools.plugin import Step, StepResult
    class Tiny(Step, frozen=True):
        "Say a word."
        word: str = "hello"
        provides = ("word",)
        def run(self, ctx):
            ctx.output(f"tiny says {self.word}\\n")
            return StepResult(outputs={"word": self.word})
    """


def using(uses: str, options: str = "") -> str:
    return f"steps:\n  s: {{uses: '{uses}'{f', with: {{{options}}}' if options else ''}}}\n"


def installed(project: Project, points: str, **modules: str) -> Project:
    """Install a third-party package with these entry points, as an installer leaves it on the path."""
    site = project.root.parent / "site"
    info = site / "tiny_package-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[buildtools.steps]\n{points}")
    project.write({f"../site/{name}.py": text for name, text in modules.items()})
    before = project.env.get("PYTHONPATH")
    project.env["PYTHONPATH"] = f"{site}:{before}" if before else str(site)
    return project


def test_a_package_by_its_entry_point(project: MakeProject) -> None:
    made = installed(project({"pipeline.yaml": using("tiny", "word: yo")}), "tiny = tinymod:Tiny\n", tinymod=PLUGIN)
    clear(made.run(), 0, "tiny says yo")
    clear(made.call("step", "tiny", "--word", "again"), 0, "tiny says again")
    clear(made.call("plugins"), 0, "tiny-package", "Say a word.")
    clear(made.call("plugins", "tiny"), 0, "word", "hello", "${steps.ID.word}")
    clear(made.call("schema"), 0, '"tiny"')
    clear(made.call("validate"), 0)
    refused_by = made.write({"bad.yaml": using("tiny", "wrd: yo")}).call("validate", "bad.yaml")
    clear(refused_by, 3, "bad.yaml:2:28: tiny has no option 'wrd'", "did you mean 'word'?")


@pytest.mark.parametrize(
    ("uses", "file"),
    [
        ("./tools/my tiny.py:Tiny", "tools/my tiny.py"),
        ("tiny", "steps/anything.py"),
        ("tinymod:Tiny", "../site/tinymod.py"),
    ],
    ids=["file", "steps folder", "module"],
)
def test_a_class_of_ones_own(project: MakeProject, uses: str, file: str) -> None:
    made = installed(project({"pipeline.yaml": using(uses), file: PLUGIN}), "")
    clear(made.run(), 0, "tiny says hello")
    assert not list(made.root.rglob("__pycache__"))


def test_a_plugin_file_is_sought_beside_the_pipeline_file(project: MakeProject) -> None:
    made = project({"pipelines/p.yaml": using("./p.py:Tiny"), "pipelines/p.py": PLUGIN})
    clear(made.run("pipelines/p.yaml"), 0, "tiny says hello")
    clear(made.write({"sub/x": ""}).call("-C", "sub", "run"), 0, "tiny says hello")


def step(line: str = "pass", *, run: bool = True) -> str:
    head = "from __future__ import annotations\nfrom typing import Callable\nfrom buildtools.plugin import *\n"
    method = "    def run(self, ctx): return StepResult()\n" if run else ""
    return f"{head}class X(Step, frozen=True):\n    {line}\n{method}"


BROKEN: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "no such file": ("./no.py:X", "", ("the plugin file no.py: No such file",)),
    "no such module": ("no_such_module_at_all:X", "", ("there is no module no_such_module_at_all",)),
    "no such class": ("./p.py:Tny", PLUGIN, ("p.py has no class Tny", "did you mean 'Tiny'?")),
    "no class named": ("./p.py:", PLUGIN, ("names no class", "./path/file.py:Class")),
    "a folder": ("./steps.d/:X", "", ("the plugin file",)),
    "syntax": ("./p.py:X", "def (:", ("the plugin file p.py cannot be imported: SyntaxError", "p.py:1")),
    "import fails": ("./p.py:X", "import no_such_thing", ("ModuleNotFoundError: No module named", "p.py:1")),
    "import raises": ("./p.py:X", "\nraise RuntimeError('sick')", ("RuntimeError: sick", "p.py:2")),
    "import exits": ("./p.py:X", "import sys; sys.exit(0)", ("SystemExit: 0", "p.py:1")),
    "not a class": ("./p.py:X", "X = 3", ("is a int, not a Step class",)),
    "not a step": ("./p.py:X", "class X: pass", ("the class X, not a Step class", "buildtools.plugin.Step")),
    "no run": ("./p.py:X", step(run=False), ("has no run method",)),
    "an option of a type that no text can fill": (
        "./p.py:X",
        step("go: Callable[[], int] = int"),
        ("the plugin './p.py:X' cannot be used", "go"),
    ),
    "an option of an unknown type": (
        "./p.py:X",
        step("go: Nowhere = 1"),
        ("the plugin './p.py:X' cannot be used", "'Nowhere' is not defined"),
    ),
    "checking its options raises": (
        "./p.py:X",
        step("def check_options(self): raise KeyError('oh')"),
        ("the plugin ./p.py:X failed to check its options: KeyError",),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_plugin_that_cannot_be_used_is_an_error_at_its_place(project: MakeProject, name: str) -> None:
    uses, code, words = BROKEN[name]
    made = project({"pipeline.yaml": using(uses), "p.py": code, "steps.d/x": ""})
    place = "pipeline.yaml:2:3: " if "options raises" in name else "pipeline.yaml:2:13: "
    refused(made.run(), 3, place, *words)


def test_a_broken_package_harms_only_who_uses_it(project: MakeProject) -> None:
    made = installed(
        project({"pipeline.yaml": using("tiny")}),
        "tiny = tinymod:Tiny\nsick = sickmod:S\ngone = no_such_module_at_all:G\nfun = os:getcwd\n",
        tinymod=PLUGIN,
        sickmod="raise RuntimeError('sick')",
    )
    clear(made.run(), 0, "tiny says hello")
    clear(made.call("plugins"), 0, "sick", "RuntimeError: sick", "there is no module no_such_module_at_all")
    clear(made.call("schema"), 0)
    for name, words in (("sick", "RuntimeError: sick"), ("gone", "no module"), ("fun", "not a Step class")):
        clear(made.write({"x.yaml": using(name)}).run("x.yaml"), 3, "x.yaml:2:13: the plugin", words)


def test_a_broken_file_in_the_steps_folder_harms_only_who_needs_it(project: MakeProject) -> None:
    made = project({"pipeline.yaml": using("tiny"), "steps/a.py": "1/0", "steps/b.py": PLUGIN})
    clear(made.run(), 0, "tiny says hello")
    clear(made.call("plugins"), 0, "steps/a.py cannot be imported: ZeroDivisionError")
    refused_by = made.write({"x.yaml": using("tinny")}).run("x.yaml")
    clear(refused_by, 3, "no plugin is called 'tinny'", "steps/a.py cannot be imported")


def test_two_plugins_of_one_name(project: MakeProject) -> None:
    made = project({"pipeline.yaml": using("tiny"), "steps/a.py": PLUGIN, "steps/b.py": PLUGIN})
    refused(made.run(), 3, "two plugins are called 'tiny'", "steps/a.py", "steps/b.py")


RAISING = """\
    import sys
    from buildtools.plugin import *
    class Sick(Step, frozen=True):
        "Do what no plugin should."
        how: str
        def run(self, ctx):
            ctx.output("before\\n")
            def deep(): return deep()
            match self.how:
                case "raise": raise ValueError("two\\nlines \\x1b[31m")
                case "exit": sys.exit(0)
                case "interrupt": raise KeyboardInterrupt
                case "deep": deep()
                case "memory": raise MemoryError
                case "none": return None
                case "class": return StepResult
                case "status": return StepResult(status="brilliant")
                case "outputs": return StepResult(outputs={"a": 3})
                case "findings": return StepResult(findings=[3])
                case "surrogate": return StepResult(status=Status.FAILED, reason="caf\\udce9")
                case "error": raise StepError("the sky fell", remedy="Put it up again.")
                case "tool": raise ToolMissing("hammer", remedy="Buy one.")
            return StepResult()
    """


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("raise", "plugin ./p.py:Sick raised ValueError: two"),
        ("exit", "raised SystemExit: 0"),
        ("interrupt", "raised KeyboardInterrupt"),
        ("deep", "raised RecursionError"),
        ("memory", "raised MemoryError"),
        ("none", "returned NoneType instead of a StepResult"),
        ("class", "instead of a StepResult"),
        ("status", "a result that is malformed: Invalid enum value 'brilliant'"),
        ("outputs", "a result that is malformed"),
        ("findings", "a result that is malformed"),
        ("error", "the sky fell\n  Put it up again."),
        ("tool", "hammer: not found\n  Buy one."),
    ],
)
def test_a_plugin_that_fails_at_work_fails_its_step_alone(project: MakeProject, how: str, words: str) -> None:
    text = f"""\
        steps:
          first: {{uses: shell, with: {{run: 'true'}}}}
          s: {{uses: './p.py:Sick', with: {{how: {how}}}}}
          other: {{uses: shell, needs: [first], with: {{run: 'true'}}}}
        """
    said = project({"pipeline.yaml": text, "p.py": RAISING}).run("-k")
    assert said.code == 5, said
    assert words in said.stdout
    assert "before\n" in said.stdout
    assert "\x1b" not in said.stdout
    assert said.stderr == ""
    assert said.stdout.count("buildtools/engine") == 0, "a traceback shows the plugin's frames, not ours"
    assert [said.status(step) for step in ("first", "s", "other")] == ["passed", "error", "passed"]
    if how in ("raise", "exit", "interrupt", "deep", "memory"):
        assert f"{said.project.root}/p.py:" in said.reason("s"), "where it raised"
    assert said.junit.get("errors") == "1"


def test_text_that_utf8_cannot_hold(project: MakeProject) -> None:
    said = project({"pipeline.yaml": using("./p.py:Sick", "how: surrogate"), "p.py": RAISING}).run()
    clear(said, 1, "caf\ufffd")
    assert said.reason("s") == "caf\ufffd"
