"""Terminal sequences, excerpts, durations, encodings."""

from __future__ import annotations

import io
import time
import tracemalloc

import pytest

from buildtools.core.sequences import strip
from buildtools.reports.ansi import one_line, tame
from buildtools.reports.excerpt import Excerpt
from buildtools.reports.style import Style, duration, encodable, shows_unicode, write
from buildtools.reports.xmltext import attributes, excerpt


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[38:2::1:2:3mtrue colour\x1b[m", "true colour"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]no end", "no end"),
        ("\x1bPq sixel\x1b\\x", "x"),
        ("\x1b(Bcharset", "charset"),
        ("lone \x1b", "lone "),
        ("\x1b[12", "12"),
    ],
)
def test_sequences_go_and_text_stays(text: str, bare: str) -> None:
    assert strip(text) == bare.replace("no end", "no end")


def test_a_log_keeps_colours_only_when_asked() -> None:
    text = "\x1b[2J\x1b[31mred\x1b[0m\x07\x00\x9b31m\ttab\r\n10%\r50%\r100%\r\nbar\r"
    assert tame(text, color=False) == "red31m\ttab\n100%\nbar"
    assert tame(text, color=True) == "\x1b[31mred\x1b[0m31m\ttab\n100%\nbar"


def test_one_line_says_when_there_is_more() -> None:
    assert one_line("\n  a\tb \nc") == "a b ..."
    assert one_line(" \n\x00") == ""


@pytest.mark.parametrize("piece", ["\x1b]", "\x1b[", "\x1b[1;", "\x1bP", "\r", "\x1b", "x\r"])
def test_taming_is_linear(piece: str) -> None:
    began = time.process_time()
    tame(piece * 300_000, color=True)
    one_line(piece * 100_000)
    assert time.process_time() - began < 3


def test_an_excerpt_keeps_both_ends() -> None:
    kept = Excerpt(limit=100)
    for number in range(1_000):
        kept.add(f"line {number}\n")
    text = kept.text("; the rest is in x.log")
    lines = text.splitlines()
    assert lines[0] == "line 0"
    assert lines[-1] == "line 999"
    (note,) = [line for line in lines if line.startswith("[")]
    assert note.endswith(" characters left out; the rest is in x.log]")
    shown = sum(len(line) + 1 for line in lines if line != note)
    total = sum(len(f"line {number}\n") for number in range(1_000))
    assert note.startswith(f"[{total - shown:,} ")


@pytest.mark.parametrize("size", [1, 7, 99, 100, 101, 199, 200, 201, 5_000])
def test_an_excerpt_of_little_is_the_whole(size: int) -> None:
    text = "".join(chr(97 + number % 26) for number in range(size))
    for step in (1, 3, 64, 10_000):
        kept = Excerpt(limit=100)
        for at in range(0, size, step):
            kept.add(text[at : at + step])
        if size <= 200:
            assert kept.text() == text
        else:
            assert kept.text().replace(f"\n[{size - 200:,} characters left out]\n", "") == text[:100] + text[-100:]


def test_an_excerpt_is_small_whatever_is_added() -> None:
    tracemalloc.start()
    kept = Excerpt()
    for _ in range(60_000):
        kept.add("x")
    for _ in range(1_000):
        kept.add("y" * 65_536)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000
    assert len(kept.text()) < 600_000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (0.994, "0.99 s"),
        (0.996, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (3599.6, "1 h 00 min"),
        (7385, "2 h 03 min"),
        (-1, "? s"),
        (float("nan"), "? s"),
        (float("inf"), "? s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_no_encoding_is_an_error() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    write(stream, "ä ✓ \ud800\n")
    assert raw.getvalue() == b"\\xe4 \\u2713 \\ud800\n"
    assert not shows_unicode(stream)
    assert shows_unicode(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert encodable("✓", io.TextIOWrapper(io.BytesIO(), encoding="latin-1")) == "\\u2713"


def test_colour_is_off_unless_asked() -> None:
    assert Style().paint("x", "red") == "x"
    assert Style(color=True).paint("x", "red") == "\x1b[31mx\x1b[0m"


def test_xml_pieces() -> None:
    assert attributes(a='<"&\n\t>', b="", c=0) == ' a="&lt;&quot;&amp;&#10;&#9;&gt;" c="0"'
    assert excerpt("a" * 30 + "b" * 60, 30) == "a" * 10 + "\n[60 characters left out]\n" + "b" * 20
