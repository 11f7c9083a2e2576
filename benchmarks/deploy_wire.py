"""A connection that is longer than loopback: a proxy that delays what goes through it, and counts it."""

from __future__ import annotations

import queue
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType


class Wire:
    """Listens on a port of its own and leads to another one, `delay` seconds later in each direction.

    With a `rate`, at most so many bytes a second go through. `up` and `down` are the bytes that went to the server and
    from it. `turns` is how often the client sent something after the server had: what came back in between was waited
    for, or could have been.
    """

    def __init__(self, port: int, delay: float = 0.0, rate: float = 0.0) -> None:
        self.delay = delay
        self.rate = rate
        self.up = self.down = self.turns = 0
        self._to = port
        self._last_up = False
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._lead(client, server, up=True)
            self._lead(server, client, up=False)

    def _lead(self, source: socket.socket, to: socket.socket, *, up: bool) -> None:
        pieces: queue.Queue[tuple[float, bytes]] = queue.Queue(64 if self.rate else 0)

        def take() -> None:
            data, free = b"-", 0.0
            while data:
                try:
                    data = source.recv(2**16)
                except OSError:
                    data = b""
                self._count(len(data), up=up)
                free = max(free, time.monotonic()) + (len(data) / self.rate if self.rate else 0.0)
                pieces.put((free + self.delay, data))

        def give() -> None:
            with suppress(OSError):
                while True:
                    due, data = pieces.get()
                    if (left := due - time.monotonic()) > 0:
                        time.sleep(left)
                    if not data:
                        break
                    to.sendall(data)
                to.shutdown(socket.SHUT_WR)

        for work in (take, give):
            threading.Thread(target=work, daemon=True).start()

    def _count(self, size: int, *, up: bool) -> None:
        with self._lock:
            if up:
                self.up += size
                self.turns += size > 0 and not self._last_up
            else:
                self.down += size
            if size:
                self._last_up = up
