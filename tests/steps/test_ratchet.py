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
