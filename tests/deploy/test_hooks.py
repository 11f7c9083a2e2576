from __future__ import annotations

import re
from pathlib import Path

import pytest

from buildtools.deploy.hooks import Hook, Hooks
from buildtools.deploy.place import Place
from buildtools.plugin import StepError
from tests.deploy.values import problem, read
from tests.support.releases import pack, upload


def test_one_or_several_as_text_or_with_options(tmp_path: Path) -> None:
    text = (
        "{prepare: {run: ./manage.py migrate, once: true, timeout: 5m}, before-switch: [./warm, {run: ./more}],"
        " reload: sudo systemctl reload nginx, after-rollback: [a]}"
    )
    assert read(tmp_path, "hooks", text) == Hooks(
        prepare=(Hook(run="./manage.py migrate", once=True, timeout=300.0),),
        before_switch=(Hook(run="./warm"), Hook(run="./more")),
        reload=(Hook(run="sudo systemctl reload nginx"),),
        after_rollback=(Hook(run="a"),),
    )
    assert [hook.once for hook in read(tmp_path, "hooks", text).prepare] == [True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{reload: ''}", "reload: an empty command"),
        ("{reload: [x, '  ']}", "reload: an empty command"),
        ("{reload: {run: x, once: twice}}", "once: expected true or false, found 'twice'"),
        ("{reload: {run: x, timeout: soon}}", "timeout: expected a duration"),
        ("{reload: {once: true}}", "reload needs the option run"),
        ("{relaod: x}", "hooks has no option 'relaod'"),
        ("{reload: [[x]]}", r"reload: expected a text \(run\) or a mapping with run, once, timeout, found a list"),
        ("x", "hooks: expected a mapping with prepare, before-switch, reload, after-switch, after-rollback"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert re.search(message, problem(tmp_path, "hooks", text).message)


def test_a_command_that_no_shell_can_be_given() -> None:
    for text in ("a\0b", "x" * 65_537):
        with pytest.raises(ValueError, match="no shell can be given"):
            Hook(run=text)


def test_what_a_hook_finds_in_its_environment() -> None:
    place = Place(
        host="web1", root="/srv/www/demo", target="demo", version="1.0", revision="r2", release="1.0.r2~2",
        previous="0.9.r1",
    )  # fmt: skip
    assert place.environment() == {
        "BUILDTOOLS_HOST": "web1",
        "BUILDTOOLS_ROOT": "/srv/www/demo",
        "BUILDTOOLS_TARGET": "demo",
        "BUILDTOOLS_VERSION": "1.0",
        "BUILDTOOLS_REVISION": "r2",
        "BUILDTOOLS_RELEASE": "1.0.r2~2",
        "BUILDTOOLS_PREVIOUS": "0.9.r1",
    }


def test_after_going_back_hooks_are_told_of_what_is_served_then(tmp_path: Path) -> None:
    upload(tmp_path, pack(tmp_path, {"a": "1"}, version="1.0", revision="r1"))
    tell = Hook(run='echo "$BUILDTOOLS_VERSION $BUILDTOOLS_REVISION $BUILDTOOLS_RELEASE" >>"$BUILDTOOLS_ROOT/told"')
    hooks = Hooks(reload=(tell,), after_switch=(Hook(run="exit 1"),), after_rollback=(tell,))
    with pytest.raises(StepError, match="ended with status 1"):
        upload(tmp_path, pack(tmp_path, {"a": "2"}, version="2.0", revision="r2"), hooks=hooks)
    told = (tmp_path / "site/demo/told").read_text().splitlines()
    assert told == ["2.0 r2 2.0.r2", "1.0 r1 1.0.r1", "1.0 r1 1.0.r1"]
