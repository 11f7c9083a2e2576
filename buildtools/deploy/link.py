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
    from fabric import Connection
    from paramiko import Transport

_SILENT = 4
"""of these times nothing heard from the host, and it counts as gone"""


class Link:
    """A connection along a route, hop after hop; `name` is what messages call the host."""

    def __init__(self, name: str, hops: tuple[Hop, ...], options: SshOptions) -> None:
        self.name = name
        self.hops = hops
        self.options = options
        self._connections: list[Connection] = []
        self._taps: list[Tap] = []
        self._done = threading.Event()

    @property
    def transport(self) -> Transport:
        """The connection to the host itself."""
        transport: Transport = self._connections[-1].transport
        return transport

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
        for connection in reversed(self._connections):
            _close(connection)
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
        connection = _connection(hop, tap, self.options, password=password)
        self._connections.append(connection)
        if self._done.is_set():  # meanwhile, when these were not in the lists yet
            self.close()
        try:
            connection.open()
        except Exception:
            _close(connection)
            tap.close()
            if not tap.turned_away:
                raise
            if isinstance(stream, Program):
                raise StepError(f"the ProxyCommand ended{stream.complaint}", remedy="Try it by itself.") from None
            if last:
                raise StepError(
                    f"{hop.host}:{hop.port} closes the connection before it says anything",
                    remedy="Allow more logins at once (`MaxStartups` of sshd), or set a smaller `pool`.",
                ) from None
            self._connections.remove(connection)
            self._taps.remove(tap)
            return False
        return True

    def _stream(self, hop: Hop) -> Stream:
        if hop.command:
            return Program(hop.command)
        if self._connections:
            transport: Transport = self._connections[-1].transport
            return transport.open_channel(
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


def _connection(hop: Hop, tap: Tap, options: SshOptions, *, password: str) -> Connection:
    import logging

    from fabric import Config, Connection
    from paramiko import Transport

    # paramiko reports what it raises to its logger as well: without a handler that would land on stderr.
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    known = known_keys(hop, options.known_hosts)

    def transport(sock: Any, **more: Any) -> Transport:
        made = Transport(sock, **more)
        made.handshake_timeout = options.connect
        _prefer(made, [pin.kind for pin in (*known.pins, *known.plain)])
        return made

    # Lazy: no fabric.yaml, no FABRIC_ variables. The ssh configuration has been read for the route.
    connection = Connection(
        hop.host,
        user=hop.user,
        port=hop.port,
        config=Config(lazy=True),
        gateway=False,
        connect_timeout=max(1, round(options.connect)),
        connect_kwargs={
            "sock": tap,
            "banner_timeout": options.connect,
            "auth_timeout": options.connect,
            "channel_timeout": options.connect,
            "auth_strategy": Login(hop, options, password=password),
            "transport_factory": transport,
        },
    )
    guard(connection.client, known, accept_new=options.accept_new)
    return connection


def _prefer(transport: Transport, kinds: list[str]) -> None:
    """Ask the server for a host key of a kind that is known, so that another of its keys is not taken for a new one."""
    security = transport.get_security_options()
    rsa = ["rsa-sha2-512", "rsa-sha2-256"]
    wanted = [name for kind in kinds for name in (rsa if kind == "ssh-rsa" else [kind])]
    there = list(security.key_types)
    first = [name for name in dict.fromkeys(wanted) if name in there]
    security.key_types = [*first, *(name for name in there if name not in first)]


def _close(connection: Connection) -> None:
    with contextlib.suppress(Exception):  # closing tells nothing new
        transport = connection.client.get_transport()
        if transport is not None:
            transport.packetizer.complete_handshake()  # else its timer holds the program up
            connection.client.close()
