"""Coverage by other tools: Cobertura's XML and LCOV's tracefiles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from buildtools.core.results import CoveredFile
from buildtools.steps.imported import cobertura, lcov
from buildtools.steps.imported.hits import joined
from buildtools.steps.imported.imported import Unreadable

COBERTURA = """<?xml version="1.0"?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage line-rate="0.5"><sources><source>/app/src</source><source> </source></sources><packages><package name="p">
<classes>
 <class name="A" filename="a.c"><methods><method name="f"><lines><line number="1" hits="3"/></lines></method></methods>
  <lines><line number="2" hits="0"/><line number="3" hits="1" branch="true" condition-coverage="50% (2/4)"/>
  </lines></class>
 <class name="A.B" filename="a.c"><lines><line number="2" hits="1"/><line number="9" hits="0"/></lines></class>
</classes></package></packages></coverage>
"""


def test_classes_of_one_file_are_one() -> None:
    imported = cobertura.read(COBERTURA.encode())
    assert imported.sources == ("/app/src",)
    (file,) = imported.result.coverage
    assert file == CoveredFile(path="a.c", executed=((1, 3),), missing=((9, 9),), branches=4, covered_branches=2)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<report/>", "its element is <report>, not <coverage>"),
        ('<coverage generated="1"><project/></coverage>', "is Clover's form"),
        ('<coverage>\n<class filename=""/></coverage>', "line 2: a class without a filename"),
        (
            '<coverage><class filename="a"><lines><line number="x" hits="1"/></lines></class></coverage>',
            "the number 'x' and the hits '1'",
        ),
    ],
)
def test_bad_xml(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        cobertura.read(text.encode())


LCOV = """TN:first
SF:src/a.c
FN:1,f
DA:1,5,checksum
DA:2,0
DA:3,-1
BRDA:1,0,0,1
BRDA:1,0,1,0
BRDA:2,0,to line 5, or 6,-
LF:3
end_of_record
# a remark
SF:src/a.c
DA:2,1
BRDA:1,0,0,0
end_of_record
SF:empty.c
end_of_record
"""


def test_records_of_one_file_are_one() -> None:
    imported = lcov.read(LCOV.encode())
    assert imported.result.coverage[0] == CoveredFile(
        path="src/a.c", executed=((1, 2),), missing=((3, 3),), branches=3, covered_branches=1
    )
    assert not imported.nothing
    assert lcov.read(b"SF:empty.c\nend_of_record\n").nothing


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SF:a\nDA:1,1\n", "ends in the middle of the record of a"),
        ("SF:a\nDA:x,1\nend_of_record\n", "line 2: 'DA:x,1': no number of a line"),
        ("SF:a\nDA:1\nend_of_record\n", "line 2"),
        ("DA:1,1\n", "line 1: 'DA:1,1' is not what LCOV has there"),
        ("SF:a\nSF:b\n", "line 2"),
        ("hello\n", "line 1"),
    ],
)
def test_bad_tracefiles(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        lcov.read(text.encode())


def test_reports_of_several_runs_are_joined() -> None:
    one = CoveredFile(path="a", executed=((1, 2),), missing=((3, 5),), branches=4, covered_branches=1)
    two = CoveredFile(path="a", executed=((4, 4),), missing=((1, 3), (5, 5)), branches=4, covered_branches=3)
    empty, other = CoveredFile(path="e"), CoveredFile(path="b", executed=((1, 1),))
    both = CoveredFile(path="a", executed=((1, 2), (4, 4)), missing=((3, 3), (5, 5)), branches=4, covered_branches=3)
    assert joined([other, one, two, empty]) == (both, other)
    huge = CoveredFile(path="a", executed=((1, 10**12),))
    assert joined([huge, huge]) == (huge,)


def test_coverages_own(tmp_path: Path, unmeasured: None) -> None:
    (tmp_path / "a.py").write_text("def f(x):\n    if x:\n        return 1\n    return 2\n\n\nf(1)\n")
    for words in (
        ("run", "--rcfile=/dev/null", "--branch", "a.py"),
        ("xml", "--rcfile=/dev/null", "-o", "c.xml"),
        ("lcov", "--rcfile=/dev/null", "-o", "c.lcov"),
    ):
        subprocess.run([sys.executable, "-m", "coverage", *words], cwd=tmp_path, capture_output=True, check=True)
    by_xml = cobertura.read((tmp_path / "c.xml").read_bytes())
    (file,) = by_xml.result.coverage
    assert by_xml.sources == (str(tmp_path),)
    assert file == CoveredFile(
        path="a.py",
        executed=((1, 3), (7, 7)),
        missing=((4, 4),),
        branches=2,
        covered_branches=1,
        jumps=((2, 4),),
    )
    (other,) = lcov.read((tmp_path / "c.lcov").read_bytes()).result.coverage
    assert (other.executed, other.missing, other.branches, other.covered_branches) == (
        (file.executed, file.missing, file.branches, file.covered_branches)
    )
