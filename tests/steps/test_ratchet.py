"""Baselines and changed lines: only what is new closes the gate."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import MakeProject
from tests.support.project import Outcome, Project

FILE = """steps:
  lint:
    uses: pylint
    with: {paths: [app.py, more.py], disable: [C], baseline: known.json}
"""
OLD = "import os\nimport re\n\n\ndef f(x):\n    return undefined\n"


@pytest.fixture
def made(project: MakeProject) -> Project:
    return project(
        {"pipeline.yaml": FILE, "app.py": OLD, "more.py": "import json\n", ".gitignore": "build\n.buildtools\n"}
    )


def numbers(ran: Outcome) -> dict[str, float]:
    return {metric["name"]: metric["value"] for metric in ran.steps["lint"]["result"]["metrics"]}


def known(made: Project) -> list[tuple[str, str]]:
    entries = json.loads((made.root / "known.json").read_bytes())["findings"]
    return [(entry["path"], entry["rule"]) for entry in entries]


def test_a_baseline_from_its_first_day_to_its_last(made: Project) -> None:
    ran = made.run()
    assert ran.code == 5
    assert "Write it once by --update-baseline." in ran.text
    ran = made.run("--update-baseline")
    assert ran.code == 0, ran
    assert known(made) == [
        ("app.py", "E0602"),
        ("app.py", "W0611"),
        ("app.py", "W0611"),
        ("app.py", "W0613"),
        ("more.py", "W0611"),
    ]
    ran = made.run()
    assert ran.code == 0
    assert (numbers(ran)["new findings"], numbers(ran)["fixed findings"]) == (0, 0)
    assert all(case.find("failure") is None for case in ran.junit.iter("testcase"))

    # Other lines move nothing; a new finding closes the gate, and only it is shown as one.
    made.write({"app.py": "# A comment\n\n\n" + OLD + "\n\ndef g(y):\n    return 1\n"})
    ran = made.run()
    assert ran.code == 1
    assert "1 new finding" in ran.reason("lint")
    assert ran.stdout.count("W0613") == ran.stdout.count("'y'") > 0
    failing = [case.get("name") for case in ran.junit.iter("testcase") if case.find("failure") is not None]
    assert failing == ["W0613 unused-argument"]

    # Bringing it up to date takes out what was mended, and never adds anything.
    made.write({"app.py": OLD.replace("import re\n", "") + "\n\ndef g(y):\n    return 1\n"})
    ran = made.run()
    assert (numbers(ran)["new findings"], numbers(ran)["fixed findings"]) == (1, 1)
    assert "1 finding in it found no more" in ran.text
    assert made.run("--update-baseline").code == 1
    assert len(known(made)) == 4
    made.write({"app.py": OLD})
    ran = made.run()
    assert ran.code == 1
    assert "Unused import re" in ran.text


def test_a_renamed_file_keeps_its_baseline(made: Project) -> None:
    made.commit()
    assert made.run("--update-baseline").code == 0
    made.commit()
    made.git("mv", "app.py", "moved.py")
    made.replace("pipeline.yaml", "app.py", "moved.py")
    ran = made.run()
    assert ran.code == 0, ran
    made.run("--update-baseline")
    assert {path for path, _ in known(made)} == {"moved.py", "more.py"}
    made.commit()
    assert made.run().code == 0


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: text[:40], "is no baseline"),
        (lambda text: text.replace('"schema_version": 1', '"schema_version": 7'), "unknown"),
        (lambda text: text.replace('"rule"', '"role"', 1), "is no baseline"),
    ],
)
def test_a_bad_baseline_is_one_clear_error(made: Project, spoil: Callable[[str], str], message: str) -> None:
    made.run("--update-baseline")
    file = made.root / "known.json"
    file.write_text(spoil(file.read_text()))
    ran = made.run()
    assert ran.code == 5
    assert message in ran.reason("lint")
    assert "Traceback" not in ran.text


def test_findings_on_changed_lines_alone_close_the_gate(made: Project) -> None:
    made.replace("pipeline.yaml", "baseline: known.json", "new-since: base")
    made.commit()
    made.git("branch", "base")
    ran = made.run()
    assert ran.code == 1, "on the branch itself the last commit counts, here the first"
    made.replace("app.py", "import re\n", "import re\nimport sys\n")
    made.commit()
    ran = made.run()
    assert ran.code == 1
    assert numbers(ran)["new findings"] == 1
    assert "sys" in ran.text
    made.replace("app.py", "import sys\n", "")
    assert made.run().code == 0
    made.replace("pipeline.yaml", "new-since: base", "new-since: gone")
    ran = made.run()
    assert ran.code == 5
    assert "gone is no commit here" in ran.reason("lint")


def test_another_linters_bar_holds_for_what_is_new(project: MakeProject) -> None:
    made = project(
        {
            "pipeline.yaml": "steps:\n  ruff: {uses: ruff, with: {paths: [a.py], baseline: b.json, max-warnings: 1}}\n",
            "a.py": "import os\nimport re\n",
        }
    )
    assert made.run("--update-baseline").code == 0
    assert made.run().code == 0
    made.write({"a.py": "import os\nimport re\nimport sys\n"})
    first = made.run()
    made.write({"a.py": "import os\nimport re\nimport sys\nimport json\n"})
    # ruff's findings of unused imports are errors or warnings as its step ranks them; two new ones pass no bar of one.
    assert (first.code, made.run().code) in {(0, 1), (1, 1)}


BRANCH = """steps:
  lint:
    uses: {tool}
    with: {{paths: [src], new-since: base, {options}}}
"""
CALL = "f(\n    1,\n)\ng = 1\n"


def branch(project: MakeProject, tool: str, files: dict[str, str], options: str = "args: []") -> Project:
    made = project({"pipeline.yaml": BRANCH.format(tool=tool, options=options), ".gitignore": "build\n.buildtools\n"})
    made.write(files).commit()
    made.git("branch", "base")
    made.write({"README": "On a branch\n"}).commit()
    return made


@pytest.mark.parametrize(
    ("tool", "options"), [("pylint", "disable: [C, undefined-variable]"), ("ruff", "args: [--isolated]"), ("mypy", "")]
)
def test_a_file_that_cannot_be_parsed_any_more_closes_the_gate(project: MakeProject, tool: str, options: str) -> None:
    made = branch(project, tool, {"src/m.py": "def f(x: int) -> None:\n    print(x)\n\n\n" + CALL}, options)
    assert made.run().code == 0
    made.replace("src/m.py", "\n)\n", "\n")
    made.commit()
    ran = made.run()
    assert ran.code == 1, ran
    assert numbers(ran)["new findings"] > 0


@pytest.mark.parametrize("tool", ["pylint", "ruff"])
def test_a_file_that_could_not_be_parsed_before_is_known(project: MakeProject, tool: str) -> None:
    made = branch(project, tool, {"src/old.py": "def f(:\n", "src/m.py": '"""M."""\n'})
    made.write({"src/m.py": '"""Module."""\n'}).commit()
    ran = made.run()
    assert ran.code == 0, ran
    made.write({"src/old.py": "def f(:\n\n\n"}).commit()
    assert made.run().code == 1, "whoever works on the file is to mend it"


def test_mypy_checks_nothing_beside_a_file_that_it_cannot_parse(project: MakeProject) -> None:
    made = branch(project, "mypy", {"src/old.py": "def f(:\n", "src/m.py": "x: int = 1\n"})
    made.write({"src/m.py": 'x: int = "one"\n'}).commit()
    assert made.run().code == 1


COPIED = "".join(f"    y = y * {number}\n" for number in range(9))


def test_a_copied_function_is_new_wherever_pylint_puts_it(project: MakeProject) -> None:
    files = {f"src/pk/{name}.py": f"def {name}(y):\n{COPIED}    return y\n" for name in ("a", "b")}
    files |= {"src/pk/__init__.py": "", "src/pk/c.py": "X = 1\n", "src/pk/zz.py": "Z = 1\n"}
    made = branch(project, "pylint", files, "disable: [all], enable: [duplicate-code]")
    made.write({"src/pk/zz.py": "Z = 2\n", "src/pk/a.py": "A = 1\n\n\n" + files["src/pk/a.py"]}).commit()
    ran = made.run()
    assert "R0801" in {one["rule"] for one in ran.steps["lint"]["result"]["findings"]}
    assert ran.code == 0, "two copies that were there, and edits elsewhere, one of them in the file that is named"
    made.write({"src/pk/c.py": f"X = 1\n\n\ndef c(y):\n{COPIED}    return y\n"}).commit()
    ran = made.run()
    assert ran.code == 1, ran


def test_a_new_cycle_of_imports_is_new_wherever_pylint_puts_it(project: MakeProject) -> None:
    files = {
        "src/pk/__init__.py": "",
        "src/pk/a.py": "from . import b\n",
        "src/pk/b.py": "B = 1\n",
        "src/pk/zz.py": "Z = 0\n",
    }
    made = branch(project, "pylint", files, "disable: [all], enable: [cyclic-import]")
    made.write({"src/pk/b.py": "B = 1\nfrom . import a\n"}).commit()
    assert made.run().code == 1
    made.git("branch", "-f", "base")
    made.write({"src/pk/zz.py": "Z = 1\n"}).commit()
    assert made.run().code == 0


def test_a_file_that_grows_too_long(project: MakeProject) -> None:
    lines = "X = 1\n" * 999
    made = branch(
        project, "pylint", {"src/a.py": lines, "src/b.py": lines * 2}, "disable: [all], enable: [too-many-lines]"
    )
    assert made.run().code == 0
    made.write({"src/a.py": lines + "X = 2\n" * 9}).commit()
    ran = made.run()
    assert (ran.code, numbers(ran)["new findings"]) == (1, 1), ran


@pytest.mark.parametrize(
    "change", ["load-plugins=nosuchplugin", "nosuchoption=1", "[MESSAGES CONTROL]\ndisable=nosuchmessage"]
)
def test_what_pylint_says_of_its_configuration_is_not_lost(project: MakeProject, change: str) -> None:
    made = branch(project, "pylint", {"src/a.py": '"""A."""\n', "pylintrc": "[MAIN]\njobs=1\n"}, "rcfile: pylintrc")
    assert made.run().code == 0
    made.write({"pylintrc": f"[MAIN]\njobs=1\n{change}\n"}).commit()
    assert made.run().code == 1


def test_no_baseline_takes_a_file_that_could_not_be_checked(made: Project) -> None:
    made.write({"more.py": "import json\n\n\ndef f(:\n"})
    ran = made.run("--update-baseline")
    assert ran.code == 1, ran
    assert "more.py:4:8 E0001: cannot be known findings" in ran.text
    assert ("more.py", "E0001") not in known(made)
    assert len(known(made)) == 4
    assert made.run().code == 1
    made.write({"more.py": ""})
    assert made.run().code == 0


def test_a_baseline_of_old_that_holds_such_findings(made: Project) -> None:
    assert made.run("--update-baseline").code == 0
    made.write({"more.py": "import json\n\n\ndef f(:\n"})
    found = next(one for one in made.run().steps["lint"]["result"]["findings"] if one["rule"] == "E0001")
    file = made.root / "known.json"
    old = json.loads(file.read_bytes())
    old["findings"].append({name: found[name] for name in ("path", "rule", "message", "fingerprint")})
    file.write_text(json.dumps(old))
    ran = made.run()
    assert (ran.code, numbers(ran)["new findings"], numbers(ran)["fixed findings"]) == (1, 1, 0), ran
    assert "cannot be known findings" in ran.text
    # What else is known of that file stays: nobody can see now whether it was mended.
    assert made.run("--update-baseline").code == 1
    assert known(made) == [
        ("app.py", "E0602"),
        ("app.py", "W0611"),
        ("app.py", "W0611"),
        ("app.py", "W0613"),
        ("more.py", "W0611"),
    ]
    made.write({"more.py": "import json\n"})
    assert made.run().code == 0
