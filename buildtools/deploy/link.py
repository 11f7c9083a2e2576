"""One SSH connection: over all gateways, with known host keys only, given up when nobody answers any more."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from buildtools.core.errors import StepError
from buildtools.deploy.hostkeys import guard, known_keys
from buildtools.deploy.login import Login
from buildtools.deploy.route import Hop, SshOptions
from buildtools.deploy.tap import Program, Stream, Tap
from buildtools.deploy.trouble import explained

if TYPE_CHECKING:
    from paramiko import SSHClient, Transport

_SILENT = 4
"""of these times nothing heard from the host, and it counts as gone"""


class Link:
    """A connection along a route, hop after hop; `name` is what messages call the host."""

    def __init__(self, name: str, hops: tuple[Hop, ...], options: SshOptions) -> None:
        self.name = name
        self.hops = hops
        self.options = options
        self._clients: list[SSHClient] = []
        self._transports: list[Transport] = []  # a client forgets its own when it is closed
        self._taps: list[Tap] = []
        self._done = threading.Event()

    @property
    def transport(self) -> Transport:
        """The connection to the host itself."""
        return self._transports[-1]

    @property
    def sent(self) -> int:
        """Bytes that went out to the host so far, encrypted and all."""
        return self._taps[-1].sent if self._taps else 0

    def open(self) -> None:
        """Connect and log in; raises `StepError`."""
        ends = time.monotonic() + self.options.connect
        for number, hop in enumerate(self.hops):
            with explained(self.name, hop, gateway=number < len(self.hops) - 1):
                for pause in pauses():
                    if self._step(hop, last=time.monotonic() + pause > ends or self._done.is_set()):
                        break
                    self._done.wait(pause)
        threading.Thread(target=self._watch, daemon=True, name=f"alive {self.name}").start()

    def close(self) -> None:
        """Close everything, from any thread; whatever waits for the host then ends."""
        self._done.set()
        for client in reversed(self._clients):
            _close(client)
        for tap in reversed(self._taps):
            tap.close()

    def _step(self, hop: Hop, *, last: bool) -> bool:
        """Connect to the next hop, from the one before it; `False` for a server that is too busy just now."""
        if self._done.is_set():
            raise StepError("closed while connecting")
        stream = self._stream(hop)
        tap = Tap(stream)
        self._taps.append(tap)
        password = self.options.password if hop is self.hops[-1] else ""
        client = _client()
        self._clients.append(client)
        if self._done.is_set():  # meanwhile, when these were not in the lists yet
            self.close()
        began = time.monotonic()
        try:
            self._transports.append(_connect(client, hop, tap, self.options, password=password))
        except Exception as error:
            _close(client)
            tap.close()
            if not tap.turned_away:
                if not isinstance(error, StepError) and time.monotonic() - began >= self.options.connect:
                    raise TimeoutError from None  # what paramiko says then depends on how far it was
                raise
            if isinstance(stream, Program):
                raise StepError(f"the ProxyCommand ended{stream.complaint}", remedy="Try it by itself.") from None
            if last:
                raise StepError(
                    f"{hop.host}:{hop.port} closes the connection before it says anything",
                    remedy="Allow more logins at once (`MaxStartups` of sshd), or set a smaller `pool`.",
                ) from None
            self._clients.remove(client)
            self._taps.remove(tap)
            return False
        return True

    def _stream(self, hop: Hop) -> Stream:
        if hop.command:
            return Program(hop.command)
        if self._transports:
            return self.transport.open_channel(
                "direct-tcpip", (hop.host, hop.port), ("127.0.0.1", 0), timeout=self.options.connect
            )
        stream = socket.create_connection((hop.host, hop.port), self.options.connect)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream

    def _watch(self) -> None:
        """Ask the host for a sign of life when it is silent, and close the connection if none comes."""
        transport, tap = self.transport, self._taps[-1]
        asking: threading.Thread | None = None
        heard, silent = tap.heard, 0
        # Counted, not timed: while this process itself is stopped, nobody can be heard.
        while not self._done.wait(self.options.alive):
            if not transport.is_active():
                return
            heard, silent = tap.heard, silent + 1 if tap.heard == heard else 0
            if silent >= _SILENT:
                self.close()
            elif silent and (asking is None or not asking.is_alive()):
                # Waits for the answer, which paramiko's own keepalive never does.
                asking = threading.Thread(target=_ask, args=(transport,), daemon=True)
                asking.start()


def _ask(transport: Transport) -> None:
    with contextlib.suppress(Exception):  # the connection ended
        transport.global_request("keepalive@openssh.com", wait=True)


def pauses() -> Iterator[float]:
    """Yield seconds to wait before the next try, longer and longer; not the same for all who try."""
    pause = 0.1
    while True:
        yield pause * random.uniform(0.5, 1.5)
        pause = min(pause * 2, 2.0)


def _client() -> SSHClient:
    import logging

    from paramiko import SSHClient

    # paramiko reports what it raises to its logger as well: without a handler that would land on stderr.
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    return SSHClient()


def _connect(client: SSHClient, hop: Hop, tap: Tap, options: SshOptions, *, password: str) -> Transport:
    from paramiko import Transport

    known = known_keys(hop, options.known_hosts)

    def transport(sock: Any, **more: Any) -> Transport:
        made = Transport(sock, **more)
        made.handshake_timeout = options.connect
        _prefer(made, [pin.kind for pin in (*known.pins, *known.plain)])
        return made

    guard(client, known, accept_new=options.accept_new)
    client.connect(
        hop.host,
        hop.port,
        hop.user,
        timeout=options.connect + 1,  # the others have had their say by then; this one ends without any
        sock=tap,  # type: ignore[arg-type] # it is not a socket, but all that a transport wants of one
        banner_timeout=options.connect,
        auth_timeout=options.connect,
        channel_timeout=options.connect,
        auth_strategy=Login(hop, options, password=password),  # type: ignore[arg-type] # its one method is called
        transport_factory=transport,
    )
    connected = client.get_transport()
    if connected is None:
        raise StepError("closed while connecting")
    return connected


def _prefer(transport: Transport, kinds: list[str]) -> None:
    """Say what the server is to choose first.

    A host key of a kind that is known, so that another of its keys is not taken for a new one. And AES-GCM, which
    paramiko has last: its rivals there hash all that is sent besides, on both sides.
    """
    security = transport.get_security_options()
    security.ciphers = sorted(security.ciphers, key=lambda name: "gcm" not in name)
    rsa = ["rsa-sha2-512", "rsa-sha2-256"]
    wanted = [name for kind in kinds for name in (rsa if kind == "ssh-rsa" else [kind])]
    there = list(security.key_types)
    first = [name for name in dict.fromkeys(wanted) if name in there]
    security.key_types = [*first, *(name for name in there if name not in first)]


def _close(client: SSHClient) -> None:
    with contextlib.suppress(Exception):  # closing tells nothing new
        transport = client.get_transport()
        if transport is not None:
            transport.packetizer.complete_handshake()  # else its timer holds the program up
            client.close()
