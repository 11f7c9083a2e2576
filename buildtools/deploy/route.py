"""The way to a host over SSH: which machines, by which login and which keys, on the ground of the ssh configuration."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from buildtools.core.errors import StepError
from buildtools.deploy import owner
from buildtools.deploy.layout import Address, address

if TYPE_CHECKING:
    from paramiko import SSHConfig


class SshOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to connect.

    `connect` limits connecting, the handshake and each try to log in, `phase` a whole command; a host that is silent
    for four times `alive` is given up (all in seconds). `password` is for the hosts themselves, never for gateways.
    """

    known_hosts: tuple[Path, ...] = ()
    accept_new: bool = False
    identity: tuple[Path, ...] = ()
    password: str = ""
    passphrase: str = ""
    connect: float = 15.0
    phase: float = 900.0
    alive: float = 15.0


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One machine on the way: the host itself, or a gateway.

    `known_as` is the name by which known_hosts has it (`HostKeyAlias`), empty for host and port; `identity` are the
    keys that the configuration names, of which `only` says that no others are to be tried; `agent` is ssh-agent's
    socket, `command` a program that makes the connection instead of TCP.
    """

    name: str
    host: str
    user: str
    port: int = 22
    known_as: str = ""
    known_hosts: tuple[Path, ...] = ()
    identity: tuple[Path, ...] = ()
    only: bool = False
    agent: str = ""
    command: str = ""

    @property
    def login(self) -> str:
        """Who on which port of which machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host.lower()}:{self.port}"


def route(place: Address, config: SSHConfig, env: Mapping[str, str]) -> tuple[Hop, ...]:
    """Return the hops to a host, the host itself last; raises `StepError` for a configuration that leads nowhere."""
    return tuple(_hops(place, config, env, ()))


def _hops(place: Address, config: SSHConfig, env: Mapping[str, str], seen: tuple[str, ...]) -> Iterator[Hop]:
    options = _looked_up(place, config)
    hop = _hop(place, options, env)
    if hop.login in seen:
        raise StepError(
            f"{place.text}: ProxyJump leads in a circle: {' -> '.join((*seen, hop.login))}",
            remedy="Write `ProxyJump none` for the first gateway in the ssh configuration.",
        )
    jumps = [_jump(word, place) for word in options.get("proxyjump", "none").split(",")]
    for number, gateway in enumerate(jumps):
        if gateway is None:
            continue
        # A gateway is not reached through itself: `Host *` often means every other one.
        if _hop(gateway, _looked_up(gateway, config), env).login == hop.login:
            continue
        if number == 0:
            yield from _hops(gateway, config, env, (*seen, hop.login))
        else:
            # Reached through the one before it, whatever its own section says.
            yield msgspec.structs.replace(_hop(gateway, _looked_up(gateway, config), env), command="")
    if any(jumps):
        hop = msgspec.structs.replace(hop, command="")
    yield hop


def _looked_up(place: Address, config: SSHConfig) -> Mapping[str, str]:
    try:
        found: Mapping[str, str] = config.lookup(place.host)
    except Exception as error:  # `Match exec` and canonical names raise many kinds
        raise StepError(f"{place.text}: the ssh configuration cannot be used: {error}") from None
    return found


def _hop(place: Address, options: Mapping[str, str], env: Mapping[str, str]) -> Hop:
    port = options.get("port", "22")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise StepError(f"{place.text}: the ssh configuration names no port: {port!r}")
    files = options.get("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2")
    system = options.get("globalknownhostsfile", "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2")
    known = [word for text in (files, system) for word in text.split() if word.lower() != "none"]
    keys = [text for text in options.get("identityfile", ()) if text.lower() != "none"]
    return Hop(
        name=place.text,
        host=options.get("hostname", place.host),
        user=place.user or options.get("user", "") or owner.who(),
        port=place.port or int(port),
        known_as=options.get("hostkeyalias", ""),
        known_hosts=tuple(Path(word).expanduser() for word in known),
        identity=tuple(Path(text).expanduser() for text in keys),
        only=options.get("identitiesonly", "no").lower() == "yes",
        agent=_agent(options.get("identityagent", "SSH_AUTH_SOCK"), env),
        command=options.get("proxycommand") or "",
    )


def _agent(text: str, env: Mapping[str, str]) -> str:
    if text.lower() == "none":
        return ""
    if text == "SSH_AUTH_SOCK" or text.startswith("$"):
        return env.get(text.lstrip("$").strip("{}"), "")
    return os.path.expanduser(text)  # noqa: PTH111 - stays a text: an abstract socket is no path


def _jump(word: str, place: Address) -> Address | None:
    """Read one hop of ProxyJump: `[user@]host[:port]` or `ssh://[user@]host[:port]`; `None` for `none`."""
    text = word.strip().removeprefix("ssh://").rstrip("/")
    if text.lower() in ("", "none"):
        return None
    found = address(text)
    if found is None or found.local:
        raise StepError(f"{place.text}: ProxyJump names no host: {word!r}", remedy="Write [user@]host[:port] there.")
    return found
