"""Logging in over SSH: keys, ssh-agent, passphrases, certificates and passwords, with real servers."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from buildtools.plugin import StepError
from tests.support.context import LoneContext
from tests.support.reach import opened, said
from tests.support.sshd import Sshd, account, make_key


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    folder = tmp_path_factory.mktemp("sshd")
    ca = make_key(folder / "ca")
    server = Sshd(folder, config=f"PasswordAuthentication yes\nMaxAuthTries 4\nTrustedUserCAKeys {ca}.pub\n")
    yield server
    server.stop()


@contextmanager
def allowed(sshd: Sshd, *keys: Path) -> Iterator[None]:
    """Let these keys log in too."""
    file = sshd.folder / "authorized_keys"
    before = file.read_text()
    file.write_text(before + "".join(Path(f"{key}.pub").read_text() for key in keys))
    try:
        yield
    finally:
        file.write_text(before)


@contextmanager
def agent(folder: Path, *keys: Path) -> Iterator[str]:
    """Run an ssh-agent that holds these keys, and return its socket."""
    if shutil.which("ssh-agent") is None or shutil.which("ssh-add") is None:
        pytest.skip("ssh-agent and ssh-add are not installed")
    path = folder / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        if keys:
            words = ["ssh-add", "-q", *map(str, keys)]
            subprocess.run(words, check=True, env={**os.environ, "SSH_AUTH_SOCK": str(path)})
        yield str(path)
    finally:
        process.terminate()
        process.wait(10)


def logged_in(sshd: Sshd, folder: Path, *, sock: str = "", **options: Any) -> str:
    """Log in without the server's own key; return the user who then runs commands."""
    context = LoneContext(folder, env={"SSH_AUTH_SOCK": sock})
    with opened(sshd, folder, context, **{"identity": (), **options}) as host:
        return said(host, "id -un").strip()


@pytest.mark.parametrize(
    "words", [["-t", "rsa", "-b", "2048"], ["-t", "rsa", "-b", "2048", "-m", "PEM"], ["-t", "ecdsa"]]
)
@pytest.mark.parametrize("passphrase", ["", "open sesame"])
def test_every_common_kind_of_key(sshd: Sshd, tmp_path: Path, words: list[str], passphrase: str) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", *words, "-N", passphrase, "-f", str(key)], check=True)
    with allowed(sshd, key):
        assert logged_in(sshd, tmp_path, identity=(key,), passphrase=passphrase) == sshd.user


def test_a_passphrase_is_needed_only_by_an_encrypted_key(sshd: Sshd, tmp_path: Path) -> None:
    key = make_key(tmp_path / "locked", passphrase="open sesame")
    with allowed(sshd, key):
        assert logged_in(sshd, tmp_path, identity=(key,), passphrase="open sesame") == sshd.user
        assert logged_in(sshd, tmp_path, identity=(sshd.key,), passphrase="open sesame") == sshd.user
        with pytest.raises(StepError, match="locked: is encrypted, and there is no passphrase for it") as caught:
            logged_in(sshd, tmp_path, identity=(key,))
        assert "`passphrase`" in caught.value.remedy
        with pytest.raises(StepError, match="locked: the passphrase is wrong") as caught:
            logged_in(sshd, tmp_path, identity=(key,), passphrase="guess 0815")
        assert "0815" not in str(caught.value)
        assert "Check `passphrase`" in caught.value.remedy


def test_ssh_agent_signs(sshd: Sshd, tmp_path: Path) -> None:
    with agent(tmp_path, sshd.key) as sock:
        assert logged_in(sshd, tmp_path, sock=sock) == sshd.user
        with pytest.raises(StepError, match="there is no key to try"):
            logged_in(sshd, tmp_path)


def test_an_encrypted_key_that_ssh_agent_holds_needs_no_passphrase(sshd: Sshd, tmp_path: Path) -> None:
    key = make_key(tmp_path / "key")
    with allowed(sshd, key), agent(tmp_path, key) as sock:
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", str(key)], check=True)
        assert logged_in(sshd, tmp_path, sock=sock, identity=(key,)) == sshd.user
        key.unlink()
        assert logged_in(sshd, tmp_path, sock=sock, identity=(Path(f"{key}.pub"),)) == sshd.user


def test_more_keys_than_the_server_lets_anybody_try(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = [make_key(tmp_path / f"wrong-{number}") for number in range(5)]
    with agent(tmp_path, *wrong, sshd.key) as sock:
        with pytest.raises(StepError, match=r"test: not taken; .*test: the server ended the connection") as caught:
            logged_in(sshd, tmp_path, sock=sock)
        assert "IdentitiesOnly" in caught.value.remedy
        (tmp_path / ".ssh").mkdir()
        (tmp_path / ".ssh/config").write_text(f"IdentitiesOnly yes\nIdentityFile {sshd.key}\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert logged_in(sshd, tmp_path, sock=sock) == sshd.user


def test_an_agent_that_is_not_there_or_never_answers_is_passed_over(sshd: Sshd, tmp_path: Path) -> None:
    assert logged_in(sshd, tmp_path, sock=str(tmp_path / "none"), identity=(sshd.key,)) == sshd.user
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        sock = str(tmp_path / "silent")
        assert logged_in(sshd, tmp_path, sock=sock, identity=(sshd.key,), connect=1.0) == sshd.user


def test_the_users_own_keys_are_tried_last(sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".ssh").mkdir()
    shutil.copy(sshd.key, tmp_path / ".ssh/id_ed25519")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert logged_in(sshd, tmp_path) == sshd.user
    with pytest.raises(StepError, match=r"\d: [^ ]*/other: not taken\n"):
        logged_in(sshd, tmp_path, identity=(make_key(tmp_path / "other"),))


def test_a_certificate_beside_the_key(sshd: Sshd, tmp_path: Path) -> None:
    key = make_key(tmp_path / "signed")
    words = ["ssh-keygen", "-q", "-s", str(sshd.folder / "ca"), "-I", "test", "-n", sshd.user, f"{key}.pub"]
    subprocess.run(words, check=True)
    assert logged_in(sshd, tmp_path, identity=(key,)) == sshd.user


def test_files_that_are_no_keys(sshd: Sshd, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no key")
    with pytest.raises(StepError, match=r"may not log in to 127\.0\.0\.1:\d+: .*text: no private key"):
        logged_in(sshd, tmp_path, identity=(tmp_path / "text",))
    with pytest.raises(StepError, match=r"identity: .*nothing is not there"):
        logged_in(sshd, tmp_path, identity=(tmp_path / "nothing",))
    with pytest.raises(StepError, match=r"Is a directory"):
        logged_in(sshd, tmp_path, identity=(tmp_path,))


def test_a_password(sshd: Sshd, tmp_path: Path) -> None:
    with account() as user:
        text = f"{user.name}@127.0.0.1:{sshd.port}"
        assert logged_in(sshd, tmp_path, text=text, password=user.password) == user.name
        # The keys of ssh-agent are left out: the server would close the connection before the password is tried.
        with agent(tmp_path, *(make_key(tmp_path / str(number)) for number in range(5))) as sock:
            assert logged_in(sshd, tmp_path, text=text, password=user.password, sock=sock) == user.name
        with pytest.raises(StepError, match=f"{user.name} may not log in to .*: the password: not taken") as caught:
            logged_in(sshd, tmp_path, text=text, password="guess 0815")
        assert "0815" not in str(caught.value)


def test_a_password_after_a_key_where_both_are_asked_for(tmp_path: Path) -> None:
    with account() as user:
        lines = f"Match User {user.name}\nAuthenticationMethods publickey,password\nPasswordAuthentication yes\n"
        server = Sshd(tmp_path / "sshd", config=f"{lines}Match all\n")
        try:
            user.lets_in(server.key)
            login: dict[str, Any] = {"text": f"{user.name}@127.0.0.1:{server.port}", "identity": (server.key,)}
            assert logged_in(server, tmp_path, password=user.password, **login) == user.name
            with pytest.raises(StepError, match="taken, but password is asked for too"):
                logged_in(server, tmp_path, **login)
        finally:
            server.stop()


def test_a_password_where_the_server_asks_for_it_in_a_dialogue(tmp_path: Path) -> None:
    if not Path("/etc/pam.d/sshd").exists():
        pytest.skip("sshd has no PAM here, so it holds no dialogues")
    with account() as user:
        server = Sshd(tmp_path / "sshd", config="KbdInteractiveAuthentication yes\n", pam=("yes",))
        try:
            text = f"{user.name}@127.0.0.1:{server.port}"
            assert logged_in(server, tmp_path, text=text, password=user.password) == user.name
        finally:
            server.stop()
