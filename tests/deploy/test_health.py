from __future__ import annotations

import re
from pathlib import Path

import pytest

from buildtools.deploy.health import Check
from buildtools.deploy.place import Place
from tests.deploy.values import problem, read

PLACE = Place(host="web1", root="/srv/demo", target="demo", version="1.0.1", revision="ab12", release="1.0.1.ab12")


def test_one_or_several_as_text_or_with_options(tmp_path: Path) -> None:
    assert read(tmp_path, "health", "https://{host}/") == (Check(url="https://{host}/"),)
    text = (
        "[http://a/, {url: 'https://www.example.org/health?v={version}', connect: '{host}:8443', status: [200, 204],"
        " expect: '{release}', header: {X-Release: '{release}'}, send: {Authorization: Bearer x}, retries: 0,"
        " interval: 2s, deadline: 5m, timeout: 1, via: host, on: once}]"
    )
    assert read(tmp_path, "health", text)[1] == Check(
        url="https://www.example.org/health?v={version}",
        connect="{host}:8443",
        status=(200, 204),
        expect="{release}",
        header={"X-Release": "{release}"},
        send={"Authorization": "Bearer x"},
        retries=0,
        interval=2.0,
        deadline=300.0,
        timeout=1.0,
        via="host",
        on="once",
    )
    assert [check.once for check in read(tmp_path, "health", text)] == [False, True]
    assert read(tmp_path, "health", "{url: 'http://[::1]:8080/', status: 301}")[0].status == (301,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ftp://a/", "health: url 'ftp://a/' must begin with http://HOST or https://HOST"),
        ("/health", "must begin with"),
        ("http:///x", "must begin with"),
        ("http://a/b c", "has a blank in it"),
        ("'http://a/{versoin}'", r"has \{versoin\} in it; known are \{host\}, \{version\}, \{revision\}, \{release\}"),
        ("'http://a/{host'", r"has \{host in it"),
        ("http://a:99999/", "is no url"),
        ("'http://[::1/'", "is no url"),
        ("{url: http://a/, status: 42}", "status: expected a whole number of at least 100 and of at most 599"),
        ("{url: http://a/, status: []}", "At least 1|0 values"),
        ("{url: http://a/, connect: 'http://b'}", "connect 'http://b' is neither HOST nor HOST:PORT"),
        ("{url: http://a/, connect: 'b:x'}", "connect 'b:x' is neither"),
        ("{url: http://a/, header: {'a b': c}}", "header 'a b' is no header"),
        ('{url: http://a/, send: {a: "b\\r\\nc: d"}}', "send 'a' is no header"),
        ("{url: http://a/, timeout: 0}", "timeout must be above 0"),
        ("{url: http://a/, deadline: 0}", "deadline must be above 0"),
        ("{url: http://a/, retries: -1}", "retries: expected a whole number of at least 0"),
        ("{url: http://a/, via: there}", "expected one of here, host"),
        ("{expect: x}", "health needs the option url"),
        ("[http://a/, {url: ''}]", "must begin with"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert re.search(message, problem(tmp_path, "health", text).message)


def test_values_are_put_in() -> None:
    assert PLACE.fill('{"v": "{version}", "at": "{host}"} {x} {revision} {release}') == (
        '{"v": "1.0.1", "at": "web1"} {x} ab12 1.0.1.ab12'
    )


@pytest.mark.parametrize(
    ("expect", "text", "found"),
    [
        ("{version}", "Version 1.0.1.", True),
        ("{version}", "<b>1.0.1</b>", True),
        ("{version}", "1.0.1", True),
        ("{version}", "1.0.10", False),
        ("{version}", "1.0.1.2", False),
        ("{version}", "1.0.1-rc1", False),
        ("{version}", "11.0.1", False),
        ("{version}", "2.1.0.1", False),
        ("{version}", "1x0x1", False),
        ("v{version}", "(v1.0.1)", True),
        ("v{version}", "v1.0.12", False),
        ("<b>{version}<", "<b>1.0.1</b>", True),
        ("{release}", "1.0.1.ab12~2", False),
        ("hello", "hellos", True),
    ],
)
def test_a_version_is_not_found_within_another_one(expect: str, text: str, found: bool) -> None:
    assert bool(PLACE.pattern(expect).search(text)) is found
