"""The Markdown summary, parsed as GitHub parses it (CommonMark with tables)."""

from __future__ import annotations

import msgspec
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from buildtools.core.errors import ExitCode
from buildtools.core.model import Severity, Status
from buildtools.core.results import Finding, RunResult, StepResult, StepRun, TestCase
from buildtools.reports import markdown
from buildtools.reports.markdowntext import code, fenced, prose
from buildtools.reports.scene import Scene
from tests.support import runs

NASTY = (
    runs.HOSTILE,
    "*a* _b_ `c` ``d `e",
    "| a | b |\n| --- | --- |",
    "</details></summary><img src=x onerror=alert(1)>",
    "[link](http://x) ![image](http://x) <http://x> @everyone #1 :x:",
    "# heading\n- item\n\n    code\n***\n```\nfence\n~~~",
    "\\| \\` \\\\",
    "$x$ &amp; &#60;",
)


def tokens(text: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable("table").parse(text)
    return [token for block in parsed for token in (block, *(block.children or ()))]


def structure(text: str) -> list[tuple[str, str]]:
    """The form of a text without its words."""
    kinds = []
    for token in tokens(text):
        if token.type in ("html_inline", "html_block"):
            kinds.append((token.type, "".join(part.partition(">")[0] for part in token.content.split("<")[1:])))
        elif token.type not in ("text", "inline", "text_special"):
            kinds.append((token.type, token.tag))
    return kinds


@pytest.mark.parametrize("text", NASTY)
def test_no_text_has_a_meaning_of_its_own(text: str) -> None:
    plain = structure(f"- x {prose('plain')} {code('plain')}\n")
    with_code = structure(f"- x {code('plain')} {code('plain')}\n")
    assert structure(f"- x {prose(text)} {code(text)}\n") == (with_code if "@" in text else plain)
    row = f"| a | b |\n| --- | --- |\n| {code(text)} | {code(text)} |\n"
    assert structure(row) == structure("| a | b |\n| --- | --- |\n| <code>x</code> | <code>x</code> |\n")


@pytest.mark.parametrize("text", [*NASTY, "```\n````\n", "", "a" * 100_000])
def test_a_block_of_code_ends_where_it_should(text: str) -> None:
    (block,) = tokens(fenced(text, lines=30))
    assert block.type == "fence"
    assert len(block.content) < 4_100
    assert "\x1b" not in block.content


def test_what_a_text_says_is_what_is_read() -> None:
    (_, inline, *_) = tokens(f"x{prose('a *b* <c> | `d` _e_')}")
    assert "".join(child.content for child in inline.children or ()) == "xa *b* <c> | `d` _e_"


def test_every_outcome() -> None:
    text = markdown.render(runs.every_outcome(), Scene(rerun=lambda step: f"buildtools run -f p.yaml {step}")).decode()
    assert text.startswith("## INTERRUPTED: <code>webapp</code>\n\n6 passed, 7 failed, 4 errors, ")
    assert "- problem: out.xml: disk full\n" in text
    assert "| <code>flaky-tests</code> | ✓ passed | 1.5 s | flaky: passed at attempt 2 |\n" in text
    assert "| <code>allowed</code> | ✗ failed | 1.5 s | allowed to fail; exit status 1 |\n" in text
    assert "| <code>when</code> | ○ skipped |  | branch is not main |\n" in text
    assert "| <code>src/app.py:3:1</code> | <code>W0611 unused-import</code> | Unused import os |\n" in text
    assert text.index("| <code>top.py:1</code>") < text.index("| <code>src/app.py:3:1</code>"), "the gravest come first"
    assert "- **line coverage** 83.26 % is below 85 %\n" in text
    assert "```text\ndef test_adds():\n" in text
    assert "Run it alone: <code>buildtools run -f p.yaml lint</code>\n" in text
    assert "**What to do:** see that it is up\n" in text
    assert text.count("<details open>") == text.count("</details>") == 12
    tables = [token for token in tokens(text) if token.type == "table_open"]
    assert len(tables) == 2


def test_hostile_text_leaves_the_form_as_it_is() -> None:
    usual, hostile = (markdown.render(result).decode() for result in (runs.every_outcome(), runs.hostile()))
    assert structure(hostile) == structure(usual)
    assert not set(hostile) & {"\x1b", "\x00", "\ud800"}


def test_a_passed_run_is_a_table_and_no_more() -> None:
    text = markdown.render(runs.ended(runs.ENDED_BY[0])).decode()
    passed = msgspec.structs.replace(runs.ended(runs.ENDED_BY[0]), ended_by=ExitCode.OK)
    assert "Failures" not in text
    assert markdown.render(passed).decode().startswith("## PASSED: <code>webapp</code>\n\n1 passed in 2 min 10 s\n")


def test_it_never_grows_beyond_what_github_takes() -> None:
    long = "<" * 2_000
    findings = tuple(Finding(tool=long, rule=long, message=long, path=long) for _ in range(60))
    cases = tuple(
        TestCase(name=long, classname=long, status=Status.FAILED, message=long, details="d\n" * 9_000)
        for _ in range(30)
    )
    result = StepResult(
        status=Status.FAILED, reason=long, remedy=long, findings=findings, cases=cases, warnings=(long,) * 9
    )
    step = StepRun(id="s", plugin="p", started=0.0, tail=long, result=result)
    data = markdown.render(RunResult(pipeline=long, id="1", steps=(step,) * 3_000, problems=(long,) * 30))
    assert 300_000 < len(data) <= markdown.LIMIT
    text = data.decode()
    assert " more steps | | | |\n" in text
    assert " more failures: see the other reports.\n" in text
    assert text.count("<details open>") == text.count("</details>")


def test_long_lists_are_cut_and_say_so() -> None:
    findings = tuple(
        Finding(tool="t", rule="r", message=f"m{n}", path="a", severity=Severity.ERROR if n == 99 else Severity.INFO)
        for n in range(100)
    )
    cases = tuple(TestCase(name=f"t{n}", status=Status.FAILED) for n in range(30))
    result = StepResult(status=Status.FAILED, findings=findings, cases=cases)
    text = markdown.render(
        RunResult(pipeline="p", id="1", steps=(StepRun(id="s", plugin="p", result=result, started=0.0),))
    ).decode()
    assert "| 50 more findings | | |" in text
    assert "- … 10 more failing tests" in text
    assert "| m99 |" in text
