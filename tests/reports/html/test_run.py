"""The page that a real run writes."""

from __future__ import annotations

import base64

from tests.conftest import MakeProject

PLUGIN = """
from buildtools.plugin import Finding, Status, Step, StepResult


class Find(Step):
    '''Find a secret in the source.'''

    def run(self, ctx):
        finding = Finding(tool="find", rule="F1", message="A secret: " + ctx.env["TOKEN"], path="src/app.py", line=2)
        return StepResult(status=Status.FAILED, reason="1 finding", findings=(finding,))
"""
PIPELINE = """
steps:
  say:
    uses: shell
    env: {TOKEN: "${secret.TOKEN}"}
    with: {run: "t=$TOKEN; printf %s $t | head -c 8; sleep 0.2; printf %s $t | tail -c +9; printf %s $t | base64"}
  find: {uses: "./find.py:Find", env: {TOKEN: "${secret.TOKEN}"}}
"""
SECRET = "kangaroo-platypus"


def test_secrets_stand_nowhere_in_it(project: MakeProject) -> None:
    made = project({"pipeline.yaml": PIPELINE, "find.py": PLUGIN, "src/app.py": f"import os\nTOKEN = '{SECRET}'\n"})
    outcome = made.run(env={"TOKEN": SECRET})
    assert outcome.code == 1, outcome
    page = outcome.report("report.html").decode()
    assert "A secret: ***" in page
    assert "2 | TOKEN = '***'" in page
    assert '<pre class="log" tabindex="0" role="region" aria-label="Output of say">******\n</pre>' in page
    assert "buildtools run find" in page
    for form in (SECRET, SECRET[:8], base64.b64encode(SECRET.encode()).decode()):
        assert form not in page


def test_it_is_written_wherever_it_is_asked_for(project: MakeProject) -> None:
    made = project(
        {"pipeline.yaml": "steps: {a: {uses: shell, with: {run: 'head -c 200000 /dev/zero | tr \"\\\\0\" x | fold'}}}"}
    )
    assert made.run("--report", "html=out/deep/page.html").code == 0
    page = (made.root / "out/deep/page.html").read_text()
    assert "Passed: " in page
    assert page == (made.root / "build/reports/report.html").read_text()
    assert 'href="../../.buildtools/runs/' in page
