"""Names, paths and addresses: what is let through to a host, and what never is."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildtools.deploy.layout import (
    Address,
    Release,
    address,
    link_problem,
    name_problem,
    parents,
    path_problem,
    root_problem,
)
from buildtools.deploy.script import compose

PLAIN = settings(database=None, deadline=None, max_examples=100)


@pytest.mark.parametrize("name", ["1.0.1", "demo", "0264103894", "v1_2+build-3", "1..2", "a" * 64])
def test_names_that_are_usable(name: str) -> None:
    assert name_problem(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "-x",
        "a/b",
        "a b",
        "a\n",
        "\na",
        "$(x)",
        "'",
        "current",
        "Releases",
        "SHARED",
        "é",
        "a~2",
        "a" * 65,
    ],
)
def test_names_that_are_not(name: str) -> None:
    assert name_problem(name)
    assert Release(target="demo", version=name, revision="1").problems()[0][0] == "version"


@PLAIN
@given(st.text(max_size=30))
def test_a_name_that_passes_needs_no_quotes(name: str) -> None:
    if not name_problem(name):
        assert shlex.quote(name) == name or "+" in name
        assert re.fullmatch(r"[!-~]+", name)
        assert "/" not in name
        assert not name.startswith((".", "-"))


@PLAIN
@given(st.text(max_size=30))
def test_a_path_that_passes_stays_below_the_release(path: str) -> None:
    if not path_problem(path):
        assert not path.startswith("/")
        assert not {"", ".", ".."} & set(path.split("/"))
        assert "\n" not in path


@pytest.mark.parametrize(
    ("path", "target", "fine"),
    [
        ("a", "b", True), ("x/a", "../b", True), ("x/a", "..", True), ("a", "../b", False), ("a", "/b", False),
        ("x/a", "../../b", False), ("a", "", False), ("a", "x/../..", False), ("a", "b\n", False),
    ],
)  # fmt: skip
def test_links_stay_inside(path: str, target: str, fine: bool) -> None:
    assert (link_problem(path, target) == "") is fine


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("web1", Address(text="web1", host="web1")),
        ("deploy@web1.example.org", Address(text="deploy@web1.example.org", host="web1.example.org", user="deploy")),
        ("d@10.0.0.1:2222", Address(text="d@10.0.0.1:2222", host="10.0.0.1", user="d", port=2222)),
        ("[::1]:22", Address(text="[::1]:22", host="::1", port=22)),
        ("d@[fe80::1%eth0]", Address(text="d@[fe80::1%eth0]", host="fe80::1%eth0", user="d")),
        ("local:", Address(text="local:", local=True)),
        ("local:/srv/www", Address(text="local:/srv/www", local=True, folder="/srv/www")),
        ("-oProxyCommand=x", None), ("a@-b", None), ("a b", None), ("", None), ("web1:0", None), ("web1:99999", None),
        ("web1:ssh", None), ("::1", None), ("a@b@c", None), ("$(x)", None), ("local:a\nb", None), ("ssh://web1", None),
    ],
)  # fmt: skip
def test_addresses(text: str, wanted: Address | None) -> None:
    assert address(text) == wanted


@pytest.mark.parametrize("root", ["public_html", "/srv/www", "a b/'c'", "-x", "./x", "."])
def test_roots_that_are_usable(root: str) -> None:
    assert root_problem(root) == ""


@pytest.mark.parametrize("root", ["", " ", "../x", "a/../b", "~/www", "a\nb"])
def test_roots_that_are_not(root: str) -> None:
    assert root_problem(root)


@PLAIN
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
def test_a_value_reaches_the_script_as_it_is(value: str) -> None:
    head = compose("abort", {"value": value}, [value]).partition("# What every phase")[0]
    script = f'{head} printf %s "$value"; printf %s "$1"; exit\n}}\n'
    shown = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout
    assert shown == value.encode() * 2


@pytest.mark.parametrize(
    "phase", ["probe", "fetch", "claim held", "claim listing stage settle", "hook", "commit", "back", "finish", "abort"]
)
def test_a_script_that_is_cut_off_runs_nothing(phase: str) -> None:
    script = compose(phase, {"base": "/nonexistent/x", "root": "/nonexistent", "txn": "t", "version": "1"})
    for cut in (len(script) - 2, len(script) // 2, 40):
        done = subprocess.run(["sh", "-c", script[:cut]], capture_output=True, check=False)
        assert done.returncode != 0
        assert done.stdout == b""
    assert len(script) < 2**15  # far from the 128 KiB that one argument may have


def test_variables_are_words() -> None:
    with pytest.raises(ValueError, match="not shell variables"):
        compose("probe", {"x;rm": "1"})


def test_the_folders_of_a_path_come_innermost_first() -> None:
    assert [*parents("a/b/c")] == ["a/b", "a"]
    assert [*parents("a")] == []
