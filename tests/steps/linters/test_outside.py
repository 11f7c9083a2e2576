"""A linter plugin that somebody else wrote: the one that docs/plugins.md shows."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tests.conftest import MakeProject
from tests.support.project import CHECKOUT, Project

COMMENT = {"file": "bin/a.sh", "line": 2, "endLine": 2, "column": 6, "endColumn": 8, "level": "warning", "code": 2086}
REPORT = json.dumps({"comments": [{**COMMENT, "message": "Quote this.", "fix": None}]})


@pytest.fixture
def shown(project: MakeProject) -> Project:
    text = (CHECKOUT / "docs/plugins.md").read_text(encoding="utf-8").partition("\n## A linter in thirty lines\n")[2]
    code = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[0]
    made = project(
        {
            "steps/shellcheck.py": code,
            "pipeline.yaml": "steps: {scripts: {uses: shellcheck, with: {paths: [bin], exclude: ['**/old.sh']}}}",
            "bin/a.sh": "#!/bin/sh\necho $1\n",
            "bin/b.bash": "#!/bin/bash\necho\n",
            "bin/old.sh": "#!/bin/sh\necho $1\n",
            "bin/README": "",
        }
    )
    made.env["PATH"] = f"{made.root}/stubs:{made.env['PATH']}"
    return made


def stub(made: Project, report: str, status: int) -> None:
    script = f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {made.root}/called\ncat <<'END'\n{report}\nEND\nexit {status}\n"
    (made.write({"stubs/shellcheck": script}).root / "stubs/shellcheck").chmod(0o755)


def test_the_plugin_shown_works(shown: Project) -> None:
    stub(shown, REPORT, 0)
    outcome = shown.run()
    assert outcome.code == 1, outcome
    assert outcome.reason("scripts") == "1 warning in 1 file"
    assert "bin/a.sh:2:6: SC2086 Quote this." in outcome.text
    called = (shown.root / "called").read_text().splitlines()
    assert called == ["--format=json1", f"{shown.root}/bin/a.sh", f"{shown.root}/bin/b.bash"]
    assert shown.call("step", "shellcheck", "bin/b.bash", "--max-warnings", "1").code == 0
    assert (shown.root / "called").read_text().splitlines()[1:] == [f"{shown.root}/bin/b.bash"]


def test_what_the_layer_does_for_it(shown: Project) -> None:
    stub(shown, REPORT[:40], 1)
    outcome = shown.run()
    assert (outcome.code, outcome.status("scripts")) == (5, "error"), outcome
    assert outcome.reason("scripts").startswith("shellcheck left no report that can be read (exit status 1): ")
    assert shown.call("step", "shellcheck", "steps").code == 4
    refused = shown.call("step", "shellcheck", "--args=--format=tty", "--include=/abs")
    assert refused.code == 3, refused
    assert "the step reads the tool's report" in refused.text
    (shown.root / "stubs/shellcheck").unlink()
    shown.env["PATH"] = "/nowhere"
    outcome = shown.run()
    assert outcome.code == 5, outcome
    assert "Install ShellCheck (Debian: shellcheck)." in outcome.text
    assert "Install ShellCheck" in shown.call("doctor").text


def test_the_plugin_shown_reads_the_real_tool(shown: Project) -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck is needed")
    outcome = shown.call("step", "shellcheck", "bin", "--fail-on", "info")
    assert outcome.code == 1, outcome
    assert "bin/a.sh:2:6: SC2086" in outcome.text
    assert shown.run().code == 0
