"""Reading files of every kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from buildtools.steps.jslint import sources
from buildtools.steps.jslint.protocol import Source, Verdict
from buildtools.steps.jslint.sources import read_source, shown_path
from tests.support.context import LoneContext


def refused(path: Path) -> tuple[str, str, int]:
    verdict = read_source(path, "x.js")
    assert isinstance(verdict, Verdict)
    assert not verdict.complete
    (finding,) = verdict.findings
    return finding.rule, finding.message, finding.line


@pytest.mark.parametrize("text", ["", "\ufefflet a;", "a\r\nb\rc", "\0", "\u2028", "\N{GRINNING FACE}"])
def test_text_stays_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.js").write_bytes(text.encode())
    assert read_source(tmp_path / "x.js", "x.js") == Source("x.js", text)


@pytest.mark.parametrize(
    "data", [b"a\nb\xff", "a\n\ud800".encode("utf-8", "surrogatepass"), b"a\n\xc0\x80", b"a\n\xe9t\xe9"]
)
def test_what_is_not_utf8_is_refused_with_its_place(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.js").write_bytes(data)
    rule, message, line = refused(tmp_path / "x.js")
    assert (rule, line) == ("not-utf-8", 2)
    assert "0x" in message


def test_utf16_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text("let a;", encoding="utf-16")
    assert refused(tmp_path / "x.js")[0] == "not-utf-8"


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "link.js").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.js")
    assert refused(tmp_path / "link.js")[:2] == ("unreadable", "cannot be read: No such file or directory")
    assert refused(tmp_path / "pipe.js")[0] == "unreadable"
    assert refused(tmp_path)[0] == "unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text("")
    (tmp_path / "x.js").chmod(0)
    assert refused(tmp_path / "x.js") == ("unreadable", "cannot be read: Permission denied", 0)


def test_a_giant_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "x.js").open("wb") as file:
        file.truncate(sources.LARGEST + 1)
    assert refused(tmp_path / "x.js")[0] == "too-large"


def test_paths_are_shown_relative_and_always_printable(tmp_path: Path) -> None:
    context = LoneContext(tmp_path)
    assert shown_path(tmp_path / "a/b c.js", context) == "a/b c.js"
    assert shown_path(tmp_path / "x/../a.js", context) == "x/../a.js"
    assert shown_path(Path("/elsewhere/a.js"), context) == "/elsewhere/a.js"
    assert shown_path(tmp_path / os.fsdecode(b"caf\xe9.js"), context) == "caf\\xe9.js"
