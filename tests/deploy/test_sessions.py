"""Opening all hosts of a deployment, through gateways too, with real servers on loopback."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from buildtools.deploy.hostkeys import HostKeyRefused
from buildtools.deploy.ssh import SshHost
from buildtools.plugin import Cancelled, StepError
from tests.support.context import LoneContext
from tests.support.reach import Cancellable, opened, reached, said
from tests.support.sshd import Sshd, account, free_port, make_key

HERE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Sshd]]:
    """Three servers: the first lets connections through to the second only, and that one to the third."""
    folder = tmp_path_factory.mktemp("servers")
    last = Sshd(folder / "2", config="PasswordAuthentication yes\n")
    middle = Sshd(folder / "1", config=f"PermitOpen 127.0.0.1:{last.port}\n")
    first = Sshd(folder / "0", config=f"PermitOpen 127.0.0.1:{middle.port}\n")
    yield [first, middle, last]
    for server in (first, middle, last):
        server.stop()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "me"
    (folder / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    return folder


def configure(home: Path, servers: list[Sshd], *more: str) -> None:
    """Call the servers zero, one and two in the ssh configuration; `more` are lines for the last one."""
    sections = [
        f"Host {name}\n HostName 127.0.0.1\n Port {server.port}\n User {server.user}\n IdentityFile {server.key}\n"
        f" UserKnownHostsFile {server.known_hosts}\n"
        for name, server in zip(("zero", "one", "two"), servers, strict=True)
    ]
    (home / ".ssh/config").write_text("".join(sections) + "".join(f" {line}\n" for line in more))


def test_hosts_are_given_in_order_and_closed_together(servers: list[Sshd], home: Path, tmp_path: Path) -> None:
    configure(home, servers)
    texts = ["two", "local:", "zero", f"local:{tmp_path}/else where", "one"]
    with reached(LoneContext(tmp_path), texts) as hosts:
        assert [host.name for host in hosts] == ["two", "local", "zero", f"local:{tmp_path}/else where", "one"]
        for host, server in zip((hosts[0], hosts[2], hosts[4]), (servers[2], servers[0], servers[1]), strict=True):
            assert said(host, "echo $SSH_CONNECTION").split()[3] == str(server.port)
        assert said(hosts[1], "pwd").strip() == str(tmp_path)
    deadline = time.monotonic() + 5
    while any(server.sessions() for server in servers) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(server.sessions() for server in servers)


def test_two_names_for_one_host_are_refused(servers: list[Sshd], home: Path, tmp_path: Path) -> None:
    configure(home, servers)
    login = f"{servers[0].user}@127.0.0.1:{servers[0].port}"
    with (
        pytest.raises(StepError, match=rf"hosts: zero and {login} are one host: {login}"),
        reached(LoneContext(tmp_path), ["zero", "one", login]),
    ):
        pass
    with (
        pytest.raises(StepError, match=r"hosts: local: and local:\./x/\.\. are one host"),
        reached(LoneContext(tmp_path), ["local:", "local:./x/.."]),
    ):
        pass


def test_one_name_with_several_users_and_ports_is_several_hosts(servers: list[Sshd], tmp_path: Path) -> None:
    with account() as user:
        user.lets_in(servers[0].key)
        known = tmp_path / "known"
        known.write_text("".join(server.known_hosts.read_text() for server in servers))
        texts = [servers[0].address, f"{user.name}@127.0.0.1:{servers[0].port}", servers[1].address]
        login = {"known_hosts": (known,), "identity": (servers[0].key, servers[1].key)}
        with reached(LoneContext(tmp_path), texts, **login) as hosts:
            assert [said(host, "id -un").strip() for host in hosts] == [servers[0].user, user.name, servers[1].user]


def test_what_is_wrong_with_each_host_is_said_at_once(servers: list[Sshd], home: Path, tmp_path: Path) -> None:
    configure(home, servers, f"UserKnownHostsFile {tmp_path}/none", "Host dead", "HostName 127.0.0.1", "Port 1")
    (home / ".ssh/config").write_text((home / ".ssh/config").read_text().replace(f"{servers[2].known_hosts}", "none"))
    before = [server.log.count("Accepted") for server in servers]
    with (
        pytest.raises(StepError) as caught,
        reached(LoneContext(tmp_path), ["zero", "dead", "two", "nobody.invalid"], connect=3.0),
    ):
        pass
    lines = caught.value.message.splitlines()
    assert len(lines) == 3
    assert lines[0] == "dead: nothing answers at 127.0.0.1:1"
    assert lines[1].startswith("two: [127.0.0.1]:")
    assert "is not known" in lines[1]
    assert lines[2].startswith("nobody.invalid: the host name nobody.invalid is not known")
    assert "sshd runs" in caught.value.remedy
    assert "known_hosts" in caught.value.remedy
    assert servers[2].log.count("Accepted") == before[2]


def test_gateways_in_the_order_in_which_they_are_written(servers: list[Sshd], home: Path, tmp_path: Path) -> None:
    before = [server.log.count("Accepted") for server in servers]
    configure(home, servers, "ProxyJump zero,one")
    with reached(LoneContext(tmp_path), ["two"]) as (host,):
        assert said(host, "echo $SSH_CONNECTION").split()[3] == str(servers[2].port)
        big = tmp_path / "big"
        big.write_bytes(bytes(3_000_000))
        assert said(host, "wc -c", [big]).strip() == "3000000"
    assert [server.log.count("Accepted") for server in servers] == [number + 1 for number in before]
    configure(home, servers, "ProxyJump one,zero")
    with (
        pytest.raises(StepError, match=r"two: on the way there: the gateway lets nobody through to 127\.0\.0\.1"),
        reached(LoneContext(tmp_path), ["two"]),
    ):
        pass


@pytest.mark.parametrize("hop", [0, 1, 2])
@pytest.mark.parametrize("kind", ["unknown", "changed"])
def test_the_host_key_is_checked_at_every_hop(
    servers: list[Sshd], home: Path, tmp_path: Path, hop: int, kind: str
) -> None:
    known = tmp_path / "known"
    lines = [server.known_hosts.read_text() for server in servers]
    other = Path(f"{make_key(tmp_path / 'other')}.pub").read_text().split()
    lines[hop] = "" if kind == "unknown" else f"[127.0.0.1]:{servers[hop].port} {other[0]} {other[1]}\n"
    known.write_text("".join(lines))
    configure(home, servers, "ProxyJump zero,one")
    text = (home / ".ssh/config").read_text()
    for server in servers:
        text = text.replace(str(server.known_hosts), str(known))
    (home / ".ssh/config").write_text(text)
    before = [server.log.count("Accepted") for server in servers]
    at = "two: " if hop == 2 else "two: on the way there: "
    problem = "is not known" if kind == "unknown" else "is not the one that is known"
    with (
        pytest.raises(HostKeyRefused, match=rf"^{at}\[127\.0\.0\.1\]:{servers[hop].port}: its host key {problem}"),
        reached(LoneContext(tmp_path), ["two"]),
    ):
        pass
    # Nobody logs in, nor even tries, where the key is not the right one.
    after = [server.log.count("Accepted") for server in servers]
    assert after == [number + (place < hop) for place, number in enumerate(before)]


def test_a_gateway_behind_which_nothing_answers(servers: list[Sshd], home: Path, tmp_path: Path) -> None:
    gate = Sshd(tmp_path / "gate")
    try:
        configure(home, [gate, *servers[1:]], "ProxyJump zero", "Host gone", f"Port {free_port()}", "ProxyJump zero")
        with (
            pytest.raises(StepError, match=r"gone: nothing answers at gone:\d+, seen from the gateway"),
            reached(LoneContext(tmp_path), ["gone"]),
        ):
            pass
    finally:
        gate.stop()


def test_a_password_is_for_the_host_and_never_for_a_gateway(servers: list[Sshd], home: Path, tmp_path: Path) -> None:
    with account() as user:
        configure(home, servers, "Host gate", f"HostName 127.0.0.1\n Port {servers[2].port}", f"User {user.name}",
                  f"UserKnownHostsFile {servers[2].known_hosts}", "Host behind", "ProxyJump gate")  # fmt: skip
        with (
            pytest.raises(StepError, match=r"behind: on the way there: .* there is no key to try"),
            reached(LoneContext(tmp_path), ["behind"], password=user.password),
        ):
            pass
        with reached(LoneContext(tmp_path), ["gate"], password=user.password) as (host,):
            assert said(host, "id -un").strip() == user.name


PIPE = """
import os, select, socket, sys
peer = socket.create_connection((sys.argv[1], int(sys.argv[2])))
while True:
    for ready in select.select([0, peer], [], [])[0]:
        data = os.read(0, 65536) if ready == 0 else peer.recv(65536)
        if not data:
            sys.exit()
        peer.sendall(data) if ready == 0 else os.write(1, data)
"""


def test_a_program_makes_the_connection(servers: list[Sshd], home: Path, tmp_path: Path) -> None:
    (tmp_path / "pi pe.py").write_text(PIPE)
    command = f"{sys.executable} {shlex.quote(str(tmp_path / 'pi pe.py'))} %h %p"
    configure(home, servers, f"ProxyCommand {command}")
    with reached(LoneContext(tmp_path), ["two"]) as (host,):
        assert said(host, "echo $SSH_CONNECTION").split()[3] == str(servers[2].port)
    cases = [
        ("sh -c 'echo no way >&2; exit 3'", "two: the ProxyCommand ended: no way"), ("true", "the ProxyCommand ended"),
        ("/nonexistent", "the ProxyCommand ended: .*not found"), ("sleep 60", "no answer from .* in time"),
    ]  # fmt: skip
    for command, problem in cases:
        configure(home, servers, f"ProxyCommand {command}")
        with pytest.raises(StepError, match=problem), reached(LoneContext(tmp_path), ["two"], connect=1.0):
            pass


@contextmanager
def crowded(folder: Path) -> Iterator[tuple[Sshd, list[socket.socket]]]:
    """A server that lets one client at a time log in, and one who only sits there."""
    server = Sshd(folder, config="MaxStartups 1\n")
    held = [socket.create_connection(("127.0.0.1", server.port))]
    try:
        assert held[0].recv(4) == b"SSH-"
        yield server, held
    finally:
        for stream in held:
            stream.close()
        server.stop()


def test_a_server_that_is_too_busy_is_asked_again(tmp_path: Path) -> None:
    with crowded(tmp_path / "sshd") as (server, held):
        with (
            pytest.raises(StepError, match=r"closes the connection before it says anything") as caught,
            opened(server, tmp_path, connect=1.0),
        ):
            pass
        assert "MaxStartups" in caught.value.remedy
        timer = threading.Timer(0.5, held[0].close)
        timer.start()
        with opened(server, tmp_path) as host:
            assert said(host, "echo in") == "in\n"
        timer.join()

        def log_in(_: int) -> str:
            with opened(server, tmp_path) as host:
                return said(host, "echo in")

        with ThreadPoolExecutor(6) as threads:
            assert list(threads.map(log_in, range(6))) == ["in\n"] * 6


class Silent:
    """A server that takes connections and says nothing; `most` is how many there were at once."""

    def __init__(self) -> None:
        self.most = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._there: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer = self._server.accept()[0]
            except OSError:
                return
            with self._lock:
                self._there.append(peer)
                self.most = max(self.most, len(self._there))
            threading.Thread(target=self._sit, args=(peer,), daemon=True).start()

    def _sit(self, peer: socket.socket) -> None:
        with peer:
            while peer.recv(1000):
                pass
            with self._lock:
                self._there.remove(peer)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.close()


def test_no_more_connect_at_once_than_the_pool_has_room_for(silent: Silent, tmp_path: Path) -> None:
    texts = [f"user{number}@127.0.0.1:{silent.port}" for number in range(4)]
    with (
        pytest.raises(StepError, match=r"user0@.*no answer from 127\.0\.0\.1.*\n.*\n.*\nuser3"),
        reached(LoneContext(tmp_path), texts, connect=0.5, pool=2),
    ):
        pass
    # The server may see a connection end only after the next one has come.
    assert 2 <= silent.most <= 3


def test_cancelling_ends_connecting(silent: Silent, tmp_path: Path) -> None:
    context = Cancellable(tmp_path)
    timer = threading.Timer(0.3, context.cancel)
    timer.start()
    started = time.monotonic()
    with pytest.raises(Cancelled), reached(context, [f"u@127.0.0.1:{silent.port}"], connect=60.0):
        pass
    assert time.monotonic() - started < 30
    timer.join()
    assert context.calls == []


def test_nothing_of_a_failed_handshake_holds_the_program_up(silent: Silent, tmp_path: Path) -> None:
    """paramiko's timer for the handshake is a thread that the interpreter waits for."""
    code = f"""
import pathlib, socket, threading
from buildtools.plugin import Cancelled
from tests.support.reach import Cancellable, reached

server = socket.create_server(("127.0.0.1", 0))

def serve():
    peer = server.accept()[0]
    peer.sendall(b"SSH-2.0-silent\\r\\n")
    while peer.recv(1000):
        pass

threading.Thread(target=serve, daemon=True).start()
context = Cancellable(pathlib.Path({str(tmp_path)!r}))
threading.Timer(1, context.cancel).start()
try:
    with reached(context, [f"u@127.0.0.1:{{server.getsockname()[1]}}"], connect=120.0):
        pass
except Cancelled:
    print("cancelled")
"""
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "cancelled"


def test_nothing_remote_is_imported_for_local_hosts(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\nfrom tests.support.context import LoneContext\n"
        "from buildtools.deploy.layout import address\nfrom buildtools.deploy.sessions import SshOptions, open_hosts\n"
        f"with open_hosts(LoneContext(pathlib.Path({str(tmp_path)!r})), [address('local:')], SshOptions()) as hosts:\n"
        "    print(len(hosts), 'paramiko' in sys.modules, 'fabric' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False", "False"]


def test_hosts_stay_connected_on_their_own(servers: list[Sshd], home: Path, tmp_path: Path) -> None:
    """One host that goes takes no other with it."""
    configure(home, servers)
    with ExitStack() as stack:
        first, second = stack.enter_context(reached(LoneContext(tmp_path), ["zero", "one"]))
        assert isinstance(first, SshHost)
        assert first.run("{ kill -9 $PPID; sleep 5; }").status == -1
        assert said(second, "echo there") == "there\n"
        with pytest.raises(StepError, match="zero: no connection to"):
            first.run("{ echo; }")


def test_an_ipv6_address(tmp_path: Path) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("there is no IPv6 here")
    server = Sshd(tmp_path / "sshd", listen="::1")
    try:
        server.known_hosts.write_text(f"[::1]:{server.port} {server.host_key}\n")
        with opened(server, tmp_path, text=f"{server.user}@[::1]:{server.port}") as host:
            assert said(host, "echo $SSH_CONNECTION").split()[2] == "::1"
    finally:
        server.stop()
