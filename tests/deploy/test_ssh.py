"""Deploying over SSH, with a real sshd on loopback."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from buildtools.deploy.layout import Address, address
from buildtools.deploy.script import Reply
from buildtools.deploy.ssh import SshHost, SshOptions
from buildtools.plugin import Cancelled, StepError
from tests.support.context import LoneContext
from tests.support.releases import content, current, pack, residue, upload
from tests.support.sshd import Sshd, free_port, make_key

ONE = {"index.html": "one", "sub folder/we\\ird $(touch pwned) 'q' \"d\"": "x", "-rf": "dash"}


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    yield server
    server.stop()


def deploy(sshd: Sshd, folder: Path, archive: Path, **options: Any) -> str:
    """Deploy over SSH to `site` below `folder`."""
    settings = {
        "hosts": (sshd.address,),
        "root": str(folder / "site"),
        "identity": (sshd.key,),
        "known_hosts": (sshd.known_hosts,),
    }
    return upload(folder, archive, **{**settings, **options})[1]


def test_a_release_goes_over_ssh(sshd: Sshd, tmp_path: Path) -> None:
    files = ONE | {f"static/{n}": os.urandom(20_000).hex() for n in range(40)}
    archive = pack(tmp_path, files)
    before = sshd.log.count("Accepted publickey")
    said = deploy(sshd, tmp_path, archive)
    assert content(tmp_path / "site/demo/current") == files
    assert (current(tmp_path), residue(tmp_path)) == ("releases/1.0.r1", [])
    assert f"{sshd.address}: current -> 1.0.r1 (was nothing)" in said
    assert "nothing sent, nothing switched" in deploy(sshd, tmp_path, archive)
    deadline = time.monotonic() + 5
    while sshd.log.count("Accepted publickey") < before + 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sshd.log.count("Accepted publickey") == before + 2  # one connection for each deployment


def test_a_root_starts_at_the_logins_home_whatever_its_shell_prints_or_masks(tmp_path: Path) -> None:
    home = tmp_path / "home of it"
    home.mkdir()
    server = Sshd(tmp_path / "sshd", home=home, config="SetEnv NOTHING=1")
    try:
        noisy = (server.folder / "sshd_config").read_text()
        assert "ForceCommand" in noisy
        deploy(server, tmp_path, pack(tmp_path, ONE), root="public_html")
    finally:
        server.stop()
    assert content(home / "public_html/demo/current") == ONE


def test_what_a_login_prints_is_not_taken_for_an_answer() -> None:
    reply = Reply(status=0, stdout=b"Welcome!\n@bt current link releases/1\nnoise @bt x\n\xff\n", stderr=b"a\n\n b\n")
    assert (reply.first("current"), reply.all("x"), reply.said) == ("link releases/1", [], "a; b")


def test_an_unknown_host_key_is_refused_with_the_command_that_pins_it(sshd: Sshd, tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    with pytest.raises(StepError, match=r"host key is not known: ssh-ed25519 SHA256:") as caught:
        deploy(sshd, tmp_path, archive, known_hosts=())
    listed = subprocess.run(
        ["ssh-keygen", "-lf", str(sshd.folder / "host_key.pub")], capture_output=True, text=True, check=True
    ).stdout
    assert listed.split()[1] in caught.value.message
    assert not (tmp_path / "site").exists()
    # The command works as it stands there.
    command = caught.value.remedy.partition("then: ")[2].replace("~/.ssh/known_hosts", str(tmp_path / "pinned"))
    subprocess.run(["sh", "-c", command], check=True)
    deploy(sshd, tmp_path, archive, known_hosts=(tmp_path / "pinned",))
    assert content(tmp_path / "site/demo/current") == ONE


def test_a_changed_host_key_is_refused_also_with_accept_new(sshd: Sshd, tmp_path: Path) -> None:
    other = Path(f"{make_key(tmp_path / 'other')}.pub").read_text().split()
    wrong = tmp_path / "wrong"
    wrong.write_text(f"[127.0.0.1]:{sshd.port} {other[0]} {other[1]}\n")
    archive = pack(tmp_path, ONE)
    for policy in ("strict", "accept-new"):
        with pytest.raises(StepError, match="is not the one that is known: ssh-ed25519 SHA256:") as caught:
            deploy(sshd, tmp_path, archive, known_hosts=(wrong,), host_key=policy)
        assert f"ssh-keygen -R '[127.0.0.1]:{sshd.port}'" in caught.value.remedy
    assert not (tmp_path / "site").exists()


def test_accept_new_writes_an_unknown_key_down(sshd: Sshd, tmp_path: Path) -> None:
    pins = tmp_path / "new/pins"
    archive = pack(tmp_path, ONE)
    deploy(sshd, tmp_path, archive, known_hosts=(pins,), host_key="accept-new")
    assert pins.read_text().split() == [f"[127.0.0.1]:{sshd.port}", *sshd.host_key.split()]
    deploy(sshd, tmp_path, archive, known_hosts=(pins,))


def test_a_revoked_host_key_is_refused(sshd: Sshd, tmp_path: Path) -> None:
    revoked = tmp_path / "revoked"
    revoked.write_text(f"@revoked * {sshd.host_key}\nwhat is this\n[127.0.0.1]:{sshd.port} {sshd.host_key}\n")
    with pytest.raises(StepError, match="is revoked"):
        deploy(sshd, tmp_path, pack(tmp_path, ONE), known_hosts=(revoked,), host_key="accept-new")


def test_a_login_that_is_not_allowed(sshd: Sshd, tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    stranger = make_key(tmp_path / "stranger")
    with pytest.raises(StepError, match=r"may not log in to 127.0.0.1"):
        deploy(sshd, tmp_path, archive, identity=(stranger,))
    with pytest.raises(StepError, match=r"may not log in|no connection"):
        deploy(sshd, tmp_path, archive, identity=(), password="guess")


def test_an_encrypted_key_needs_its_passphrase(sshd: Sshd, tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    locked = make_key(tmp_path / "locked", passphrase="open sesame")
    authorized = sshd.folder / "authorized_keys"
    old = authorized.read_text()
    authorized.write_text(old + Path(f"{locked}.pub").read_text())
    try:
        with pytest.raises(StepError, match=r"key is encrypted|may not log in"):
            deploy(sshd, tmp_path, archive, identity=(locked,))
        deploy(sshd, tmp_path, archive, identity=(locked,), passphrase="open sesame")
    finally:
        authorized.write_text(old)
    assert content(tmp_path / "site/demo/current") == ONE


def test_nobody_answers(tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    with pytest.raises(StepError, match=r"nothing answers at 127.0.0.1"):
        upload(tmp_path, archive, hosts=(f"x@127.0.0.1:{free_port()}",))


@pytest.mark.parametrize("banner", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_answers_is_no_ssh_server(tmp_path: Path, banner: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    archive = pack(tmp_path, ONE)
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            connection, _ = server.accept()
            connection.sendall(banner)
            held.append(connection)
            if banner:
                connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        started = time.monotonic()
        with pytest.raises(StepError, match=r"no connection to 127.0.0.1|no answer from 127.0.0.1"):
            upload(tmp_path, archive, hosts=(f"x@127.0.0.1:{server.getsockname()[1]}",), connect_timeout=1.0)
        assert time.monotonic() - started < 10
        thread.join()
        for connection in held:
            connection.close()
    assert capfd.readouterr().err == ""  # nothing of paramiko's own words


def test_the_users_ssh_configuration_counts(sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "me"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/config").write_text(
        f"Host web1\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {sshd.user}\n  IdentityFile {sshd.key}\n"
        f"  UserKnownHostsFile {sshd.known_hosts}\n"
        f"Host behind\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {sshd.user}\n  IdentityFile {sshd.key}\n"
        f"  ProxyJump web1\n"
    )
    (home / ".fabric.yaml").write_text("port: 1\nuser: nobody\n")
    monkeypatch.setenv("HOME", str(home))
    archive = pack(tmp_path, ONE)
    deploy(sshd, tmp_path, archive, hosts=("web1",), identity=(), known_hosts=())
    assert content(tmp_path / "site/demo/current") == ONE
    with pytest.raises(StepError, match="host key is not known"):
        deploy(sshd, tmp_path, archive, hosts=("behind",), identity=(), known_hosts=())
    assert "is current already" in deploy(sshd, tmp_path, archive, hosts=("behind",), identity=())


@contextmanager
def opened(sshd: Sshd, root: Path, context: LoneContext | None = None, **options: Any) -> Iterator[SshHost]:
    place = address(sshd.address)
    assert isinstance(place, Address)
    settings = SshOptions(known_hosts=(sshd.known_hosts,), identity=(sshd.key,), **options)
    with SshHost(context or LoneContext(root), place, settings) as host:
        yield host


def test_outputs_are_drained_while_input_goes_in(sshd: Sshd, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(os.urandom(6_000_000))
    with opened(sshd, tmp_path) as host:
        reply = host.run("{ cat >&2; head -c 3000000 /dev/zero; exit 7; }", [big])
        assert (reply.status, len(reply.stderr) > 2**20 - 1) == (7, True)
        # A script that does not want its input ends the sending.
        assert host.run("{ echo '@bt error lock x'; exit 1; }", [big]).first("error") == "lock x"
        assert host.run("{ kill -9 $$; }").status != 0


def test_a_command_that_takes_too_long(sshd: Sshd, tmp_path: Path) -> None:
    with opened(sshd, tmp_path, phase=1.0) as host:
        with pytest.raises(StepError, match="no end after 1 seconds"):
            host.run("{ sleep 3; }")
        assert host.run("{ echo alive; }").stdout == b"alive\n"


class Cancellable(LoneContext):
    """Calls what `on_cancel` was given, as the engine does."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.calls: list[Callable[[], None]] = []

    @contextmanager
    def on_cancel(self, call: Callable[[], None]) -> Iterator[None]:
        self.calls.append(call)
        yield

    def cancel(self) -> None:
        self.cancelled.set()
        for call in self.calls:
            call()


def test_cancelling_closes_the_connection(sshd: Sshd, tmp_path: Path) -> None:
    context = Cancellable(tmp_path)
    with opened(sshd, tmp_path, context) as host:
        timer = threading.Timer(0.3, context.cancel)
        timer.start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            host.run("{ sleep 30; }")
        assert time.monotonic() - started < 20
        timer.join()


def test_a_connection_that_is_cut_while_sending_leaves_the_old_release(sshd: Sshd, tmp_path: Path) -> None:
    upload(tmp_path, pack(tmp_path, ONE))
    archive = pack(tmp_path, {f"{n}": os.urandom(200_000).hex() for n in range(20)}, revision="r2")

    class Cut(Cancellable):
        def progress(self, done: int, total: int = 0, note: str = "") -> None:
            if "sending" in note and done > total // 2:
                for call in self.calls:
                    call()

    with pytest.raises(StepError, match="connection"):
        upload(
            tmp_path, archive, context=Cut(tmp_path), hosts=(sshd.address,), root=str(tmp_path / "site"),
            identity=(sshd.key,), known_hosts=(sshd.known_hosts,),
        )  # fmt: skip
    assert content(tmp_path / "site/demo/current") == ONE
    # The script on the host sees its input end, and clears up by itself.
    deadline = time.monotonic() + 5
    while residue(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert residue(tmp_path) == []
    deploy(sshd, tmp_path, archive)
    assert current(tmp_path) == "releases/1.0.r2"


def test_nothing_that_a_user_writes_is_read_by_a_shell(sshd: Sshd, tmp_path: Path) -> None:
    root = tmp_path / "si te'\"$(touch pwned)`touch pwned`\\;&|*-"
    deploy(sshd, tmp_path, pack(tmp_path, ONE), root=str(root), shared=("-x $(touch pwned) 'y'/",))
    assert content(root / "demo/current") == ONE
    assert (root / "demo/shared/-x $(touch pwned) 'y'").is_dir()
    assert "pwned" not in subprocess.run(
        ["sh", "-c", f"ls {shlex.quote(str(tmp_path))} ~"], capture_output=True, text=True, check=True
    ).stdout.split("\n")
