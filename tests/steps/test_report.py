"""The step `report`: foreign reports close the gate as our own would, and old ones are none."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from buildtools.core.errors import StepError
from buildtools.core.model import Cause, Severity, Status
from buildtools.core.results import StepResult
from buildtools.steps.imported import forms
from buildtools.steps.report import Form, Report
from tests.conftest import MakeProject
from tests.support.context import LoneContext

GOOD = '<testsuites><testsuite name="S"><testcase name="a" file="src/a.c" line="3"/></testsuite></testsuites>'
FAILED = '<testcase name="b"><failure message="no">x</failure></testcase>'
BAD = f'<testsuite name="S"><testcase name="a"/>{FAILED}</testsuite>'
LCOV = "SF:src/a.c\nDA:1,1\nDA:2,1\nDA:3,0\nend_of_record\n"


def quality(*told: tuple[str, int, str], path: str = "src/a.c") -> str:
    entries = [
        {
            "description": f"{rule} there",
            "check_name": rule,
            "severity": severity,
            "location": {"path": path, "lines": {"begin": line}},
        }
        for rule, line, severity in told
    ]
    return json.dumps(entries)


def context(root: Path, **files: str) -> LoneContext:
    """Write files; `__` stands for a dot."""
    ctx = LoneContext(root)
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    return ctx


def judged(ctx: LoneContext, *files: str, **options: object) -> StepResult:
    step = Report(files=files, **options)  # type: ignore[arg-type]
    assert not list(step.check_options())
    return step.settle(ctx, step.run(ctx))


def test_the_forms_are_those_that_can_be_read() -> None:
    from typing import get_args

    assert get_args(Form) == ("auto", *forms.FORMS)


def test_failed_tests_close_the_gate(tmp_path: Path) -> None:
    ctx = context(tmp_path, good__xml=GOOD, bad__xml=BAD)
    assert judged(ctx, "good.xml").status is Status.PASSED
    result = judged(ctx, "*.xml")
    assert (result.status, result.reason) == (Status.FAILED, "1 of 3 tests failed")
    assert result.outputs == {"findings": "0", "tests": "3"}
    assert [(case.name, case.file, case.line) for case in result.cases][-1] == ("a", "src/a.c", 3)
    assert "read bad.xml, good.xml\n" in ctx.shown


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, Status.FAILED),
        ({"max_warnings": 1}, Status.PASSED),
        ({"fail_on": Severity.INFO, "max_warnings": 1}, Status.FAILED),
        ({"fail_on": Severity.INFO, "max_warnings": 2}, Status.PASSED),
        ({"fail_on": Severity.ERROR}, Status.PASSED),
    ],
)
def test_warnings_count_against_the_bar(tmp_path: Path, options: dict[str, object], status: Status) -> None:
    ctx = context(tmp_path, q__json=quality(("W", 1, "minor"), ("I", 2, "info")))
    result = judged(ctx, "q.json", **options)
    assert (result.status, result.reason) == (status, "1 warning, 1 note in 1 file")
    assert [(metric.name, metric.value) for metric in result.metrics] == [("findings", 2.0)]


def test_errors_always_close_the_gate(tmp_path: Path) -> None:
    ctx = context(tmp_path, q__json=quality(("E", 1, "major")))
    result = judged(ctx, "q.json", max_warnings=9)
    assert (result.status, result.reason) == (Status.FAILED, "1 error in 1 file")


def test_what_the_tool_was_told_to_suppress_closes_nothing(tmp_path: Path) -> None:
    results = [{"ruleId": "R", "message": {"text": "m"}, "suppressions": [{"kind": "inSource"}]}]
    log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t"}}, "results": results}]}
    result = judged(context(tmp_path, a__sarif=json.dumps(log)), "a.sarif")
    assert result.status is Status.PASSED
    assert [finding.known for finding in result.findings] == [True]


def test_coverage_under_the_bar_closes_the_gate(tmp_path: Path) -> None:
    ctx = context(tmp_path, c__lcov=LCOV, d__lcov=LCOV.replace("DA:3,0", "DA:4,0"))
    assert judged(ctx, "c.lcov").status is Status.PASSED
    assert judged(ctx, "c.lcov", fail_under=66.0).status is Status.PASSED
    result = judged(ctx, "c.lcov", fail_under=66.67)
    assert (result.status, result.reason) == (Status.FAILED, "coverage is 66.66 %, under 66.67 %")
    assert [(metric.name, metric.value, metric.threshold) for metric in result.metrics] == [
        ("coverage", 66.66, 66.67),
        ("line coverage", 66.66, None),
        ("lines covered", 2.0, None),
        ("lines", 3.0, None),
    ]
    assert judged(ctx, "*.lcov").metrics[0].value == 50
    with pytest.raises(StepError, match="fail-under: no coverage is in the reports"):
        judged(context(tmp_path, good__xml=GOOD), "good.xml", fail_under=1.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<testsuites/>", "the reports say that nothing was checked"),
        ("SF:a\nend_of_record\n", "the reports say that nothing was checked"),
        (
            '<testsuite><testcase name="a"><skipped/></testcase></testsuite>',
            "every test was skipped: nothing was checked",
        ),
    ],
)
def test_nothing_checked_is_an_error(tmp_path: Path, text: str, reason: str) -> None:
    ctx = context(tmp_path, a__out=text)
    result = judged(ctx, "a.out")
    assert (result.status, result.cause, result.reason) == (Status.ERROR, Cause.EMPTY, reason)
    assert judged(ctx, "a.out", allow_empty=True).status is Status.PASSED


def test_an_empty_file_is_one_only_if_that_is_meant(tmp_path: Path) -> None:
    ctx = context(tmp_path, a__out="")
    with pytest.raises(StepError, match=r"a\.out: is empty: its tool wrote nothing"):
        judged(ctx, "a.out")
    assert judged(ctx, "a.out", allow_empty=True).status is Status.PASSED
    assert judged(ctx, "a.out", form="parseable").status is Status.PASSED


def test_a_file_that_is_older_than_the_run_is_refused(tmp_path: Path) -> None:
    ctx = context(tmp_path, good__xml=GOOD)
    for before, refused in ((-1.0, False), (0.2, True), (3600.5, True)):
        os.utime(tmp_path / "good.xml", ns=(0, int((ctx.run_started - before) * 1e9) // 10 * 10 + 1))
        if refused:
            with pytest.raises(StepError, match=r"good\.xml: is older than this run") as caught:
                judged(ctx, "good.xml")
            assert "allow-old: true" in caught.value.remedy
        else:
            assert judged(ctx, "good.xml").status is Status.PASSED
        assert judged(ctx, "good.xml", allow_old=True).status is Status.PASSED


def test_file_systems_may_know_whole_seconds_only(tmp_path: Path) -> None:
    ctx = context(tmp_path, good__xml=GOOD)
    ctx.run_started = float(int(time.time())) + 0.9
    os.utime(tmp_path / "good.xml", (0, int(ctx.run_started)))
    assert judged(ctx, "good.xml").status is Status.PASSED
    os.utime(tmp_path / "good.xml", (0, int(ctx.run_started) - 2))
    with pytest.raises(StepError, match="is older than this run"):
        judged(ctx, "good.xml")


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    ctx = context(tmp_path, good__xml=GOOD)
    (tmp_path / "folder.xml").mkdir()
    for files, why in (
        (("good.xml", "x/*.json"), r"files: no file matches x/\*\.json"),
        (("gone.xml",), r"files: gone\.xml is not there"),
        (("folder.xml",), r"folder\.xml: is no file"),
    ):
        with pytest.raises(StepError, match=why):
            judged(ctx, *files)
    (tmp_path / "loop.xml").symlink_to("loop.xml")
    with pytest.raises(StepError, match=r"loop\.xml: cannot be read"):
        judged(ctx, "loop.xml")


def test_a_file_beyond_all_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MOST", 64)
    with pytest.raises(StepError, match=r"good\.xml: is larger than"):
        judged(context(tmp_path, good__xml=GOOD), "good.xml")


@pytest.mark.parametrize("files", [(), ("",), ("../*.xml",), ("a\0b",)])
def test_patterns_that_cannot_be(files: tuple[str, ...]) -> None:
    assert [option for option, _ in Report(files=files).check_options()] == ["files"]


def test_paths_are_found_wherever_they_start(tmp_path: Path) -> None:
    root = tmp_path / "top/project"
    (root / "web/src").mkdir(parents=True)
    (tmp_path / "top/.git").mkdir()
    for name in ("web/src/a.c", "b.c", "../shared.c"):
        (root / name).write_text("x")
    ctx = context(root)
    ctx.workdir = root / "web"
    paths = ("src/a.c", "b.c", "project/web/src/a.c", str(root / "b.c"), "shared.c", "gone.c")
    (ctx.workdir / "q.json").write_text(
        json.dumps([{"description": "d", "location": {"path": path}} for path in paths])
    )
    found = judged(ctx, "q.json").findings
    assert [finding.path for finding in found] == [
        "web/src/a.c",
        "b.c",
        "web/src/a.c",
        "b.c",
        str(tmp_path / "top/shared.c"),
        "web/gone.c",
    ]


def test_sources_of_another_machine(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.c").write_text("x")
    lines = '<lines><line number="1" hits="1"/></lines>'
    classes = "".join(f'<class filename="{name}">{lines}</class>' for name in ("src/a.c", "/app/src/a.c", "/lib/b.c"))
    text = f"<coverage><sources><source>/app</source></sources>{classes}</coverage>"
    found = judged(context(tmp_path, c__xml=text), "c.xml").coverage
    assert [file.path for file in found] == ["/lib/b.c", "src/a.c"]


def test_a_baseline_lets_only_new_findings_close_the_gate(tmp_path: Path) -> None:
    ctx = context(tmp_path, q__json=quality(("E", 1, "major"), ("W", 2, "minor")))
    ctx.updating = True
    held = {"baseline": Path("known.json")}
    assert judged(ctx, "q.json", **held).status is Status.PASSED
    ctx.updating = False
    context(tmp_path, q__json=quality(("E", 7, "major"), ("W", 9, "minor")))
    result = judged(ctx, "q.json", **held)
    assert (result.status, result.reason) == (Status.PASSED, "nothing new: 1 error, 1 warning in 1 file")
    assert [(metric.name, metric.value) for metric in result.metrics] == [
        ("findings", 2.0),
        ("new findings", 0.0),
        ("fixed findings", 0.0),
    ]
    context(tmp_path, q__json=quality(("E", 7, "major"), ("W", 9, "minor"), ("X", 1, "minor")))
    result = judged(ctx, "q.json", **held)
    assert result.status is Status.FAILED
    assert result.reason == "1 new finding; in all 1 error, 2 warnings in 1 file"


def test_a_baseline_forgives_no_test_and_no_coverage(tmp_path: Path) -> None:
    ctx = context(tmp_path, q__json=quality(("E", 1, "major")), bad__xml=BAD, c__lcov=LCOV)
    ctx.updating = True
    held = {"baseline": Path("known.json")}
    result = judged(ctx, "q.json", "bad.xml", **held)
    assert result.status is Status.FAILED
    assert result.reason == "1 of 2 tests failed; nothing new: 1 error in 1 file"
    result = judged(ctx, "q.json", "c.lcov", fail_under=90.0, **held)
    assert result.status is Status.FAILED
    assert result.reason == "coverage is 66.66 %, under 90 %; nothing new: 1 error in 1 file"
    assert result.metrics[0].threshold == 90


def test_only_findings_on_changed_lines_close_the_gate(project: MakeProject) -> None:
    here = project({"src/a.c": "1\n2\n3\n"})
    first = here.commit()
    here.write({"src/a.c": "1\n2\nchanged\n"}).commit()
    ctx = context(here.root, q__json=quality(("E", 1, "major")), bad__xml=BAD)
    since = {"new_since": first}
    assert judged(ctx, "q.json", **since).status is Status.PASSED
    assert judged(ctx, "q.json", "bad.xml", **since).status is Status.FAILED
    context(here.root, q__json=quality(("E", 1, "major"), ("F", 3, "major")))
    result = judged(ctx, "q.json", **since)
    assert (result.status, [one.known for one in result.findings]) == (Status.FAILED, [True, False])


def test_mypys_own(project: MakeProject) -> None:
    here = project({"a.py": "x: int = ''\n"})
    words = (sys.executable, "-m", "mypy", "--config-file=", "--cache-dir=/dev/null", "--junit-xml=m.xml", "a.py")
    ctx = LoneContext(here.root)
    assert ctx.run(words, capture=True).returncode == 1
    result = judged(ctx, "m.xml")
    assert (result.status, result.reason) == (Status.FAILED, "1 of 1 test failed")
    assert "Incompatible types in assignment" in result.cases[0].details


WRITES = "mkdir -p out && printf '%s' '[]' > out/q.json"


def test_in_a_pipeline(project: MakeProject) -> None:
    """It waits for what makes the file, whose own verdict need not be right, and tells what it found everywhere."""
    ruff = f"{sys.executable} -m ruff check --isolated --no-cache --output-format sarif -o ruff.sarif src || true"
    here = project(
        {
            "pipeline.yaml": f"""
            steps:
              make: {{uses: shell, with: {{run: "{ruff}"}}}}
              findings: {{uses: report, with: {{files: [ruff.sarif]}}}}
            """,
            "src/a.py": "import os\n",
        }
    )
    outcome = here.run()
    assert outcome.code == 1, outcome
    assert outcome.reason("findings") == "1 error in 1 file"
    assert "src/a.py:1:8" in outcome.text
    here.write({"src/a.py": ""})
    assert here.run("findings").code == 0  # with what it needs
    alone = here.call("step", "report", "ruff.sarif")
    assert alone.code == 5
    assert "ruff.sarif: is older than this run: no step of it has written it" in alone.text
    assert here.call("step", "report", "ruff.sarif", "--allow-old").code == 0


def test_a_file_that_a_cached_step_stands_for_is_not_old(project: MakeProject) -> None:
    here = project(
        {
            "pipeline.yaml": f"""
            steps:
              make: {{uses: shell, with: {{run: "{WRITES}", inputs: [src.txt], outputs: [out/q.json]}}}}
              findings: {{uses: report, with: {{files: [out/q.json]}}}}
            """,
            "src.txt": "x",
        }
    )
    assert here.run().code == 0
    os.utime(here.root / "out/q.json", (0, 0))
    again = here.run()
    assert again.code == 0, again
    assert again.steps["make"]["cached"] is True
