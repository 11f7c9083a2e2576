"""Colours of logs, and the path that made a run as long as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildtools.core.results import StepResult, StepRun
from buildtools.reports.html import assets
from buildtools.reports.html.colours import coloured
from buildtools.reports.html.critical import critical_path
from buildtools.reports.html.markup import Html, element


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("plain <b> & co", "plain &lt;b&gt; &amp; co"),
        ("\x1b[31mred\x1b[0m not", '<span class="fg1">red</span> not'),
        (
            "\x1b[1;4;92;41mx\x1b[22;39my\x1b[m",
            '<span class="bg1 fg10 bold underlined">x</span><span class="bg1 underlined">y</span>',
        ),
        (
            "\x1b[38;5;9mx\x1b[38;5;196my\x1b[38;5;240mz",
            '<span class="fg9">x</span><span class="fg9">y</span><span class="fg8">z</span>',
        ),
        ("\x1b[48;2;0;90;0mx", '<span class="bg2">x</span>'),
        ("\x1b[38:2:250:250:250mx", '<span class="fg15">x</span>'),
        ("\x1b[38mx\x1b[38;5mx\x1b[38;2;1mx\x1b[38;5;999mx\x1b[99999999mx", "xxxxx"),
        ("\x1b[2Jgone \x1b]0;title\x07here\r\n", "gone here\n"),
        ("10%\r100%\n", "100%\n"),
    ],
)
def test_colours_become_classes(output: str, shown: str) -> None:
    assert coloured(output) == shown


def test_markup_is_escaped_once() -> None:
    inner = element("b", "a < b")
    assert element("p", inner, " & ", title='"x"', hidden=True, lang=None) == (
        '<p title="&quot;x&quot;" hidden><b>a &lt; b</b> &amp; </p>'
    )
    assert isinstance(inner, Html)


def step(name: str, started: float | None, seconds: float = 1.0, needs: tuple[str, ...] = ()) -> StepRun:
    return StepRun(id=name, plugin="p", result=StepResult(), started=started, seconds=seconds, needs=needs)


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ((), ()),
        ((step("a", None),), ()),
        ((step("a", 0.0, 5), step("b", 0.0, 3)), ("a",)),
        # What it needed, though another ended at the same moment; and the short way does not count.
        ((step("a", 0, 2), step("b", 0, 2), step("c", 0, 1), step("d", 2, 1, ("b", "c"))), ("b", "d")),
        # It had to wait for a place, not for what it needed.
        ((step("a", 0, 1), step("long", 0, 6), step("c", 6.1, 2, ("a",))), ("long", "c")),
        # Nothing ended right before it: the need is all that is known.
        ((step("a", 0, 1), step("b", 4, 2, ("a",))), ("a", "b")),
        ((step("a", 0, 0), step("b", 0, 0)), ("a",)),
    ],
)
def test_the_critical_path_leads_back_from_the_last_end(steps: tuple[StepRun, ...], path: tuple[str, ...]) -> None:
    assert critical_path(steps) == path


def test_no_file_of_style_or_script_is_left_out() -> None:
    folder = Path(assets.__file__).parent
    for kind, whole in (("style/*.css", assets.style()), ("script/*.js", assets.script())):
        files = list(folder.glob(kind))
        assert len(files) > 5
        assert [file.name for file in files if file.read_text() not in whole] == []
