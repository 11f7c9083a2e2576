"""Whose host keys are known, and what is said of one that is not. A host key is never asked about, only checked."""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from buildtools.core.errors import StepError
from buildtools.deploy.route import Hop, SshOptions

if TYPE_CHECKING:
    from paramiko import PKey, SSHClient


class HostKeyRefused(StepError):
    """The host's key is unknown, revoked, or another one than before."""


class Pin(msgspec.Struct, frozen=True):
    """A public key: its kind, and itself in base64."""

    kind: str
    data: str

    @property
    def shown(self) -> str:
        """The kind and the fingerprint, as `ssh-keygen -l` writes it."""
        from hashlib import sha256

        print_ = base64.b64encode(sha256(base64.b64decode(self.data)).digest()).decode("ascii").rstrip("=")
        return f"{self.kind} SHA256:{print_}"


class KnownKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What the files of known hosts say of one machine.

    `name` is what they call it, `pins` its keys, `plain` those of the same host without a port, which ssh takes too;
    `revoked` are keys that nobody may show; `file` is where a new one is written down.
    """

    name: str
    pins: tuple[Pin, ...]
    plain: tuple[Pin, ...]
    revoked: frozenset[str]
    file: Path

    def check(self, key: Pin, *, accept_new: bool) -> None:
        """Return if the machine may show this key, writing it down if it is new and may be; else `HostKeyRefused`."""
        if key.data in self.revoked:
            raise HostKeyRefused(f"{self.name}: its host key {key.shown} is revoked")
        if key in self.pins:
            return
        if self.pins:
            expected = next((pin for pin in self.pins if pin.kind == key.kind), self.pins[0])
            raise HostKeyRefused(
                f"{self.name}: its host key is not the one that is known: {key.shown} instead of {expected.shown}",
                remedy="Somebody may be in between. If the key was changed on purpose, compare the fingerprint with the"
                f" one on the host, then: ssh-keygen -R {shlex.quote(self.name)} && {self._pinning(key)}",
            )
        if key in self.plain:
            return
        if not accept_new:
            raise HostKeyRefused(
                f"{self.name}: its host key is not known: {key.shown}",
                remedy="Compare the fingerprint with the one on the host, then: "
                f"mkdir -p -m 700 ~/.ssh && {self._pinning(key)}",
            )
        _append(self.file, f"{self.name} {key.kind} {key.data}\n")

    def _pinning(self, key: Pin) -> str:
        line = shlex.quote(f"{self.name} {key.kind} {key.data}")
        return f"echo {line} >> ~/.ssh/known_hosts"


def check_files(options: SshOptions) -> None:
    """Raise `StepError` if a file of the option `known-hosts` is not there, unless it is the one for new keys."""
    for file in options.known_hosts[options.accept_new :]:
        try:
            file.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise StepError(
                f"known-hosts: {file} is not there", remedy="Name a file that is, or none at all."
            ) from None
        except OSError:
            continue  # whoever reads it says why it cannot be


def known_keys(hop: Hop, extra: tuple[Path, ...]) -> KnownKeys:
    """Read the known hosts: the files of `extra` first, then the user's own and the system's.

    A new key goes into the first of `extra`, else into the user's own file. Raises `StepError` for unreadable files.
    """
    host = (hop.known_as or hop.host).lower()
    name = host if hop.known_as or hop.port == 22 else f"[{host}]:{hop.port}"
    pins, plain, revoked = [], [], set()
    files = (*extra, *hop.known_hosts)
    for file in files:
        for marker, hosts, pin in _entries(file):
            if marker == "@revoked":
                revoked.add(pin.data)
            elif not marker and _names(hosts, name):
                pins.append(pin)
            elif not marker and name != host and _names(hosts, host):
                plain.append(pin)
    default = Path("~/.ssh/known_hosts").expanduser()
    return KnownKeys(
        name=name, pins=tuple(pins), plain=tuple(plain), revoked=frozenset(revoked), file=next(iter(files), default)
    )


def guard(client: SSHClient, known: KnownKeys, *, accept_new: bool) -> None:
    """Let the client accept known host keys only. It must have been given none itself, so that it asks here."""
    from paramiko import MissingHostKeyPolicy

    class Policy(MissingHostKeyPolicy):
        """Asked for every host key before anybody logs in."""

        def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:  # noqa: ARG002
            known.check(Pin(key.get_name(), key.get_base64()), accept_new=accept_new)

    client.set_missing_host_key_policy(Policy())


def _entries(file: Path) -> Iterator[tuple[str, str, Pin]]:
    """Yield `(marker, host patterns, key)` of each line; a line that says nothing is passed over, as ssh does."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise StepError(f"{file}: the known hosts cannot be read: {error.strerror}") from None
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        marker = words.pop(0) if words[0].startswith("@") else ""
        if len(words) < 3:
            continue
        try:
            base64.b64decode(words[2], validate=True)
        except binascii.Error:
            continue
        yield marker, words[0], Pin(words[1], words[2])


def _names(patterns: str, name: str) -> bool:
    """Say whether the first field of a line means the host, as sshd(8) has it: hashed, with `*` and `?`, or not `!`."""
    found = False
    for pattern in patterns.split(","):
        if pattern.startswith("|1|"):
            found = found or _hashed(pattern, name)
        elif _like(pattern.lstrip("!"), name):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _like(pattern: str, name: str) -> bool:
    text = re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(text, name) is not None


def _hashed(pattern: str, name: str) -> bool:
    import hmac

    try:
        salt, known = (base64.b64decode(word, validate=True) for word in pattern.split("|")[2:])
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), known)


def _append(file: Path, line: str) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        cut = file.exists() and not file.read_bytes().endswith(b"\n") and file.stat().st_size > 0
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), "w") as out:
            out.write("\n" * cut + line)
    except OSError as error:
        raise StepError(f"{file}: the new host key cannot be written down: {error.strerror}") from None
