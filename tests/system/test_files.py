"""File sets: patterns as Ant has them, walks that end and miss nothing."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildtools.system.files import Patterns, find_files, has_wildcard, pattern_problem


def make(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return root


def names(root: Path, *include: str, exclude: tuple[str, ...] = (), default_excludes: bool = True) -> list[str]:
    found = find_files(root, include, exclude, default_excludes=default_excludes)
    return [path.relative_to(root).as_posix() for path in found]


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("**/*.js", ["a.js", "x/a.js", "x/y/a.js", ".js"], ["a.jsx", "a.JS", "a.js/b"]),
        ("*.js", ["a.js"], ["x/a.js"]),
        ("vendor/**/*.js", ["vendor/a.js", "vendor/x/a.js"], ["x/vendor/a.js", "vendors/a.js", "vendor"]),
        ("**/vendor/**", ["vendor/a", "x/vendor/a", "x/vendor/y/a"], ["vendor", "a"]),
        ("vendor/", ["vendor/a", "vendor/x/a"], ["x/vendor/a"]),
        ("vendor", ["vendor"], ["vendor/a"]),
        ("a?.js", ["ab.js"], ["a.js", "abc.js", "a/.js"]),
        ("**", ["a", "x/a"], []),
        ("**/**/a", ["a", "x/a", "x/y/a"], ["ab"]),
        ("x/**/y/**/z", ["x/y/z", "x/1/y/2/3/z"], ["x/z", "y/z"]),
        ("x**y", ["xy", "x1y"], ["x/y"]),
        ("./a.js", ["a.js"], ["b.js"]),
        ("[a].js", ["[a].js"], ["a.js"]),
        ("a.b", ["a.b"], ["axb"]),
        ("{a,b}.js", ["{a,b}.js"], ["a.js"]),
        ("!a", ["!a"], ["a"]),
        ("#a", ["#a"], ["a"]),
        (" a ", [" a "], ["a"]),
        ("a\nb*", ["a\nb", "a\nb\nc"], ["a"]),
        ("**/ü*", ["x/ü.js"], ["u"]),
    ],
)
def test_patterns_match_as_in_ant(pattern: str, yes: list[str], no: list[str]) -> None:
    patterns = Patterns([pattern])
    assert [path for path in yes if not patterns.matches(path)] == []
    assert [path for path in no if patterns.matches(path)] == []


@pytest.mark.parametrize("pattern", ["", "  ", "/a", "../a", "a/../b", "a\0"])
def test_bad_patterns_are_told(pattern: str) -> None:
    assert pattern_problem(pattern)
    with pytest.raises(ValueError, match=r"."):
        Patterns([pattern])


def test_wildcards_are_known() -> None:
    assert [has_wildcard(pattern) for pattern in ("a.js", "*.js", "a?", "x/", "x/a")] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_no_pattern_matches_nothing() -> None:
    patterns = Patterns([])
    assert not patterns.matches("a")
    assert not patterns.covers("a")
    assert not patterns.reaches("a")


segments = st.lists(st.sampled_from(["a", "b", "*", "**", "a*", "?b"]), min_size=1, max_size=5)
paths = st.lists(st.sampled_from(["a", "b", "ab", "bb"]), min_size=1, max_size=5)


def plainly(pattern: list[str], path: list[str]) -> bool:
    """The rules once more, said by recursion."""
    if not pattern:
        return not path
    if pattern[0] == "**":
        # As the last part it stands for files too, so it takes at least one name.
        return bool(path) if pattern == ["**"] else any(plainly(pattern[1:], path[n:]) for n in range(len(path) + 1))
    name = re.escape(pattern[0]).replace(r"\*", ".*").replace(r"\?", ".")
    return bool(path) and re.fullmatch(name, path[0]) is not None and plainly(pattern[1:], path[1:])


@given(segments, paths)
def test_patterns_agree_with_the_rules_said_plainly(pattern: list[str], path: list[str]) -> None:
    patterns = Patterns(["/".join(pattern)])
    squeezed = [part for at, part in enumerate(pattern) if part != "**" or pattern[at - 1 : at] != ["**"]]
    assert patterns.matches("/".join(path)) == plainly(squeezed, path)
    if patterns.matches("/".join(path)):
        assert all(patterns.reaches("/".join(path[:depth])) for depth in range(1, len(path)))


@given(segments, paths, paths)
def test_a_covered_folder_holds_nothing_else(pattern: list[str], folder: list[str], below: list[str]) -> None:
    patterns = Patterns(["/".join(pattern)])
    if patterns.covers("/".join(folder)):
        assert patterns.matches("/".join(folder + below))


def test_a_set_is_sorted_and_excludes_win(tmp_path: Path) -> None:
    make(tmp_path, "b.js", "a.js", "a/z.js", "a-b/y.js", "vendor/v.js", "x/vendor/w.js", "c.css")
    assert names(tmp_path, "**/*.js", exclude=("vendor/**/*.js",)) == [
        "a-b/y.js",
        "a.js",
        "a/z.js",
        "b.js",
        "x/vendor/w.js",
    ]
    assert names(tmp_path, "a.js", "*.js", "a/**") == ["a.js", "a/z.js", "b.js"]
    assert names(tmp_path, "**/*.js", exclude=("**",)) == []


def test_what_nobody_means_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.js", "node_modules/x.js", "s/node_modules/y.js", ".git/z.js", ".#a.js", "a.js~", "#a.js#")
    assert names(tmp_path, "**") == ["a.js"]
    assert len(names(tmp_path, "**", default_excludes=False)) == 7


def test_hidden_files_and_folders_count(tmp_path: Path) -> None:
    make(tmp_path, ".eslintrc.js", ".config/a.js")
    assert names(tmp_path, "**/*.js") == [".config/a.js", ".eslintrc.js"]


def test_links_are_followed_once_and_loops_end(tmp_path: Path) -> None:
    outside = make(tmp_path / "outside", "o.js", "deep/p.js")
    (outside / "back").symlink_to(tmp_path / "root")
    root = make(tmp_path / "root", "a.js", "z/real.js")
    (root / "loop").symlink_to(".")
    (root / "z/up").symlink_to("..")
    (root / "alias").symlink_to("z")
    (root / "out1").symlink_to(outside)
    (root / "out2").symlink_to(outside)
    (root / "self").symlink_to("self")
    (root / "link.js").symlink_to("a.js")
    (root / "gone.js").symlink_to("nowhere")
    assert names(root, "**/*.js") == ["a.js", "gone.js", "link.js", "out1/deep/p.js", "out1/o.js", "z/real.js"]
    assert names(tmp_path, "root/alias/*.js") == ["root/alias/real.js"]


def test_folders_that_all_link_to_each_other_take_no_time(tmp_path: Path) -> None:
    for number in range(12):
        make(tmp_path, f"d{number}/a.js")
        for other in range(12):
            (tmp_path / f"d{number}/to{other}").symlink_to(f"../d{other}")
    started = time.monotonic()
    assert len(names(tmp_path, "**/*.js")) == 12
    assert time.monotonic() - started < 5


def test_only_files_are_found(tmp_path: Path) -> None:
    make(tmp_path, "dir.js/a.js")
    os.mkfifo(tmp_path / "pipe.js")
    assert names(tmp_path, "**/*.js") == ["dir.js/a.js"]


def test_names_of_every_kind(tmp_path: Path) -> None:
    odd = sorted(["a b.js", "it's.js", "line\nbreak.js", "*.js", "[x].js", "\N{GRINNING FACE}.js", "-.js"])
    make(tmp_path, *odd)
    assert names(tmp_path, "**/*.js") == odd
    try:
        (tmp_path / os.fsdecode(b"\xff.js")).write_text("")
    except OSError:
        pytest.skip("this file system holds UTF-8 names only")
    assert len(names(tmp_path, "**/*.js")) == len(odd) + 1


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        find_files(tmp_path / "none", ["**"])
    with pytest.raises(NotADirectoryError):
        find_files(make(tmp_path, "file") / "file", ["**"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list everything")
def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    make(tmp_path, "closed/a.js").joinpath("closed").chmod(0)
    try:
        with pytest.raises(PermissionError):
            names(tmp_path, "**/*.js")
        assert names(tmp_path, "**/*.js", exclude=("closed/**",)) == []
    finally:
        (tmp_path / "closed").chmod(0o755)


def test_bad_patterns_do_not_hang(tmp_path: Path) -> None:
    make(tmp_path, "a" * 200 + "/" + "b" * 200)
    started = time.monotonic()
    assert names(tmp_path, "*a*a*a*a*/*b*b*b*c", "/".join(["**", "*"] * 8) + "/c") == []
    assert time.monotonic() - started < 5
