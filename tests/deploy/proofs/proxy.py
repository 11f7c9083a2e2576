"""A TCP proxy that can be slow, reset everything, or go silent; a process of its own, so that it can be stopped.

    python -m tests.deploy.proofs.proxy PORT_TO   (prints the port that it listens at)

SIGUSR1 resets all connections; SIGSTOP makes it silent, SIGCONT lets it speak again. Standard input is a line with the
bytes a second that go to the server (0: no limit); its end is the proxy's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

from tests.support.sshd import free_port

_PIECE = 8192


class Relay:
    """The proxy's own side."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._rate = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(self, listen: int) -> None:
        """Serve until standard input ends."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self.reset)
        orders = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        async with await asyncio.start_server(self._accept, "127.0.0.1", listen):
            os.write(1, f"{listen}\n".encode())
            while line := await orders.readline():
                self._rate = int(line)
                os.write(1, b"ok\n")
        os._exit(0)

    def reset(self) -> None:
        """End every connection with a TCP reset."""
        for writer in list(self._writers):
            sock = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, there[1]}
        await asyncio.gather(
            self._pump(reader, there[1], slow=True), self._pump(there[0], writer, slow=False), return_exceptions=True
        )
        for one in (writer, there[1]):
            self._writers.discard(one)
            one.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slow: bool) -> None:
        try:
            while piece := await reader.read(_PIECE):
                if slow and self._rate:
                    await asyncio.sleep(len(piece) / self._rate)
                writer.write(piece)
                await writer.drain()
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                writer.write_eof()


class Proxy:
    """The other side: one running proxy before a port."""

    def __init__(self, port: int) -> None:
        self._words = [sys.executable, "-m", "tests.deploy.proofs.proxy", str(port), str(free_port())]
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    @property
    def pid(self) -> int:
        """The process to send signals to."""
        return self._process.pid

    def rate(self, limit: int) -> None:
        """Let so many bytes through to the server in a second; 0: all."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{limit}\n".encode())
        self._process.stdin.flush()
        self._process.stdout.readline()

    def heal(self, *, forget: bool) -> None:
        """Speak again; with `forget`, what was connected before is not any more."""
        if forget:
            self._process.send_signal(signal.SIGUSR1)
        self._process.send_signal(signal.SIGCONT)
        self.rate(0)

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


if __name__ == "__main__":
    asyncio.run(Relay(int(sys.argv[1])).serve(int(sys.argv[2])))
