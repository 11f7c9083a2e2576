"""Baselines and changed lines, of JSLint's findings."""

from __future__ import annotations

import pytest

from tests.conftest import MakeProject

pytestmark = pytest.mark.usefixtures("node")


def test_a_script_that_is_not_linted_to_the_end_any_more_closes_the_gate(project: MakeProject) -> None:
    made = project({"pipeline.yaml": "steps: {lint: {uses: jslint, with: {dir: js, new-since: base}}}\n"})
    made.write({".gitignore": "build\n.buildtools\n", "js/a.js": "function first() {\n    return 1;\n}\nfirst();\n"})
    made.commit()
    made.git("branch", "base")
    made.replace("js/a.js", "}\n", "")
    made.commit()
    ran = made.run()
    assert ran.code == 1, ran
    assert "not linted to the end" in ran.reason("lint")


@pytest.mark.parametrize("content", [b"function ( {\n", "// \u00e4\n".encode("latin-1")])
def test_no_baseline_takes_a_script_that_could_not_be_linted(project: MakeProject, content: bytes) -> None:
    step = "steps: {lint: {uses: jslint, with: {dir: js, baseline: b.json}}}\n"
    made = project({"pipeline.yaml": step, "js/a.js": "var a = 1\n"})
    assert made.run("--update-baseline").code == 0
    assert made.run().code == 0
    made.write({"js/a.js": content})
    (made.root / "b.json").unlink()
    assert made.run("--update-baseline").code == 1
    ran = made.run()
    assert ran.code == 1
    assert "js/a.js" in ran.text
    assert "cannot be known findings" in ran.text
