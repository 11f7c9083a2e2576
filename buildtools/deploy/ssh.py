"""A host over SSH, by paramiko, without the traps: known host keys only, timeouts on everything, no polling."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from buildtools.core.errors import StepError
from buildtools.core.step import StepContext
from buildtools.deploy.host import PARTING, overdue
from buildtools.deploy.link import Link, pauses
from buildtools.deploy.route import Hop, SshOptions
from buildtools.deploy.script import Reply
from buildtools.deploy.trouble import explained

if TYPE_CHECKING:
    from paramiko import Channel, Transport

_PIECE = 8 * (2**15 - 64)
"""bytes that are sent at once: whole packets, as paramiko makes them for OpenSSH; a rest would be one of its own"""
_MOST_KEPT = 2**24
"""bytes of one command's output that are kept: the listing of a large release, compressed, is the longest answer"""
_ODD = re.compile(rb"[^ -~]|[\\'!]")


class SshHost:
    """One connection to one host, used for the whole deployment: a context manager. One thread at a time may use it."""

    def __init__(self, ctx: StepContext, name: str, hops: tuple[Hop, ...], options: SshOptions) -> None:
        self.ctx = ctx
        self.name = name
        self.options = options
        self._link = Link(name, hops, options)
        self._stack = contextlib.ExitStack()
        self._ahead: Ahead | None = None

    def __enter__(self) -> SshHost:
        self._stack.callback(self._link.close)
        try:
            self._stack.enter_context(self.ctx.on_cancel(self._link.close))
            self._link.open()
        except BaseException as error:
            self._stack.close()
            if isinstance(error, StepError):
                self.ctx.check_cancelled()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def sent(self) -> int:
        """Bytes that went out to the host so far, as they were on the wire."""
        return self._link.sent

    def root(self, root: str) -> str:
        """Return the path as it is: it starts at the login's home folder."""
        return root if root.startswith(("/", "./")) else f"./{root}"

    def run(self, script: str, feed: Sequence[Path] | bytes = ()) -> Reply:
        """Run a script, as `Host.run` says; the user's login shell only has to start `sh`."""
        self.ctx.check_cancelled()
        ends = time.monotonic() + self.options.phase
        with explained(self.name, self._link.hops[-1]):
            channel = self._session()
        watchdog = threading.Timer(self.options.phase, channel.close)
        watchdog.daemon = True
        watchdog.start()
        try:
            reply = self._talk(channel, command(script), feed)
        except StepError:
            if time.monotonic() < ends:
                raise
            reply = Reply(status=-1)
        finally:
            watchdog.cancel()
            watchdog.join()
            channel.close()
        self.ctx.check_cancelled()
        if reply.status == -1 and time.monotonic() >= ends:
            raise overdue(self.name, self.options.phase)
        return reply

    def dial(self, host: str, port: int, timeout: float = 10.0) -> socket.socket:
        """Connect from the host, as `Host.dial` says: a connection inside this one, joined to a local socket."""
        from paramiko import ChannelException, SSHException

        try:
            channel = self._link.transport.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=timeout)
        except ChannelException as error:
            if error.code == 1:
                raise PermissionError(
                    f"{self.name}: sshd lets nobody through to {host}:{port} (AllowTcpForwarding, PermitOpen)"
                ) from None
            raise ConnectionRefusedError(f"{self.name}: nothing answers at {host}:{port} there") from None
        except SSHException as error:
            kind = TimeoutError if "imeout" in str(error) else ConnectionError
            raise kind(f"{self.name}: {error}") from None
        except EOFError:
            raise ConnectionError(f"{self.name}: the connection was lost") from None
        return _joined(channel, timeout)

    @contextlib.contextmanager
    def parting(self) -> Iterator[SshHost]:
        """Connect anew, as `Host.parting` says: cancelling has closed the connection."""
        seconds = min(PARTING, self.options.connect)
        options = msgspec.structs.replace(self.options, connect=seconds, phase=min(PARTING, self.options.phase))
        with self.ctx.parting(PARTING) as ctx, SshHost(ctx, self.name, self._link.hops, options) as last:
            yield last

    def _session(self) -> Channel:
        """Open a session.

        Where sshd counts them (`MaxSessions`), the one before often has not quite ended there yet: it sees to that
        after it has read what came in together, so the answer to the first try is all there is to wait for.
        """
        from paramiko import ChannelException

        if self._ahead is not None and (opened := self._ahead.take()) is not None:
            return opened
        ends = time.monotonic() + self.options.connect
        for pause in chain((0.0,), pauses()):
            try:
                return self._link.transport.open_session(timeout=self.options.connect)
            except ChannelException:
                if time.monotonic() + pause > ends:
                    raise StepError(
                        "sshd opens no session, now and for as long as `connect-timeout` is",
                        remedy="See that `MaxSessions` of sshd is at least 1, and that no earlier command hangs there.",
                    ) from None
            self.ctx.check_cancelled()
            time.sleep(pause)
        raise AssertionError  # there is always another pause

    def _talk(self, channel: Channel, command: str, feed: Sequence[Path] | bytes) -> Reply:
        out, err = bytearray(), bytearray()
        # Both outputs are taken in while the input goes out: else each side may wait for the other for ever.
        readers = [
            threading.Thread(target=_drain, args=(channel.recv, out), daemon=True),
            threading.Thread(target=_drain, args=(channel.recv_stderr, err), daemon=True),
        ]
        with explained(self.name, self._link.hops[-1]):
            if self._ahead is None or not self._ahead.refused:
                self._ahead = Ahead(self._link.transport, self.options.connect)
            channel.exec_command(command)
            for reader in readers:
                reader.start()
            self._send(channel, feed)
            for reader in readers:
                reader.join()
            status = channel.recv_exit_status()  # comes at once when the channel is closed: -1 if there was none
        return Reply(status=status, stdout=bytes(out), stderr=bytes(err))

    def _send(self, channel: Channel, feed: Sequence[Path] | bytes) -> None:
        for piece in (feed,) if isinstance(feed, bytes) else self._read(feed):
            try:
                channel.sendall(piece)
            except (OSError, EOFError):
                return  # the script ended before its input, and says why
        with contextlib.suppress(OSError, EOFError):
            channel.shutdown_write()

    def _read(self, feed: Sequence[Path]) -> Iterator[bytes]:
        """Yield what is in the files, telling how much of it is sent. Raises `StepError`."""
        try:
            sent, total = 0, sum(path.stat().st_size for path in feed)
            for path in feed:
                with path.open("rb") as file:
                    while piece := file.read(_PIECE):
                        self.ctx.check_cancelled()
                        yield piece
                        sent += len(piece)
                        self.ctx.progress(sent, total, f"sending to {self.name}")
        except OSError as error:
            raise StepError(f"{error.filename or feed[-1]}: cannot be read: {error.strerror}") from None


class Ahead:
    """A session that is opened while the command before it runs: the way there and back is then not waited for."""

    def __init__(self, transport: Transport, timeout: float) -> None:
        self.refused = False
        """by a server that has no more sessions than one at a time (`MaxSessions`)"""
        self._opened: Channel | None = None
        self._thread = threading.Thread(target=self._open, args=(transport, timeout), daemon=True)
        self._thread.start()

    def take(self) -> Channel | None:
        """Return the session, once; `None` if there is none."""
        self._thread.join()
        opened, self._opened = self._opened, None
        return None if opened is None or opened.closed else opened

    def _open(self, transport: Transport, timeout: float) -> None:
        from paramiko import ChannelException

        with contextlib.suppress(Exception):  # whoever opens the next one is told what it is
            try:
                self._opened = transport.open_session(timeout=timeout)
            except ChannelException:
                self.refused = True


def command(script: str) -> str:
    """Return the command that runs a script, for any login shell: only the inner `sh` reads the script itself.

    Within single quotes csh takes no newline and reads `!`, and fish reads backslashes; so these go as octal numbers.
    The empty line ends whatever the login shell has printed before.
    """
    text = _ODD.sub(lambda match: b"\\0%03o" % match[0][0], script.encode()).decode("ascii")
    return f"""sh -c 'echo;eval "$(printf %b "$1")"' sh '{text}'"""  # a shell's own messages begin with its `$0`


def _joined(channel: Channel, timeout: float) -> socket.socket:
    """Return a real socket, which TLS and `select` need, whose other end is carried on by two threads."""
    here, there = socket.socketpair()
    here.settimeout(timeout)

    def carry(receive: Callable[[int], bytes], send: Callable[[bytes], None], finish: Callable[[], None]) -> None:
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
        with contextlib.suppress(OSError, EOFError):  # the connection may be gone by now
            channel.close()

    reader = threading.Thread(target=back, daemon=True)
    reader.start()
    threading.Thread(target=forth, daemon=True).start()
    return here


def _drain(receive: Callable[[int], bytes], into: bytearray) -> None:
    for piece in _pieces(receive):
        if len(into) < _MOST_KEPT:
            into += piece


def _pieces(receive: Callable[[int], bytes]) -> Iterator[bytes]:
    with contextlib.suppress(OSError, EOFError):
        while piece := receive(2**16):
            yield piece


__all__ = ["SshHost", "SshOptions", "command"]
