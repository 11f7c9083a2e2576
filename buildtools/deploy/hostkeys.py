"""Whose host keys are known, and what is said of one that is not. A host key is never asked about, only checked."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from buildtools.core.errors import StepError

if TYPE_CHECKING:
    from fabric import Connection
    from paramiko import PKey, SSHClient


class HostKeyRefused(StepError):
    """The host's key is unknown, revoked, or another one than before."""


def known_hosts_files(extra: Sequence[Path], configured: Sequence[str] = ()) -> list[Path]:
    """Return the files that are read: `extra` first, then the user's own, then the system's.

    `configured` are the words of `UserKnownHostsFile` in the ssh configuration, which replace the user's own file.
    """
    user = [word for text in configured for word in text.split()] or ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"]
    return [*extra, *(Path(word).expanduser() for word in user), Path("/etc/ssh/ssh_known_hosts")]


def guard_keys(connection: Connection, extra: Sequence[Path], *, accept_new: bool) -> None:
    """Let the connection, and each gateway on its way, accept known host keys only; `accept_new` pins unknown ones."""
    while connection is not None and not isinstance(connection, str):
        configured = connection.ssh_config.get("userknownhostsfile", [])
        files = known_hosts_files(extra, [configured] if isinstance(configured, str) else configured)
        lines = [line for file in files for line in _lines(file)]
        revoked = frozenset(words[3] for line in lines if (words := line.split())[0] == "@revoked" and len(words) > 3)
        _know(connection.client, lines, revoked)
        pins = files[0] if extra or configured else Path("~/.ssh/known_hosts").expanduser()
        connection.client.set_missing_host_key_policy(_policy(pins, revoked, accept_new=accept_new))
        connection = connection.gateway


def changed(name: str, port: int, expected: PKey, got: PKey) -> HostKeyRefused:
    """Return the refusal of a host that shows another key than the one that is pinned."""
    host = named(name, port)
    return HostKeyRefused(
        f"{name}: its host key is not the one that is known: {_shown(got)} instead of {_shown(expected)}",
        remedy="Somebody may be in between. If the key was changed on purpose, compare the fingerprint with"
        f" the one on the host, then: ssh-keygen -R {shlex.quote(host)} && {_pin(host, got)}",
    )


def named(host: str, port: int) -> str:
    """Return a host as known_hosts names it."""
    return host if port == 22 else f"[{host}]:{port}"


def _policy(pins: Path, revoked: frozenset[str], *, accept_new: bool) -> object:
    from paramiko import MissingHostKeyPolicy

    class Policy(MissingHostKeyPolicy):
        """What happens with a key that stands in no file."""

        def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:  # noqa: ARG002
            if key.get_base64() in revoked:
                raise HostKeyRefused(f"{hostname}: its host key {_shown(key)} is revoked")
            if not accept_new:
                raise HostKeyRefused(
                    f"{hostname}: its host key is not known: {_shown(key)}",
                    remedy=f"Compare the fingerprint with the one on the host, then: {_pin(hostname, key)}",
                )
            _append(pins, f"{hostname} {key.get_name()} {key.get_base64()}\n")

    return Policy()


def _append(file: Path, line: str) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        cut = file.exists() and not file.read_bytes().endswith(b"\n") and file.stat().st_size > 0
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), "w") as out:
            out.write("\n" * cut + line)
    except OSError as error:
        raise StepError(f"{file}: the new host key cannot be written down: {error.strerror}") from None


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StepError(f"{file}: the known hosts cannot be read: {error.strerror}") from None
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _know(client: SSHClient, lines: Sequence[str], revoked: frozenset[str]) -> None:
    """Pin the keys in these lines, the first one of each kind for each host.

    Line by line, because paramiko gives up a whole file for one line that it cannot read, `@revoked` among them.
    """
    from paramiko import SSHException
    from paramiko.hostkeys import HostKeyEntry, InvalidHostKey

    keys = client.get_host_keys()
    for line in lines:
        if line.startswith("@"):
            continue
        try:
            # None for a kind of key that paramiko does not know.
            entry: Any = HostKeyEntry.from_line(line.strip())
        except (InvalidHostKey, SSHException, ValueError, IndexError):
            continue
        if entry is None or entry.key is None or entry.key.get_base64() in revoked:
            continue
        for host in entry.hostnames:
            if host not in keys or entry.key.get_name() not in keys[host]:
                keys.add(host, entry.key.get_name(), entry.key)


def _shown(key: PKey) -> str:
    return f"{key.get_name()} {key.fingerprint}"


def _pin(host: str, key: PKey) -> str:
    return f"echo {shlex.quote(f'{host} {key.get_name()} {key.get_base64()}')} >> ~/.ssh/known_hosts"
