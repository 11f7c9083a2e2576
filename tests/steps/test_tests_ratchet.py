"""Coverage of the changed lines, and coverage that must not fall."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.core.model import Status
from buildtools.core.results import CoveredFile, Metric, StepResult
from buildtools.steps.tests.measure import Coverage
from buildtools.steps.tests.ratchet import changed_lines, held
from tests.conftest import MakeProject
from tests.support.context import LoneContext

CODE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
TEST = "import app\n\n\ndef test_one():\n    assert app.one() == 1\n"
FILE = """steps:
  unit:
    uses: tests
    with:
      args: ["-q", "-p", "no:cacheprovider"]
      coverage: {source: [.], omit: ["test_*"], diff-fail-under: 80, diff-since: base}
"""


def test_changed_lines_in_a_real_project(project: MakeProject) -> None:
    made = project(
        {"pipeline.yaml": FILE, "app.py": CODE, "test_app.py": TEST, ".gitignore": "build\n.buildtools\n*.pyc\n"}
    )
    made.commit()
    made.git("branch", "base")
    made.replace("app.py", "return 2", "return 3")
    made.commit()
    ran = made.run()
    assert ran.code == 1, ran
    assert "coverage of the 1 changed line is 0 %, under 80 %: not executed: app.py:6" in ran.reason("unit")
    made.replace("test_app.py", "== 1\n", "== 1\n    assert app.two() == 3\n")
    assert made.run().code == 0
    made.replace("app.py", "return 3", "return 2")
    made.replace("test_app.py", "== 3", "== 2")
    made.commit()
    ran = made.run()
    assert ran.code == 0
    found = {one["name"]: one["value"] for one in ran.steps["unit"]["result"]["metrics"]}
    assert found["coverage of changed lines"] == 100


def test_only_measured_lines_count() -> None:
    files = (CoveredFile(path="a.py", executed=((1, 3), (7, 7)), missing=((4, 5),)), CoveredFile(path="b.py"))
    lines = changed_lines(files, {"a.py": ((2, 4), (6, 7)), "c.py": ((1, 9),)})
    assert (lines.covered, lines.missed, lines.missing) == (3, 1, ("a.py:4",))


@pytest.mark.parametrize(
    ("before", "allowed", "passes"),
    [(None, 0.0, True), (80.0, 0.0, True), (80.01, 0.0, False), (81.0, 1.0, True), (81.01, 1.0, False)],
)
def test_coverage_must_not_fall(tmp_path: Path, before: float | None, allowed: float, passes: bool) -> None:
    ctx = LoneContext(tmp_path)
    if before is not None:
        ctx.metrics["coverage"] = before
    result = StepResult(metrics=(Metric(name="coverage", value=80.0, unit="%"),))
    found = held(result, Coverage(may_fall=allowed), ctx)
    assert (found.status is Status.PASSED) is passes
    assert passes or "has fallen from" in found.reason
