"""The HTML page as text: what stands in it before any script has run, and what must never stand in it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from buildtools.core.errors import ExitCode
from buildtools.core.model import Status
from buildtools.core.results import Attempt, CoveredFile, Finding, RunResult, StepResult, StepRun, TestCase
from buildtools.reports.html import page as pages
from buildtools.reports.html.page import render
from buildtools.reports.html.trends import Trend
from buildtools.reports.scene import Scene
from tests.reports.html import samples
from tests.support import runs

VOID = {"br", "input", "line", "link", "meta", "path", "polyline", "rect", "use", "circle"}


class Tree(HTMLParser):
    """Reads a page strictly: every element is closed in its turn; keeps attributes, ids, links and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.held: dict[str, str] = {}
        self._holder = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        self._holder = dict(attrs).get("id") or "" if tag == "script" else ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.held[self._holder] = data
        elif self.open and self.open[-1] != "style":
            self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, key, value in self.attributes if key == name]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def run(self) -> RunResult:
        return msgspec.json.decode(self.json("run"), type=RunResult)

    def json(self, name: str) -> bytes:
        encoded = ("script", "id", name) in self.attributes and "gzip base64" in self.values("data-encoding")
        text = self.held[name]
        if encoded and not text.startswith(("{", "[")):
            return gzip.decompress(base64.b64decode(text))
        return text.encode()


def read(data: bytes) -> Tree:
    tree = Tree()
    tree.feed(data.decode("utf-8", "strict"))
    tree.close()
    assert tree.open == []
    ids = tree.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in tree.values("href") if link.startswith("#")} <= {*ids}
    return tree


def one(result: StepResult, **fields: object) -> RunResult:
    run = StepRun(id="a", plugin="shell", result=result, **{"started": 0.0, "seconds": 1.0} | fields)  # type: ignore[arg-type]
    return RunResult(pipeline="p", id="r", steps=(run,), seconds=1.0)


@pytest.mark.parametrize("made", [runs.every_outcome, runs.hostile, runs.endless_line, samples.run])
def test_it_is_whole_and_nothing_in_it_breaks_a_strict_policy(made: object) -> None:
    run: RunResult = made()  # type: ignore[operator]
    data = render(run)
    assert len(data) < 2_000_000
    tree = read(data)
    # Policies block these first; and none of them may come out of a result.
    names = {name for _, name, _ in tree.attributes}
    assert "style" not in names
    assert not [name for name in names if name.startswith("on")]
    assert "src" not in names
    assert sorted(tree.held) == ["", "quotes", "run"]
    assert all(link.startswith("#") for link in tree.values("href"))
    for character in ("\x00", "\x1b", "\ufffe"):
        assert character not in data.decode()
    got = tree.run
    assert [step.result.status for step in got.steps] == [step.result.status for step in run.steps]
    assert json.loads(tree.json("run"))["exit_code"] == int(run.exit_code)


def test_only_its_own_script_and_style_may_run() -> None:
    text = render(samples.run()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]


def test_the_verdict_comes_first_with_the_first_failure_and_its_command(tmp_path: Path) -> None:
    tree = read(samples.page(tmp_path).read_bytes())
    text = tree.text
    first = text[: text.index("Timeline Thin line")]
    assert "Failed The gate is closed (exit 1). 1 passed , 2 failed , 1 skipped , 1 flaky" in first
    # The gravest of its findings, with the lines around it, masked.
    assert "src/shop.py:9" in first
    assert "secret-in-source" in first
    assert "> 9 | TOKEN = '***'" in first
    assert "Run it alone: buildtools run pipeline.yaml lint 1 more step failed" in first
    assert "s3cret-token" not in tree.text + tree.json("quotes").decode()


def test_a_run_that_passed_says_so() -> None:
    text = read(render(one(StepResult()))).text
    assert "Passed The gate is open. 1 passed" in text
    assert "First failure" not in text
    assert "Run it" not in text


@pytest.mark.parametrize("by", runs.ENDED_BY)
def test_how_a_run_was_ended_from_outside_is_said(by: ExitCode) -> None:
    assert f"(exit {int(by)})." in read(render(runs.ended(by))).text


def test_a_run_without_steps_is_a_page_too() -> None:
    text = read(render(RunResult(pipeline="p", id="r", steps=()))).text
    assert "No steps" in text
    assert "Timeline" not in text


def test_what_needs_others_is_not_run_alone() -> None:
    run = one(StepResult(status=Status.FAILED), needs=("b",))
    assert "Run it again: buildtools run a" in read(render(run)).text


def test_tests_say_everything_in_every_attempt() -> None:
    text = read(render(samples.run())).text
    tests = text[text.index("Tests 1 passed, 1 failed") :]
    assert tests.index("test_price") < tests.index("test_a")
    told = ("Attempt 1: failed", "E no answer at first", "Attempt 2: failed", "tests/test_shop.py:3", "E assert 1 == 2")
    for words in (*told, "Standard output said this"):
        assert words in tests


def test_known_findings_are_marked_and_come_last() -> None:
    text = read(render(samples.run())).text
    assert "Findings 3 in 1 file, 1 known" in text
    assert text.count("Unused import re known") == 2
    steps = text[text.index("Steps 4 steps") : text.index("Findings 3 in 1 file")]
    assert steps.index("Looks like a secret") < steps.index("Unused import os") < steps.index("Unused import re")
    old = msgspec.structs.replace(samples.run().steps[0].result.findings[2], known=True)
    case = TestCase(name="t", classname="c", status=Status.FAILED, message="it broke")
    text = read(render(one(StepResult(status=Status.FAILED, findings=(old,), cases=(case,))))).text
    assert "it broke" in text[: text.index("Timeline Thin line")]


def test_a_clean_file_is_no_test() -> None:
    result = StepResult(cases=(TestCase(name="jslint", file="a.js"), TestCase(name="test_a", classname="c")))
    assert "Tests 1 passed Result" in read(render(one(result))).text
    bad = StepResult(status=Status.FAILED, cases=(TestCase(name="jslint", file="a.js", status=Status.FAILED),))
    assert "Tests 1 failed Result" in read(render(one(bad))).text


def test_attempts_of_a_step_stand_one_below_the_other() -> None:
    text = read(render(samples.run())).text
    assert "2 attempts Attempt 1: error error after 1.0 s no route Attempt 2: passed passed after 2.0 s" in text


def test_files_that_the_project_does_not_hold_are_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("OUTSIDE = 1\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    (root / "many.py").write_text("A = 1\n-----BEGIN\nMII\n-----END\n")
    (root / "inside.py").write_bytes(b"\xff\x1b[31mINSIDE = 1\x0cPAGE = 2\r\n" + b"LONG" * 1000)
    paths = ("../outside.py", str(tmp_path / "outside.py"), "link.py", "gone.py", "", "many.py", "inside.py", "nul\0")
    findings = tuple(Finding(tool="t", rule="r", message="m", path=path, line=1) for path in paths)
    scene = Scene(root=root, mask=lambda text: text.replace("-----BEGIN\nMII\n-----END", "***"))
    quoted = json.loads(read(render(one(StepResult(findings=findings)), scene)).json("quotes"))
    assert list(quoted) == ["inside.py"], "a secret of several lines moves the lines of its file: none is shown"
    assert quoted["inside.py"]["1"] == "\ufffdINSIDE = 1\ufffdPAGE = 2"
    assert quoted["inside.py"]["2"] == f"{'LONG' * 60} …"


def test_a_log_is_shown_by_its_beginning_and_its_end_in_colours(tmp_path: Path) -> None:
    data = samples.page(tmp_path).read_bytes().decode()
    shown = read(data.encode())
    assert '<span class="fg2 bold">ok</span> first\n' in data
    assert '<span class="fg1">last words</span>\n' in data
    assert "44 KB left out; all of it is in .buildtools/runs/r1/logs/unit.log" in shown.text
    assert "../../.buildtools/runs/r1/logs/unit.log" in shown.values("href")
    assert len(data) < 300_000


@pytest.mark.parametrize("log", ["../../../../etc/passwd", "/etc/passwd", "logs/gone.log", "logs/\0"])
def test_no_other_file_is_shown_for_a_log(tmp_path: Path, log: str) -> None:
    run = one(StepResult(), log=log, tail="its tail\n")
    tree = read(render(run, Scene(record=tmp_path)))
    assert "its tail" in tree.text
    assert "root:" not in tree.text


def test_coverage_names_what_was_never_executed(tmp_path: Path) -> None:
    text = read(samples.page(tmp_path).read_bytes()).text
    assert "coverage 80 % is below 85 %" in text
    assert "src/shop.py 60 % 3 of 5 lines 6, 9 branches 5 → 6" in text
    assert "6 | return net * 1.19" in text
    assert "1 file with nothing left to cover src/whole.py" in text


def test_many_uncovered_files_are_told_worst_first_and_the_rest_counted() -> None:
    files = tuple(CoveredFile(path=f"f{n}.py", missing=((1, n + 1),)) for n in range(600))
    text = read(render(one(StepResult(coverage=files)))).text
    assert text.index("f599.py") < text.index("f500.py")
    assert "100 more files with less to cover: see run.json." in text


def test_trends_are_told_in_words_too() -> None:
    text = read(render(samples.run(), trends_of=samples.TRENDS)).text
    assert "Line coverage 84.5 % ▲ 4.5 %, better" in text
    assert "3 runs Run Value c3 84.5 % b2 80 % a1 71.5 %" in text
    assert "Duration 12 s ▲ 2.5 s, worse" in text
    assert "0 runs ago 12 s 1 runs ago 9.5 s" in text
    assert "Trends" not in read(render(samples.run(), trends_of=(Trend(name="n", values=(1.0,)),))).text


def test_names_that_would_be_one_place_get_places_of_their_own() -> None:
    steps = tuple(
        StepRun(id=name, plugin="p", result=StepResult(), started=0.0) for name in ("a b", "a[b]", "漢", "字")
    )
    tree = read(render(RunResult(pipeline="p", id="r", steps=steps)))
    assert {"step-a-b", "step-a-b-2", "step-3", "step-4"} <= set(tree.values("id"))


def test_fifty_thousand_findings_and_twenty_thousand_tests() -> None:
    data = render(runs.large(50_000, 20_000))
    assert len(data) < 10_000_000
    tree = read(data)
    assert "50,000 in 500 files" in tree.text
    assert "49,800 more findings: the page's script shows all of them" in tree.text
    assert len(tree.run.steps[0].result.findings) == 50_000
    assert len(tree.run.steps[1].result.cases) == 20_000


def test_a_run_that_would_be_too_large_leaves_out_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LIMIT", 60_000)
    tree = read(render(runs.large(4_000, 4_000)))
    assert "would make a page of more than 60 KB, so long texts and most rows are left out here" in tree.text
    kept = tree.run.steps[1].result.cases
    assert len(kept) == 2_000
    assert sum(case.status is Status.FAILED for case in kept) == 80, "those that failed stay"


def test_endless_texts_lose_their_middle() -> None:
    case = TestCase(name="t", classname="c", status=Status.FAILED, message="m" * 9_000, details="d" * 90_000)
    result = StepResult(status=Status.FAILED, cases=(case,) * 500)
    tree = read(render(one(result)))
    shown = tree.run.steps[0].result.cases
    assert "[74,000 characters left out]" in shown[0].details
    assert shown[-1].details == "[left out here, as the page would grow too large]"


def test_an_attempt_keeps_its_failures_only() -> None:
    cases = (TestCase(name="good"), TestCase(name="bad", status=Status.FAILED, message="it broke"))
    run = one(StepResult(cases=cases[:1]), earlier=(Attempt(result=StepResult(status=Status.FAILED, cases=cases)),))
    tree = read(render(run))
    assert [case.name for case in tree.run.steps[0].earlier[0].result.cases] == ["bad"]
    assert "bad: it broke" in tree.text
