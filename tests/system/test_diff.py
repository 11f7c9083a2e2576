"""Which lines git says have changed, asked of the real one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildtools.system.diff import EVERY_LINE, changed_ranges, touches
from buildtools.system.git import Repository
from tests.conftest import MakeProject

LINES = "".join(f"line {number}\n" for number in range(1, 11))


def test_lines_since_a_branch(project: MakeProject) -> None:
    made = project({"sub/a.py": LINES, "sub/b.py": LINES, 'sub/odd \u00e4\t"\\.py': LINES, "other.py": "x\n"})
    made.commit()
    made.git("branch", "base")
    made.git("mv", "sub/b.py", "sub/moved.py")
    made.replace("sub/a.py", "line 3\n", "LINE 3\n--- a/x\n+++ b/evil.py\n@@ -1 +1 @@\n")
    made.replace("sub/a.py", "line 9\n", "")
    made.commit()
    made.replace("sub/moved.py", "line 10\n", "line 10\nline 11")
    made.replace('sub/odd \u00e4\t"\\.py', "line 1\n", "first\n")
    made.write({"sub/new.py": "a\n", "other.py": "y\n"})
    found = Repository(made.root / "sub").changed_lines("base")
    assert found == {
        "a.py": ((3, 6),),
        "moved.py": ((11, 11),),
        'odd \u00e4\t"\\.py': ((1, 1),),
        "new.py": (EVERY_LINE,),
    }
    assert Repository(made.root / "sub").renames("base") == {"moved.py": "b.py"}


def test_on_the_branch_itself_the_last_commit_counts(project: MakeProject) -> None:
    made = project({"a.py": LINES})
    made.commit()
    repository = Repository(made.root)
    assert repository.changed_lines("HEAD") == {"a.py": (EVERY_LINE,)}
    made.replace("a.py", "line 5", "LINE 5")
    made.commit()
    assert Repository(made.root).changed_lines("HEAD") == {"a.py": ((5, 5),)}


@pytest.mark.parametrize(
    ("ranges", "first", "last", "found"),
    [(((3, 5),), 5, 9, True), (((3, 5),), 6, 9, False), ((), 1, 9, False), (((1, 1), (7, 9)), 2, 7, True)],
)
def test_ranges_that_meet(ranges: tuple[tuple[int, int], ...], first: int, last: int, found: bool) -> None:
    assert touches(ranges, first, last) is found


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    assert isinstance(changed_ranges(text), dict)
