"""A host over SSH, by fabric, without its traps: known host keys only, timeouts on everything, no polling."""

from __future__ import annotations

import contextlib
import shlex
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from buildtools.core.errors import StepError
from buildtools.core.step import StepContext
from buildtools.deploy.hostkeys import HostKeyRefused, changed, guard_keys
from buildtools.deploy.layout import Address
from buildtools.deploy.script import Reply

if TYPE_CHECKING:
    from fabric import Connection
    from paramiko import Channel

_PIECE = 2**18
_MOST_KEPT = 2**20
"""bytes of one command's output that are kept; more is nobody's answer"""


class SshOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to connect: `connect` limits connecting, its banner and each try to log in; `phase` a whole command (s)."""

    known_hosts: tuple[Path, ...] = ()
    accept_new: bool = False
    identity: tuple[Path, ...] = ()
    password: str = ""
    passphrase: str = ""
    connect: float = 15.0
    phase: float = 900.0


class SshHost:
    """One connection to one host, used for the whole deployment: a context manager."""

    def __init__(self, ctx: StepContext, address: Address, options: SshOptions) -> None:
        self.ctx = ctx
        self.name = address.text
        self.address = address
        self.options = options
        self._connection = _connection(address, options)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> SshHost:
        connection = self._connection
        self._stack.callback(_close, connection)
        try:
            with _explained(self.name, connection):
                connection.open()
        except BaseException:
            self._stack.close()
            raise
        connection.transport.set_keepalive(15)
        _notice_death(connection)
        self._stack.enter_context(self.ctx.on_cancel(connection.transport.close))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def root(self, root: str) -> str:
        """Return the path as it is: it starts at the login's home folder."""
        return root if root.startswith(("/", "./")) else f"./{root}"

    def run(self, script: str, feed: Sequence[Path] = ()) -> Reply:
        """Run a script, as `Host.run` says; the user's login shell only has to start `sh`."""
        self.ctx.check_cancelled()
        ends = time.monotonic() + self.options.phase
        with _explained(self.name, self._connection):
            channel = self._connection.transport.open_session(timeout=self.options.connect)
        watchdog = threading.Timer(self.options.phase, channel.close)
        watchdog.daemon = True
        watchdog.start()
        try:
            reply = self._talk(channel, f"sh -c {shlex.quote(script)}", feed)
        finally:
            watchdog.cancel()
            watchdog.join()
            channel.close()
        self.ctx.check_cancelled()
        if reply.status == -1 and time.monotonic() >= ends:
            raise StepError(
                f"{self.name}: no end after {self.options.phase:g} seconds",
                remedy="Allow more by `timeout`, or look at what the host is busy with.",
            )
        return reply

    def dial(self, host: str, port: int, timeout: float = 10.0) -> socket.socket:
        """Connect from the host, as `Host.dial` says: a connection inside this one, joined to a local socket."""
        from paramiko import ChannelException, SSHException

        try:
            channel = self._connection.transport.open_channel(
                "direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=timeout
            )
        except ChannelException as error:
            if error.code == 1:
                raise PermissionError(
                    f"{self.name}: sshd allows no connection to {host}:{port} (AllowTcpForwarding, PermitOpen)"
                ) from None
            raise ConnectionRefusedError(f"{self.name}: nothing answers at {host}:{port} there") from None
        except SSHException as error:
            raise ConnectionError(f"{self.name}: {error}") from None
        return _joined(channel, timeout)

    def _talk(self, channel: Channel, command: str, feed: Sequence[Path]) -> Reply:
        out, err = bytearray(), bytearray()
        # Both outputs are taken in while the input goes out: else each side may wait for the other for ever.
        readers = [
            threading.Thread(target=_drain, args=(channel.recv, out), daemon=True),
            threading.Thread(target=_drain, args=(channel.recv_stderr, err), daemon=True),
        ]
        with _explained(self.name, self._connection):
            channel.exec_command(command)
            for reader in readers:
                reader.start()
            self._send(channel, feed)
            for reader in readers:
                reader.join()
            status = channel.recv_exit_status()  # comes at once when the channel is closed: -1 if there was none
        return Reply(status=status, stdout=bytes(out), stderr=bytes(err))

    def _send(self, channel: Channel, feed: Sequence[Path]) -> None:
        sent, total = 0, sum(path.stat().st_size for path in feed)
        try:
            for path in feed:
                with path.open("rb") as file:
                    while piece := file.read(_PIECE):
                        self.ctx.check_cancelled()
                        channel.sendall(piece)
                        sent += len(piece)
                        self.ctx.progress(sent, total, f"sending to {self.name}")
            channel.shutdown_write()
        except (OSError, EOFError):
            pass  # the script ended before its input: it says why


def _joined(channel: Channel, timeout: float) -> socket.socket:
    """Return a real socket, which TLS and `select` need, whose other end is carried on by two threads."""
    here, there = socket.socketpair()
    here.settimeout(timeout)

    def carry(receive: Any, send: Any, finish: Any) -> None:
        with contextlib.suppress(OSError, EOFError):
            while piece := receive(2**16):
                send(piece)
        with contextlib.suppress(OSError, EOFError):
            finish()

    def back() -> None:
        carry(channel.recv, there.sendall, lambda: there.shutdown(socket.SHUT_WR))

    def forth() -> None:
        carry(there.recv, channel.sendall, channel.shutdown_write)
        reader.join()
        there.close()
        channel.close()

    reader = threading.Thread(target=back, daemon=True)
    reader.start()
    threading.Thread(target=forth, daemon=True).start()
    return here


def _drain(receive: Any, into: bytearray) -> None:
    while True:
        try:
            piece = receive(2**16)
        except (OSError, EOFError):
            return
        if not piece:
            return
        if len(into) < _MOST_KEPT:
            into += piece


def _connection(address: Address, options: SshOptions) -> Connection:
    import logging

    from fabric import Config, Connection

    # paramiko reports what it raises to its logger as well: without a handler that would land on stderr.
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    # Lazy: no fabric.yaml, no FABRIC_ variables; ~/.ssh/config and /etc/ssh/ssh_config, as ssh itself would.
    config = Config(lazy=True)
    try:
        config.load_ssh_config()
        kwargs: dict[str, Any] = {
            "banner_timeout": options.connect,
            "auth_timeout": options.connect,
            "channel_timeout": options.connect,
        }
        if options.identity:
            kwargs |= {"key_filename": [str(path) for path in options.identity], "look_for_keys": False}
        if options.password:
            kwargs["password"] = options.password
        if options.passphrase:
            kwargs["passphrase"] = options.passphrase
        connection = Connection(
            address.host,
            user=address.user or None,
            port=address.port or None,
            config=config,
            connect_kwargs=kwargs,
            connect_timeout=max(1, int(options.connect)),
        )
    except Exception as error:  # paramiko's parser raises many kinds for a bad file
        raise StepError(f"{address.text}: the ssh configuration cannot be used: {error}") from None
    guard_keys(connection, options.known_hosts, accept_new=options.accept_new)
    hop = connection.gateway
    while hop is not None and not isinstance(hop, str):
        hop.connect_timeout = connection.connect_timeout
        hop.connect_kwargs = {**kwargs, **hop.connect_kwargs}
        hop = hop.gateway
    return connection


def _close(connection: Connection) -> None:
    while connection is not None and not isinstance(connection, str):
        with contextlib.suppress(Exception):  # closing tells nothing new
            connection.client.close()
        connection = connection.gateway


def _notice_death(connection: Connection) -> None:
    """Let the system itself find out, within a minute, that nobody is at the other end any more."""
    while connection.gateway is not None and not isinstance(connection.gateway, str):
        connection = connection.gateway
    sock = connection.transport.sock
    if not isinstance(sock, socket.socket):
        return
    wanted = (("SO_KEEPALIVE", 1), ("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 3))
    with contextlib.suppress(OSError):
        for name, value in (*wanted, ("TCP_USER_TIMEOUT", 60_000)):
            if hasattr(socket, name):
                level = socket.SOL_SOCKET if name.startswith("SO_") else socket.IPPROTO_TCP
                sock.setsockopt(level, getattr(socket, name), value)


@contextlib.contextmanager
def _explained(name: str, connection: Connection) -> Iterator[None]:
    """Turn what paramiko and the system raise into one clear error."""
    from paramiko import ssh_exception as ssh

    place = f"{connection.host}:{connection.port}"
    try:
        yield
    except StepError:
        raise
    except ssh.BadHostKeyException as error:
        raise changed(error.hostname, _port(connection, error.hostname), error.expected_key, error.key) from None
    except ssh.PasswordRequiredException:
        raise StepError(
            f"{name}: the key is encrypted", remedy="Load it into ssh-agent, or set `passphrase`."
        ) from None
    except ssh.AuthenticationException as error:
        raise StepError(
            f"{name}: {connection.user} may not log in to {place}: {error}",
            remedy="Check the user, the key (`identity`, ~/.ssh/config, ssh-agent), and authorized_keys on the host.",
        ) from None
    except ssh.NoValidConnectionsError:
        raise StepError(
            f"{name}: nothing answers at {place}", remedy="Check host and port, and that sshd runs."
        ) from None
    except socket.gaierror as error:
        raise StepError(f"{name}: the host name {connection.host} is not known: {error.strerror}") from None
    except TimeoutError:
        raise StepError(
            f"{name}: no answer from {place} in time", remedy="Check the network, or `connect-timeout`."
        ) from None
    except (ssh.SSHException, OSError, EOFError, ValueError) as error:
        raise StepError(f"{name}: no connection to {place}: {str(error) or type(error).__name__}") from None


def _port(connection: Connection, host: str) -> int:
    """Return the port of the connection or gateway to that host."""
    while connection is not None and not isinstance(connection, str):
        if connection.host == host:
            return int(connection.port)
        connection = connection.gateway
    return 22


__all__ = ["HostKeyRefused", "SshHost", "SshOptions"]
