from __future__ import annotations

import re
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from buildtools.core.errors import Cancelled
from buildtools.deploy.answer import LARGEST
from buildtools.deploy.health import Check, failing
from buildtools.deploy.place import Place
from tests.deploy.values import problem, read
from tests.support.servers import Server, answering, certificate, page, request, secured, serving

PLACE = Place(host="web1", root="/srv/demo", target="demo", version="1.0.1", revision="ab12", release="1.0.1.ab12")


def test_one_or_several_as_text_or_with_options(tmp_path: Path) -> None:
    assert read(tmp_path, "health", "https://{host}/") == (Check(url="https://{host}/"),)
    text = (
        "[http://a/, {url: 'https://www.example.org/health?v={version}', connect: '{host}:8443', status: [200, 204],"
        " expect: '{release}', header: {X-Release: '{release}'}, send: {Authorization: Bearer x}, retries: 0,"
        " interval: 2s, deadline: 5m, timeout: 1, via: host, once: true}]"
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
        once=True,
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
        ("{url: http://a/, header: {a: ü}}", "header 'a' is no header, or has a value that none can have"),
        ("http://a..b/", "is no url"),
        ("{url: http://a/, expect: '{verson}'}", r"expect has \{verson\} in it; known are \{host\}, \{version\}"),
        ("{url: http://a/, header: {X-Release: 'v{relase}'}}", r"header has \{relase\} in it"),
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


@pytest.mark.parametrize(
    "text", ['{"ok": true}', "{}", "{ok: 1}", "{ version }", "{{}}", "a{b;c}", '{"v": "{version}"}']
)
def test_other_braces_may_stand_in_what_is_expected(text: str) -> None:
    assert Check(url="http://a/", expect=text, header={"X-A": text}).expect == text


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


def refuse(host: str, port: int, seconds: float) -> socket.socket:
    raise AssertionError("asked through the host")


def ask(url: str, **options: Any) -> str:
    check = Check(url=url, **{"retries": 0, "interval": 0.01, **options})
    return failing(check, PLACE, dial=refuse, cancelled=lambda: None)


def test_a_right_answer() -> None:
    with serving(answering(page("<p>1.0.1.ab12</p>", x_release="1.0.1.ab12"))) as server:
        url = f"{server.url}/health?v={{version}}&q=ü"
        assert ask(url, expect="{release}", header={"X-Release": "{release}"}, send={"X-Token": "{revision}"}) == ""
        (asked,) = server.requests
    assert asked.startswith(b"GET /health?v=1.0.1&q=%C3%BC HTTP/1.1\r\n")
    assert f"\r\nHost: 127.0.0.1:{server.port}\r\n".encode() in asked
    assert b"\r\nX-Token: ab12\r\n" in asked


def test_a_name_and_password_are_sent_and_not_shown() -> None:
    with serving(answering(page(status="401 Unauthorized"))) as server:
        why = ask(f"http://me:p%40ss@127.0.0.1:{server.port}/x")
        (asked,) = server.requests
    assert b"\r\nAuthorization: Basic bWU6cEBzcw==\r\n" in asked
    assert why == f"{server.url}/x: answered 401 Unauthorized instead of 200, which is empty"


@pytest.mark.parametrize(
    ("answer", "options"),
    [
        (page(status="302 Found", location="/login"), {"status": (302,)}),
        (page("x" * LARGEST + "end"), {"expect": "xxx"}),
        (page("ü"), {"expect": "ü"}),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=latin-1\r\n\r\n\xfc", {"expect": "ü"}),
        (b"HTTP/1.1 200 OK\r\nContent-Type: a/b; charset=none-such\r\n\r\n\xc3\xbc", {"expect": "ü"}),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nd\r\n0\r\n\r\n", {"expect": "ad"}),
        (b"HTTP/1.0 200 OK\r\n\r\nx", {"expect": "x"}),
        (b"HTTP/1.1 200 OK\r\nX: a\r\nX: b\r\nContent-Length: 0\r\n\r\n", {"header": {"x": "b"}}),
    ],
)  # fmt: skip
def test_what_is_a_right_answer(answer: bytes, options: dict[str, Any]) -> None:
    with serving(answering(answer)) as server:
        assert ask(f"{server.url}/", **options) == ""


LACKS = "'1.0.1' does not stand in the answer, which"
CUT = "the connection was cut off: "
FOREIGN = "what answers does not speak HTTP: "


@pytest.mark.parametrize(
    ("answer", "options", "why"),
    [
        (page("Out\n of\x1b[31m", "503 Gone"), {}, "answered 503 Gone instead of 200, which begins with 'Out of?[31m'"),
        (page("x"), {"status": (204, 301)}, "answered 200 OK instead of 204 or 301, which begins with 'x'"),
        (page(status="302 Found", location="/in"), {}, "answered 302 Found (to /in) instead of 200, which is empty"),
        (page("old 1.0.0"), {"expect": "{version}"}, f"{LACKS} begins with 'old 1.0.0'"),
        (page("1.0.10"), {"expect": "{version}"}, f"{LACKS} begins with '1.0.10'"),
        (page(), {"expect": "{version}"}, f"{LACKS} is empty"),
        (page("y" * 1000), {"expect": "{version}"}, f"{LACKS} begins with '{'y' * 160}'"),
        (page("x" * LARGEST + "1.0.1"), {"expect": "{version}"}, f"{LACKS} begins with '{'x' * 160}'"),
        (page(), {"header": {"X-Version": "1"}}, "the header X-Version is missing, instead of '1'"),
        (page(x_v="1.0.10"), {"header": {"x-v": "{version}"}}, "the header x-v is '1.0.10', instead of '1.0.1'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", {}, f"{CUT}the end of the answer is missing"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\na", {}, f"{CUT}the end of the answer is missing"),
        (b"", {}, f"{CUT}Remote end closed connection without response"),
        (b"SSH-2.0-OpenSSH_9\r\n", {}, f"{FOREIGN}SSH-2.0-OpenSSH_9"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", {}, f"{FOREIGN}got more than 100 headers"),
    ],
)  # fmt: skip
def test_what_is_not_the_right_answer(answer: bytes, options: dict[str, Any], why: str) -> None:
    with serving(answering(answer)) as server:
        assert ask(f"{server.url}/", **options) == f"{server.url}/: {why}"


def test_what_nobody_knows_is_not_looked_for() -> None:
    place = Place(host="web1", root="/srv", target="demo", version="", revision="", release="20240103")
    with serving(answering(page("<p>20240103</p>"))) as server:
        url = f"{server.url}/"
        known = Check(url=url, expect="{version}", header={"X-Version": "{version}"}, retries=0)
        assert failing(known, place, dial=refuse, cancelled=lambda: None) == ""
        release = Check(url=url, expect="{release}", header={"X-Release": "{release}"}, retries=0)
        assert "X-Release is missing" in failing(release, place, dial=refuse, cancelled=lambda: None)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    assert ask(f"http://127.0.0.1:{port}/") == f"http://127.0.0.1:{port}/: no connection: Connection refused"
    assert "the host's name is not known" in ask("http://nobody.invalid/")


def reset(server: Server, wire: socket.socket) -> None:
    request(wire)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def mute(server: Server, wire: socket.socket) -> None:
    while wire.recv(4096):
        pass


def dripping(head: bytes, drop: bytes) -> Any:
    def behave(server: Server, wire: socket.socket) -> None:
        request(wire)
        wire.sendall(head)
        while True:
            wire.sendall(drop)
            time.sleep(0.02)

    return behave


@pytest.mark.parametrize(
    ("behave", "why"),
    [
        (mute, "no answer"),
        (dripping(b"", b"H"), "no answer"),
        (dripping(b"HTTP/1.1 200 OK\r\n", b"A: b"), "no answer"),
        (dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "no answer"),
        (dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n", b"x"), "no end of the answer"),
    ],
)  # fmt: skip
def test_an_answer_has_its_time(behave: Any, why: str) -> None:
    with serving(behave) as server:
        assert ask(f"{server.url}/", timeout=0.3) == f"{server.url}/: {why} within 0.3 seconds"


def test_a_connection_that_is_reset() -> None:
    with serving(reset) as server:
        assert (
            ask(f"{server.url}/") == f"{server.url}/: the connection was cut off: [Errno 104] Connection reset by peer"
        )


def test_it_is_asked_again_until_it_is_right() -> None:
    wrong = page("starting", "503 Service Unavailable")
    with serving(answering(wrong, b"", page("1.0.1"))) as server:
        assert ask(f"{server.url}/", expect="{version}", retries=5) == ""
        assert len(server.requests) == 3
    with serving(answering(wrong)) as server:
        why = ask(f"{server.url}/", retries=3)
        assert len(server.requests) == 4
    assert re.search(r"answered 503 .* \(asked 4 times in \d+ s\)$", why)


def test_the_deadline_ends_the_asking() -> None:
    with serving(answering(page(status="503 x"))) as server:
        why = ask(f"{server.url}/", retries=1000, interval=0.05, deadline=0.3)
        assert 2 <= len(server.requests) < 20
    assert "(asked " in why
    with serving(mute) as server:
        assert "no answer within 0.2 seconds" in ask(f"{server.url}/", retries=9, interval=1.0, deadline=0.2)


def test_cancelling_ends_it_at_once() -> None:
    calls = 0

    def cancelled() -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise Cancelled

    with serving(mute) as server, pytest.raises(Cancelled):
        failing(Check(url=f"{server.url}/", timeout=3600), PLACE, dial=refuse, cancelled=cancelled)
    calls = 0
    with serving(answering(page(status="503 x"))) as server:
        check = Check(url=f"{server.url}/", interval=3600, deadline=10_000)
        with pytest.raises(Cancelled):
            failing(check, PLACE, dial=refuse, cancelled=cancelled)


def test_a_dial_that_hangs_is_not_waited_for() -> None:
    free = threading.Event()

    def hang(host: str, port: int, seconds: float) -> socket.socket:
        free.wait(20)
        return socket.create_connection((host, port), 5)

    with serving(answering(page())) as server:
        check = Check(url=f"{server.url}/", via="host", timeout=0.1, retries=0)
        assert "no connection within 0.1 seconds" in failing(check, PLACE, dial=hang, cancelled=lambda: None)
        free.set()
        for thread in threading.enumerate():
            if thread.name == "health":
                thread.join(10)


def test_through_the_host() -> None:
    asked: list[tuple[str, int, float]] = []

    def dial(host: str, port: int, seconds: float) -> socket.socket:
        asked.append((host, port, seconds))
        return socket.create_connection(("127.0.0.1", server.port), seconds)

    def refused(host: str, port: int, seconds: float) -> socket.socket:
        raise PermissionError("web1: sshd allows no connection")

    with serving(answering(page("1.0.1"))) as server:
        check = Check(url="http://{host}/", expect="{version}", via="host", timeout=5.0)
        assert failing(check, PLACE, dial=dial, cancelled=lambda: None) == ""
        elsewhere = Check(url="http://www.example.org/x", connect="localhost:8080", via="host", timeout=5.0)
        assert failing(elsewhere, PLACE, dial=dial, cancelled=lambda: None) == ""
        first, second = server.requests
    assert asked == [("web1", 80, 5.0), ("localhost", 8080, 5.0)]
    assert b"\r\nHost: web1\r\n" in first
    assert b"\r\nHost: www.example.org\r\n" in second
    check = Check(url="http://{host}/", via="host", retries=0)
    assert failing(check, PLACE, dial=refused, cancelled=lambda: None) == (
        "http://web1/: no connection: web1: sshd allows no connection"
    )


def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = certificate(tmp_path, "www.example.org")
    with serving(secured(files, answering(page("1.0.1")))) as server:
        options: dict[str, Any] = {"connect": f"127.0.0.1:{server.port}", "expect": "{version}"}
        why = ask("https://www.example.org/", **options)
        assert why.startswith("https://www.example.org/: its certificate is not accepted: self")  # `-` or blank, signed
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
        assert ask("https://www.example.org/", **options) == ""
        assert "Hostname mismatch" in ask("https://example.net/", **options)
        assert b"\r\nHost: www.example.org\r\n" in server.requests[0]
    with serving(lambda server, wire: wire.sendall(page("plain"))) as server:
        assert "no TLS connection: " in ask(f"https://127.0.0.1:{server.port}/")
    with serving(mute) as server:
        assert "no TLS connection within 0.3 seconds" in ask(f"https://127.0.0.1:{server.port}/", timeout=0.3)
    with serving(secured(files, mute)) as server:
        options = {"connect": f"127.0.0.1:{server.port}", "timeout": 0.5}
        assert "no answer within 0.5 seconds" in ask("https://www.example.org/", **options)
