"""Commands and connections on one host over SSH, with a real sshd on loopback."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from buildtools.deploy.host import LocalHost
from buildtools.deploy.script import Reply
from buildtools.deploy.ssh import command
from buildtools.plugin import Cancelled, StepError
from tests.support.context import LoneContext
from tests.support.reach import Cancellable, opened, said
from tests.support.sshd import Sshd, free_port, make_key


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    yield server
    server.stop()


def test_what_a_login_prints_is_not_taken_for_an_answer() -> None:
    reply = Reply(status=0, stdout=b"Welcome!\n@bt current link releases/1\nnoise @bt x\n\xff\n", stderr=b"a\n\n b\n")
    assert (reply.first("current"), reply.all("x"), reply.said) == ("link releases/1", [], "a; b")


def test_an_unknown_host_key_is_refused_with_the_command_that_pins_it(sshd: Sshd, tmp_path: Path) -> None:
    with (
        pytest.raises(StepError, match=r"host key is not known: ssh-ed25519 SHA256:") as caught,
        opened(sshd, tmp_path, known_hosts=()),
    ):
        pass
    listed = subprocess.run(
        ["ssh-keygen", "-lf", str(sshd.folder / "host_key.pub")], capture_output=True, text=True, check=True
    ).stdout
    assert listed.split()[1] in caught.value.message
    # The command works as it stands there, also where there is no ~/.ssh yet.
    command = caught.value.remedy.partition("then: ")[2]
    subprocess.run(["sh", "-c", command], check=True, env={**os.environ, "HOME": str(tmp_path)})
    with opened(sshd, tmp_path, known_hosts=(tmp_path / ".ssh/known_hosts",)) as host:
        assert said(host, "echo in") == "in\n"


def test_accept_new_writes_an_unknown_key_down(sshd: Sshd, tmp_path: Path) -> None:
    pins = tmp_path / "new/pins"
    with opened(sshd, tmp_path, known_hosts=(pins,), accept_new=True):
        pass
    assert pins.read_text().split() == [f"[127.0.0.1]:{sshd.port}", *sshd.host_key.split()]
    with opened(sshd, tmp_path, known_hosts=(pins,)):
        pass


def test_the_kind_of_key_that_is_known_is_asked_for(tmp_path: Path) -> None:
    keys = {}
    for kind in ("rsa", "ecdsa"):
        words = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(tmp_path / kind)]
        subprocess.run(words, check=True)
        keys[kind] = " ".join((tmp_path / f"{kind}.pub").read_text().split()[:2])
    server = Sshd(tmp_path / "sshd", config="".join(f"HostKey {tmp_path}/{kind}\n" for kind in keys))
    try:
        for kind, key in keys.items():
            known = tmp_path / f"known-{kind}"
            known.write_text(f"[127.0.0.1]:{server.port} {key}\n")
            with opened(server, tmp_path, known_hosts=(known,)) as host:
                assert said(host, "echo in") == "in\n"
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("banner", "stays", "problem"),
    [
        (b"", True, "no answer from 127.0.0.1:[0-9]* in time"),
        (b"SSH-2.0-sleepy\r\n", True, "no answer from 127.0.0.1:[0-9]* in time"),
        (b"SSH-2.0-sleepy\r\n", False, "no connection to 127.0.0.1"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, "no connection to 127.0.0.1"),
    ],
)
def test_what_answers_is_no_ssh_server(
    sshd: Sshd, tmp_path: Path, banner: bytes, stays: bool, problem: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(banner)
                with suppress(ConnectionError):
                    while stays and peer.recv(1000):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        started = time.monotonic()
        text = f"x@127.0.0.1:{server.getsockname()[1]}"
        with (
            pytest.raises(StepError, match=problem) as caught,
            opened(sshd, tmp_path, text=text, connect=1.0),
        ):
            pass
        assert ("connect-timeout" in caught.value.remedy) == stays
        assert time.monotonic() - started < 20
        thread.join()
    assert capfd.readouterr().err == ""  # nothing of paramiko's own words


def test_outputs_are_drained_while_input_goes_in(sshd: Sshd, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(os.urandom(6_000_000))
    with opened(sshd, tmp_path) as host:
        before = host.sent
        reply = host.run("{ cat >&2; head -c 3000000 /dev/zero; exit 7; }", [big])
        assert (reply.status, len(reply.stderr) > 2**20 - 1) == (7, True)
        assert 6_000_000 < host.sent - before < 6_400_000
        # A script that does not want its input ends the sending.
        assert host.run("{ echo '@bt error lock x'; exit 1; }", [big]).first("error") == "lock x"
        assert host.run("{ kill -9 $$; }").status != 0


@pytest.mark.parametrize("shell", ["sh", "dash", "bash", "zsh", "ksh", "busybox sh", "tcsh", "fish"])
def test_any_login_shell_will_do(tmp_path: Path, shell: str) -> None:
    program = shutil.which(shell.split(maxsplit=1)[0])
    if program is None:
        pytest.skip(f"{shell} is not installed")
    script = """printf '%s|' 'it'"'"'s' "back\\slash \\\\" '!x !! $HOME `no`' 'tab\t' "ü€" 100%d
set -eu; trap 'echo " $? end"' EXIT; : "$0"; cat; exit 3"""
    words = [program, *shell.split()[1:], "-c", command("{\n" + script + "\n}\n")]
    env = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)}
    done = subprocess.run(words, input=b"fed", capture_output=True, check=False, env=env)
    direct = subprocess.run(["sh", "-c", script], input=b"fed", capture_output=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (b"\n" + direct.stdout, b"", 3)


def test_what_goes_over_arrives_as_it_is(sshd: Sshd, tmp_path: Path) -> None:
    parts = [tmp_path / "one", tmp_path / "none", tmp_path / "two"]
    for path, size in zip(parts, (300_000, 0, 1), strict=True):
        path.write_bytes(os.urandom(size))
    with opened(sshd, tmp_path) as host:
        said(host, f"cat > '{tmp_path}/there'", parts)
    assert (tmp_path / "there").read_bytes() == b"".join(path.read_bytes() for path in parts)


def test_a_file_that_cannot_be_read_ends_the_sending(sshd: Sshd, tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.write_bytes(b"1" * 1000)
    for odd, problem in ((tmp_path, "Is a directory"), (tmp_path / "gone", "No such file")):
        started = time.monotonic()
        with (
            opened(sshd, tmp_path, phase=60.0) as host,
            pytest.raises(StepError, match=f"{odd}: cannot be read: {problem}"),
        ):
            host.run("{ cat >/dev/null; }", [first, odd])
        assert time.monotonic() - started < 30


def test_new_keys_are_agreed_on_while_data_goes_both_ways(tmp_path: Path) -> None:
    server = Sshd(tmp_path / "sshd", config="RekeyLimit 1M\n")
    big = tmp_path / "big"
    big.write_bytes(os.urandom(1_000_000) * 8)
    try:
        with opened(server, tmp_path) as host:
            reply = host.run("{ tee /dev/stderr; }", [big])
            assert reply.stdout == b"\n" + big.read_bytes()
    finally:
        server.stop()


def test_a_command_that_takes_too_long(sshd: Sshd, tmp_path: Path) -> None:
    with opened(sshd, tmp_path, phase=1.0) as host:
        big = tmp_path / "big"
        big.write_bytes(bytes(10_000_000))
        for feed in ((), (big,)):  # also when it does not take what is sent
            with pytest.raises(StepError, match=r"no end after 1 seconds"):
                host.run("{ sleep 3; }", feed)
        assert said(host, "echo alive") == "alive\n"


def test_cancelling_closes_the_connection(sshd: Sshd, tmp_path: Path) -> None:
    context = Cancellable(tmp_path)
    timer = threading.Timer(0.3, context.cancel)
    with opened(sshd, tmp_path, context) as host:
        timer.start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            host.run("{ sleep 30; }")
        assert time.monotonic() - started < 20
    timer.join()


def test_one_session_at_a_time_is_enough(tmp_path: Path) -> None:
    server = Sshd(tmp_path / "sshd", config="MaxSessions 1\n")
    try:
        with opened(server, tmp_path, phase=1.0) as host:
            for number in range(10):
                assert said(host, f"echo {number}") == f"{number}\n"
            # What is still at work there holds the only session for a while.
            with pytest.raises(StepError, match="no end after 1 seconds"):
                host.run("{ sleep 2; }")
            assert said(host, "echo again") == "again\n"
    finally:
        server.stop()


def test_a_server_that_opens_no_session(tmp_path: Path) -> None:
    lines = "Match LocalAddress 127.0.0.2\nMaxSessions 0\nMatch all\n"
    server = Sshd(tmp_path / "sshd", config=lines, listen="127.0.0.2")
    try:
        server.known_hosts.write_text(f"[127.0.0.2]:{server.port} {server.host_key}\n")
        text = f"{server.user}@127.0.0.2:{server.port}"
        with (
            opened(server, tmp_path, text=text, connect=1.0) as host,
            pytest.raises(StepError, match=r"sshd opens no session"),
        ):
            host.run("{ echo; }")
    finally:
        server.stop()


@contextmanager
def frozen(sshd: Sshd) -> Iterator[None]:
    """Let the server's sessions stand still: their connections stay, and nobody answers."""
    pids = sshd.sessions()
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("size", [0, 30_000_000])
def test_a_host_that_falls_silent_is_given_up(tmp_path: Path, size: int) -> None:
    server = Sshd(tmp_path / "sshd")
    big = tmp_path / "big"
    big.write_bytes(bytes(size))
    try:
        with opened(server, tmp_path, alive=0.25, connect=2.0) as host:
            with frozen(server):
                started = time.monotonic()
                with suppress(StepError):
                    assert host.run("{ cat >/dev/null; }", [big]).status == -1
                assert time.monotonic() - started < 20
            with pytest.raises(StepError, match="no connection to"):
                host.run("{ echo; }")
    finally:
        server.stop()


def test_a_host_that_works_in_silence_is_not_given_up(sshd: Sshd, tmp_path: Path) -> None:
    with opened(sshd, tmp_path, alive=0.5) as host:
        assert said(host, "sleep 3; echo done") == "done\n"


@contextmanager
def echoing() -> Iterator[int]:
    """Serve one client at a time: what it says comes back when it has said all of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer = server.accept()[0]
                except OSError:
                    return
                with peer, suppress(OSError):
                    data = b""
                    while piece := peer.recv(2**16):
                        data += piece
                    peer.sendall(data)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def through(stream: socket.socket, data: bytes) -> bytes:
    with stream:
        stream.sendall(data)
        stream.shutdown(socket.SHUT_WR)
        got = b""
        while piece := stream.recv(2**16):
            got += piece
    return got


def test_a_port_seen_from_the_host(sshd: Sshd, tmp_path: Path) -> None:
    data = os.urandom(1_000_000)
    with echoing() as port, opened(sshd, tmp_path) as host:
        assert through(host.dial("127.0.0.1", port), data) == data
        assert through(host.dial("localhost", port), b"x") == b"x"
        assert through(LocalHost(LoneContext(tmp_path), tmp_path).dial("127.0.0.1", port), data) == data
        with pytest.raises(ConnectionRefusedError, match=r"nothing answers at 127.0.0.1:\d+ there"):
            host.dial("127.0.0.1", free_port())
        left_open = host.dial("127.0.0.1", port)
        assert said(host, "echo there") == "there\n"
    left_open.close()


def test_who_is_dialled_may_be_silent_or_gone(sshd: Sshd, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, opened(sshd, tmp_path) as host:
        stream = host.dial("127.0.0.1", server.getsockname()[1], 0.3)
        with stream, pytest.raises(TimeoutError):
            stream.recv(1)
        stream = host.dial("127.0.0.1", server.getsockname()[1])
        server.accept()[0].close()
        server.accept()[0].close()
        assert stream.recv(1) == b""
        stream.close()


def test_a_server_that_lets_nobody_through(tmp_path: Path) -> None:
    server = Sshd(tmp_path / "sshd", config="AllowTcpForwarding no\n")
    try:
        with opened(server, tmp_path) as host, pytest.raises(PermissionError, match="AllowTcpForwarding"):
            host.dial("127.0.0.1", server.port)
    finally:
        server.stop()


def test_a_key_that_may_do_little(sshd: Sshd, tmp_path: Path) -> None:
    """As the documentation tells to write it into authorized_keys."""
    key = make_key(tmp_path / "key")
    public = Path(f"{key}.pub").read_text()
    file = sshd.folder / "authorized_keys"
    before = file.read_text()
    try:
        with echoing() as port:
            file.write_text(f"{before}restrict {public}")
            with opened(sshd, tmp_path, identity=(key,)) as host:
                assert said(host, "echo in") == "in\n"
                with pytest.raises(PermissionError):
                    host.dial("127.0.0.1", port)
            file.write_text(f'{before}restrict,port-forwarding,permitopen="127.0.0.1:{port}" {public}')
            with opened(sshd, tmp_path, identity=(key,)) as host:
                assert through(host.dial("127.0.0.1", port), b"x") == b"x"
                with pytest.raises(PermissionError):
                    host.dial("127.0.0.1", sshd.port)
    finally:
        file.write_text(before)


def test_dialling_over_a_connection_that_is_lost(sshd: Sshd, tmp_path: Path) -> None:
    context = Cancellable(tmp_path)
    with opened(sshd, tmp_path, context) as host:
        context.cut()
        with pytest.raises(ConnectionError):
            host.dial("127.0.0.1", sshd.port)


def test_http_and_tls_work_over_it(sshd: Sshd, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    try:
        subprocess.run([*words, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as server, opened(sshd, tmp_path) as host:

        def serve() -> None:
            with inside.wrap_socket(server.accept()[0], server_side=True) as peer:
                assert b"GET /healthy" in peer.recv(2**16)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nr1.23")

        thread = threading.Thread(target=serve)
        thread.start()
        outside = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPConnection("localhost")
        connection.sock = outside.wrap_socket(
            host.dial("localhost", server.getsockname()[1]), server_hostname="localhost"
        )
        connection.request("GET", "/healthy")
        assert connection.getresponse().read() == b"r1.23"
        connection.close()
        thread.join()
