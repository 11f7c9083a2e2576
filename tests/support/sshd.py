"""A real OpenSSH server on loopback, with its own keys, for one test or one module of tests."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
ListenAddress {listen}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys %h/.ssh/authorized_keys
PidFile none
StrictModes no
UsePAM {pam}
PermitRootLogin yes
PrintMotd no
PrintLastLog no
"""


_DEFAULTS = """
PasswordAuthentication no
KbdInteractiveAuthentication no
SetEnv HOME={folder}
"""
"""what `config` may say otherwise: of each word sshd takes the first"""


class Sshd:
    """A server that this account may log in to with `key`.

    `home` is where its sessions start, `login` shell text that is run first in each of them; `umask` is the server's,
    `listen` one more address of this machine.
    """

    def __init__(
        self,
        folder: Path,
        *,
        config: str = "",
        home: Path | None = None,
        login: str = "",
        umask: int = -1,
        pam: tuple[str, ...] = ("no", "yes"),
        listen: str = "127.0.0.1",
    ) -> None:
        if SSHD is None or shutil.which("ssh-keygen") is None or shutil.which("ssh") is None:
            pytest.skip("OpenSSH's sshd, ssh and ssh-keygen are not installed")
        if os.getuid() == 0:
            with suppress(OSError):
                Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where root's sshd keeps nothing, but insists
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.user = getpass.getuser()
        self.key = make_key(folder / "client_key")
        host_key = make_key(folder / "host_key")
        shutil.copy(f"{self.key}.pub", folder / "authorized_keys")
        self.host_key = " ".join(Path(f"{host_key}.pub").read_text(encoding="utf-8").split()[:2])
        self._umask = umask
        self._listen = listen
        if home is not None:
            # The account's real home folder is no place for tests.
            login += f" cd '{home}';"
        if login:
            config += f'\nForceCommand {login} eval "$SSH_ORIGINAL_COMMAND"\n'
        self.known_hosts = folder / "known_hosts"
        self.port = 0
        # Without PAM nobody logs in whose password is locked, with it not everybody may on every system: try both.
        for choice in pam:
            self._process = self._start(config, choice)
            self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {self.host_key}\n", encoding="utf-8")
            if self._lets_in():
                return
            self.stop()
        pytest.skip(f"this account may not log in to its own sshd here: {self.log[-500:]}")

    @property
    def address(self) -> str:
        """The host as a pipeline file names it."""
        return f"{self.user}@127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What the server has written so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def sessions(self) -> set[int]:
        """Return the ids of the server's own children, one for each connection (Linux; elsewhere none are seen)."""
        found = set()
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if int(file.read_bytes().rpartition(b")")[2].split()[1]) == self._process.pid:
                    found.add(int(file.parent.name))
        return found

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Within this, new connections come to be and hear nothing; sessions that are at work go on."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End the server; sessions that are at work end with their clients."""
        self._process.terminate()
        self._process.wait(10)

    def _lets_in(self) -> bool:
        settings = f"UserKnownHostsFile={self.known_hosts}", "GlobalKnownHostsFile=none", "BatchMode=yes"
        words = ["ssh", "-F", "none", "-i", str(self.key), *(f"-o{text}" for text in settings)]
        words += ["-p", str(self.port), f"{self.user}@127.0.0.1", "true"]
        return subprocess.run(words, check=False, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0

    def _start(self, config: str, pam: str) -> subprocess.Popen[bytes]:
        for _ in range(5):
            self.port = free_port()
            file = self.folder / "sshd_config"
            text = _CONFIG.format(port=self.port, folder=self.folder, pam=pam, listen=self._listen)
            text += config + _DEFAULTS.format(folder=self.folder)  # with no .bashrc of this account's own
            file.write_text(text, encoding="utf-8")
            process = subprocess.Popen(
                [str(SSHD), "-D", "-f", str(file), "-E", str(self.folder / "log")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                umask=self._umask,
            )
            if self._answers(process):
                return process
            process.kill()
            process.wait()
        pytest.skip(f"sshd does not start here: {self.log[-500:]}")

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
                return probe.recv(4) == b"SSH-"
            time.sleep(0.02)
        return False


def make_key(path: Path, *, passphrase: str = "") -> Path:
    """Make a key pair and return the private one's path."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    return path


@dataclass(frozen=True)
class Account:
    """A user of this machine for one test, with an empty home folder."""

    name: str
    password: str
    home: Path

    def lets_in(self, key: Path) -> None:
        """Let the owner of a private key log in."""
        folder = self.home / ".ssh"
        folder.mkdir(exist_ok=True)
        (folder / "authorized_keys").write_bytes(Path(f"{key}.pub").read_bytes())
        for path in (folder, folder / "authorized_keys"):
            shutil.chown(path, self.name)


@contextmanager
def account(shell: str = "/bin/sh") -> Iterator[Account]:
    """Make a user who can log in with a password, and remove it again; skips where that is not possible."""
    if os.getuid() != 0 or any(shutil.which(name) is None for name in ("useradd", "userdel", "chpasswd")):
        pytest.skip("a user for the test can only be made by root, with useradd, userdel and chpasswd")
    name, password = f"bt-{secrets.token_hex(4)}", secrets.token_hex(12)
    home = Path(tempfile.mkdtemp(prefix="bt-home-", dir="/tmp"))
    try:
        _changed("useradd", "--no-create-home", "--home-dir", str(home), "--shell", shell, name)
        try:
            _changed("chpasswd", stdin=f"{name}:{password}")
            shutil.chown(home, name)
            yield Account(name, password, home)
        finally:
            _changed("userdel", "--force", name)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _changed(*words: str, stdin: str = "") -> None:
    """Change the users of this machine; somebody else may be at that just now."""
    for pause in (0.2, 0.5, 1, 2, None):
        done = subprocess.run(words, input=stdin, text=True, capture_output=True, check=False)
        if done.returncode == 0:
            return
        # userdel says 12 for a home folder that it does not find, and has removed the user.
        if words[0] == "userdel" and done.returncode == 12:
            return
        if pause is None or "lock" not in done.stderr:
            pytest.skip(f"{words[0]} does not work here: {done.stderr.strip()}")
        time.sleep(pause)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
