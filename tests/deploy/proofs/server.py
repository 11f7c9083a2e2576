"""A real nginx that serves `current` of each host, and clients that ask it all the time."""

from __future__ import annotations

import http.client
import itertools
import os
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.sshd import free_port

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

_CONFIG = """
daemon off;
pid {folder}/pid;
worker_processes 1;
{user}
events {{ worker_connections 256; }}
http {{
    access_log off;
    types {{ text/html html; text/css css; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 200;
{servers}
}}
"""
_SERVER = """
    server {{
        listen 127.0.0.1:{port};
        root {root}/current;
        index index.html;
{lines}
    }}
"""


class Nginx:
    """nginx with one server for each `ROOT/TARGET`; `lines` are what the documentation says to write in one."""

    def __init__(self, folder: Path, roots: Sequence[Path], lines: str = "") -> None:
        if NGINX is None:
            pytest.skip("nginx is not installed")
        folder.mkdir(parents=True)
        self.ports = [free_port() for _ in roots]
        servers = "".join(
            _SERVER.format(port=port, root=root, lines=lines) for port, root in zip(self.ports, roots, strict=True)
        )
        user = "user root;" if os.getuid() == 0 else ""  # else its worker may not look into a folder of tests
        file = folder / "nginx.conf"
        file.write_text(_CONFIG.format(folder=folder, user=user, servers=servers), encoding="utf-8")
        self._log = folder / "log"
        self._process = subprocess.Popen(
            [NGINX, "-c", str(file), "-e", str(self._log), "-p", str(folder)], stdin=subprocess.DEVNULL
        )
        ends = time.monotonic() + 10
        for port in self.ports:
            while not _listens(port):
                if time.monotonic() > ends or self._process.poll() is not None:
                    self.stop()
                    pytest.skip(f"nginx does not start here: {self.log[-500:]}")
                time.sleep(0.02)

    @property
    def log(self) -> str:
        """What it has complained about."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)


def _listens(port: int) -> bool:
    with suppress(OSError):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/")
        connection.getresponse().read()
        connection.close()
        return True
    return False


class Crowd:
    """Clients that ask all servers for all paths, each in its own manner, until the crowd is told to stop.

    `right` says what is wrong with a path's content, or nothing.
    """

    def __init__(self, ports: Sequence[int], paths: Sequence[str], right: Callable[[str, bytes], str]) -> None:
        self._ports, self._paths, self._right = ports, paths, right
        self._stop = threading.Event()
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        manners = (self._keeping, self._anew, self._revalidating, self._slowly)
        self._threads = [threading.Thread(target=self._guarded, args=(manner,), daemon=True) for manner in manners]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _guarded(self, manner: Callable[[], None]) -> None:
        try:
            manner()
        except Exception as error:  # a client that dies silently would prove nothing
            self.wrong.append(f"{manner.__name__}: {type(error).__name__}: {error}")

    def _keeping(self) -> None:
        """One connection to each server, as long as it lasts."""
        connections = {port: _connected(port) for port in self._ports}
        for port, path in self._asked(0.001):
            self._ask(connections[port], path, {}, "kept connection")
        for connection in connections.values():
            connection.close()

    def _anew(self) -> None:
        """A new connection for each request."""
        for port, path in self._asked(0.002):
            connection = _connected(port)
            self._ask(connection, path, {"Connection": "close"}, "new connection")
            connection.close()

    def _revalidating(self) -> None:
        """As a browser does: with what it has, it only asks whether that still holds."""
        kept: dict[tuple[int, str], tuple[Mapping[str, str], bytes]] = {}
        connections = {port: _connected(port) for port in self._ports}
        for port, path in self._asked(0.002):
            held = kept.get((port, path))
            status, headers, body = self._ask(connections[port], path, held[0] if held else {}, "revalidated")
            if status == 304 and held:
                self.counts["answers 304"] += 1
                # What a new connection gets now is what the browser's copy must be, unless it was switched just now.
                if self._plain(port, path) != held[1] and self._ask_304(port, path, held[0]):
                    time.sleep(0.05)
                    if self._plain(port, path) != held[1] and self._ask_304(port, path, held[0]):
                        self.wrong.append(f"{path}: the server takes an old copy for the current one")
            elif status == 200:
                asked = {}
                if "ETag" in headers:
                    asked["If-None-Match"] = headers["ETag"]
                if "Last-Modified" in headers:
                    asked["If-Modified-Since"] = headers["Last-Modified"]
                kept[(port, path)] = (asked, body)
        for connection in connections.values():
            connection.close()

    def _slowly(self) -> None:
        """The largest file, taken in small pieces with pauses, so that `current` is switched meanwhile."""
        for port, path in self._asked(0.0):
            if path != self._paths[-1]:
                continue
            connection = _connected(port)
            connection.request("GET", "/" + path)
            answer = connection.getresponse()
            body = bytearray()
            while piece := answer.read(120_000):
                body += piece
                if self._stop.wait(0.03):
                    break
            else:
                self._judge(path, answer.status, bytes(body), "slow reader")
            connection.close()

    def _asked(self, pause: float) -> itertools.takewhile[tuple[int, str]]:
        pairs = itertools.cycle([(port, path) for path in self._paths for port in self._ports])
        return itertools.takewhile(lambda _: not self._stop.wait(pause), pairs)

    def _ask(
        self, connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str], manner: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            connection.request("GET", "/" + path, headers=dict(headers))
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.wrong.append(f"{manner}: {path}: {type(error).__name__}: {error}")
            connection.close()
            return 0, {}, b""
        self._judge(path, answer.status, body, manner)
        return answer.status, dict(answer.getheaders()), body

    def _judge(self, path: str, status: int, body: bytes, manner: str) -> None:
        self.counts[manner] += 1
        if status == 304 and manner == "revalidated":
            return
        problem = f"status {status}" if status != 200 else self._right(path, body)
        if problem:
            self.wrong.append(f"{manner}: {path}: {problem}")

    def _plain(self, port: int, path: str) -> bytes:
        connection = _connected(port)
        connection.request("GET", "/" + path)
        body = connection.getresponse().read()
        connection.close()
        return body

    def _ask_304(self, port: int, path: str, headers: Mapping[str, str]) -> bool:
        connection = _connected(port)
        connection.request("GET", "/" + path, headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status == 304


def _connected(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=20)
