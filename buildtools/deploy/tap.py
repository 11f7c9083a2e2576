"""What a connection runs over, and how much of it has been heard."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import threading
import time
from typing import Any, Protocol

_BUSY = (b"MaxStartups", b"Not allowed at this time")
"""what OpenSSH's sshd says before it closes a connection that it has no room for"""


class Stream(Protocol):
    """As much of a socket as SSH needs; `recv` and `send` raise `TimeoutError`."""

    def recv(self, size: int, /) -> bytes:
        """Return what is there, at least a byte; nothing at the end."""

    def send(self, data: bytes, /) -> int:
        """Send a part of the data and return its length."""

    def settimeout(self, seconds: float | None, /) -> None:
        """Let `recv` and `send` wait that long."""

    def close(self) -> None:
        """Close it, from any thread."""


class Tap:
    """A stream that keeps count: bytes `sent`, when something was last `heard` (monotonic), and how it began."""

    def __init__(self, stream: Stream) -> None:
        self.sent = 0
        self.heard = time.monotonic()
        self._stream = stream
        self._began = b""
        self._ended = False
        self._closed = False

    @property
    def turned_away(self) -> bool:
        """Whether the other end closed it before the protocol began, without a word or saying that it is busy."""
        return self._ended and (not self._began or any(word in self._began for word in _BUSY))

    def recv(self, size: int) -> bytes:
        """Receive, as `Stream.recv` says."""
        try:
            piece = self._stream.recv(size)
        except TimeoutError:
            raise
        except OSError:
            self._end()
            raise
        self.heard = time.monotonic()
        if not piece:
            self._end()
        if len(self._began) < 200:
            self._began += piece[:200]
        return piece

    def send(self, data: bytes) -> int:
        """Send, as `Stream.send` says."""
        try:
            count = self._stream.send(data)
        except TimeoutError:
            raise
        except OSError:
            self._end()
            raise
        self.sent += count
        return count

    def settimeout(self, seconds: float | None) -> None:
        """Set how long the others wait."""
        self._stream.settimeout(seconds)

    def close(self) -> None:
        """Close the stream."""
        self._closed = True
        with contextlib.suppress(OSError, EOFError):
            self._stream.close()

    def _end(self) -> None:
        """Note that the other end is gone, if it was not this one that closed it."""
        self._ended = self._ended or not self._closed

    def getpeername(self) -> Any:
        """Return where the other end is, for paramiko's messages."""
        return getattr(self._stream, "getpeername", lambda: ("", 0))()


class Program:
    """A program that makes the connection, as `ProxyCommand` says: its standard input and output are the stream."""

    def __init__(self, command: str) -> None:
        from paramiko import ProxyCommand

        # paramiko starts it without a shell, which ssh does not, and takes its end for silence.
        self._proxy = ProxyCommand(f"sh -c {shlex.quote('exec ' + command)}")
        process: Any = self._proxy.process
        self._in, self._out, self._err = process.stdin, process.stdout, process.stderr
        self._timeout: float | None = None
        self._closing = threading.Lock()
        self._closed = False
        self.complaint = ""
        """what the program had to say when it was closed, as `: TEXT`"""

    def recv(self, size: int) -> bytes:
        """Receive, as `Stream.recv` says."""
        try:
            number = self._out.fileno()
            ready = select.select([number], [], [], self._timeout)[0]
        except ValueError:  # closed meanwhile
            return b""
        if not ready:
            raise TimeoutError
        return os.read(number, size)

    def send(self, data: bytes) -> int:
        """Send, as `Stream.send` says."""
        return os.write(self._in.fileno(), data)

    def settimeout(self, seconds: float | None) -> None:
        """Set how long `recv` waits."""
        self._timeout = seconds

    def close(self) -> None:
        """End the program."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        process = self._proxy.process
        with contextlib.suppress(OSError):
            if select.select([self._err], [], [], 0)[0]:
                text = os.read(self._err.fileno(), 1000).decode("utf-8", "replace").strip()
                self.complaint = f": {text.splitlines()[-1]}" if text else ""
        process.terminate()
        deadline = time.monotonic() + 2
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
        process.wait()
        for pipe in (self._in, self._out, self._err):
            pipe.close()
