"""Which lines git says have changed, asked of the real one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildtools.system.diff import EVERY_LINE, Changes, changes, touches
from buildtools.system.git import Repository
from tests.conftest import MakeProject
from tests.support.project import Project

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
    assert isinstance(changes(text), Changes)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("diff.interHunkContext", "5"),
        ("diff.context", "3"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.renames", "copies"),
        ("diff.orderFile", "nowhere"),
        ("diff.external", "false"),
        ("diff.algorithm", "patience"),
        ("diff.suppressBlankEmpty", "true"),
        ("diff.submodule", "diff"),
        ("color.ui", "always"),
        ("core.quotePath", "false"),
    ],
)
def test_settings_change_nothing(project: MakeProject, key: str, value: str) -> None:
    made = several(project)
    made.git("config", key, value)
    assert Repository(made.root).changed_lines("base") == SEVERAL
    assert Repository(made.root).changed("base") == tuple(sorted({*SEVERAL, "b.py"}))
    assert Repository(made.root).renames("base") == {"moved.py": "b.py"}


@pytest.mark.parametrize("words", ["--unified=3", "-u9"])
def test_the_environment_changes_nothing(project: MakeProject, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = several(project)
    monkeypatch.setenv("GIT_DIFF_OPTS", words)
    assert Repository(made.root).changed_lines("base") == SEVERAL


def several(project: MakeProject) -> Project:
    made = project({"a.py": LINES, "b.py": LINES, "c \u00e4.py": LINES})
    made.commit()
    made.git("branch", "base")
    made.git("mv", "b.py", "moved.py")
    for name in ("a.py", "c \u00e4.py", "moved.py"):
        made.replace(name, "line 3\n", "LINE 3\n")
        made.replace(name, "line 6\n", "")
        made.replace(name, "line 9\n", "line 9\n\n")
    made.commit()
    return made


SEVERAL = dict.fromkeys(("a.py", "c ä.py", "moved.py"), ((3, 3), (9, 9)))


def test_attributes_hide_no_lines(project: MakeProject) -> None:
    picture = b"\x89PNG\0" + bytes(range(256))
    odd = "x and b/x [a].py"
    made = project({"a.py": LINES, odd: LINES, "p.png": picture, "gone.py": LINES, ".gitattributes": "*.py -diff\n"})
    made.commit()
    made.git("branch", "base")
    made.replace("a.py", "line 3\n", "LINE 3\n")
    made.replace(odd, "line 4\n", "LINE 4\n")
    made.write({"p.png": picture + b"\0", "new.py": "a\nb\n", "new.png": picture})
    made.git("rm", "-q", "gone.py")
    made.commit()
    assert Repository(made.root).changed_lines("base") == {
        "a.py": ((3, 3),),
        odd: ((4, 4),),
        "new.py": ((1, 2),),
        "p.png": (EVERY_LINE,),
        "new.png": (EVERY_LINE,),
    }


def test_a_repository_within_is_new_as_a_whole(project: MakeProject) -> None:
    made = project({"a.py": LINES})
    made.commit()
    made.write({"in/own/b.py": "x\n", "in/own/c/d.py": "x\n", "in/own/e.log": "x\n", "in/own/.gitignore": "*.log\n"})
    made.git("init", "-q", "in/own")
    made.git("-C", "in/own", "add", "b.py")
    new = ("in/own/.gitignore", "in/own/b.py", "in/own/c/d.py")
    assert set(new) <= set(Repository(made.root).changed("HEAD"))
    made.write({"a.py": LINES + "more\n"})
    made.git("add", "a.py")
    made.git("commit", "-q", "-m", "two")
    assert Repository(made.root).changed_lines("HEAD") == {"a.py": ((11, 11),), **dict.fromkeys(new, (EVERY_LINE,))}
    assert Repository(made.root / "in").changed("HEAD") == tuple(name.removeprefix("in/") for name in new)


def test_context_is_counted_and_no_header_is_swallowed() -> None:
    text = """\
diff --git a/a b/a
--- a/a
+++ b/a
@@ -1,5 +1,6 @@
 one

-two
+TWO
+--- a/x
 three
 four
\\ No newline at end of file
@@ -8,9 +9,9 @@
-cut short
diff --git a/b b/b
--- a/b
+++ b/b
@@ -1 +1 @@
-x
+y
"""
    assert changes(text).ranges == {"a": ((3, 4),), "b": ((1, 1),)}
