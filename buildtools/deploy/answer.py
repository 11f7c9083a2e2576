"""One question by HTTP and its answer, all of it within a time, whatever the other side does."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec

LARGEST = 2**20
"""bytes of an answer's body that are read"""

Dial = Callable[[str, int, float], socket.socket]
"""Connect to HOST and PORT within so many seconds; raises `OSError`."""


class NoAnswer(Exception):
    """Nothing that is an answer came; says what came instead."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A GET: `url` complete, `connect` where to connect to (else where the url says), `send` headers of the request."""

    url: str
    connect: tuple[str, int] = ("", 0)
    send: dict[str, str] = {}

    @property
    def shown(self) -> str:
        """The url as messages have it: without a password."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came: header names are in lower case, `body` is its beginning, `text` the same decoded."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    text: str

    def all(self, header: str) -> list[str]:
        """Return the values of all headers of this name."""
        return [value for name, value in self.headers if name == header.lower()]


def ask(question: Question, dial: Dial, seconds: float, cancelled: Callable[[], None]) -> Answer:
    """Ask, and return the answer. Raises `NoAnswer`; `cancelled` is called all the time and may raise what it likes."""
    talk = _Talk(question, dial, seconds)
    ends = time.monotonic() + seconds
    # A resolver or a dial may take longer than anybody allowed: this thread waits no longer than it may.
    threading.Thread(target=talk.run, name="health", daemon=True).start()
    try:
        while True:
            cancelled()
            left = ends - time.monotonic()
            with suppress(queue.Empty):
                found = talk.found.get(timeout=min(max(left, 0.001), 0.1))
                if isinstance(found, Answer):
                    return found
                raise found
            if left <= 0:
                raise NoAnswer(talk.late)
    finally:
        talk.end()


class _Talk:
    """One connection, used in a thread of its own; `end` may be called from another one, and ends it."""

    def __init__(self, question: Question, dial: Dial, seconds: float) -> None:
        self.question = question
        self.dial = dial
        self.seconds = seconds
        self.state = "no connection"
        self.found: queue.SimpleQueue[Answer | BaseException] = queue.SimpleQueue()
        self._wire: socket.socket | None = None
        self._over = False
        self._lock = threading.Lock()

    @property
    def late(self) -> str:
        """What to say when the time is up."""
        return f"{self.state} within {round(self.seconds, 1):g} seconds"

    def run(self) -> None:
        try:
            self.found.put(self._asked())
        except BaseException as error:
            late = isinstance(error, TimeoutError)
            self.found.put(NoAnswer(self.late) if late else _explained(error))
        finally:
            if self._wire is not None:
                self._wire.close()

    def end(self) -> None:
        with self._lock:
            self._over = True
            if self._wire is not None:
                with suppress(OSError):
                    # Past any TLS, which is at work in the other thread.
                    socket.socket.shutdown(self._wire, socket.SHUT_RDWR)

    def _asked(self) -> Answer:
        parts = urlsplit(self.question.url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        try:
            wire = self.dial(*(self.question.connect if self.question.connect[0] else (host, port)), self.seconds)
        except TimeoutError:
            raise
        except OSError as error:
            raise NoAnswer(_unconnected(error)) from None
        with self._lock:
            self._wire = wire
            if self._over:
                raise NoAnswer(self.state)
        connection: HTTPConnection = HTTPConnection(host, port)
        if secure:
            from ssl import create_default_context

            self.state = "no TLS connection"
            context = create_default_context()
            wire = context.wrap_socket(wire, server_hostname=host, do_handshake_on_connect=False)
            with self._lock:
                self._wire = wire
            wire.do_handshake()
            connection = HTTPSConnection(host, port, context=context)
        self.state = "no answer"
        connection.sock = wire
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request("GET", quote(path, safe="/%?&=+,;:@!$'()*~[]|"), headers=_headers(self.question))
        response = connection.getresponse()
        self.state = "no end of the answer"
        body = response.read(LARGEST)
        if response.length and len(body) < LARGEST:
            raise IncompleteRead(body, response.length)
        return Answer(
            status=response.status,
            reason=response.reason,
            headers=tuple((name.lower(), value) for name, value in response.getheaders()),
            body=body,
            text=_decoded(body, response.headers.get_content_charset() or "utf-8"),
        )


def _headers(question: Question) -> dict[str, str]:
    from base64 import b64encode

    parts = urlsplit(question.url)
    headers = {"User-Agent": "buildtools", "Accept": "*/*", "Connection": "close"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers["Authorization"] = f"Basic {b64encode(pair).decode('ascii')}"
    return {**headers, **question.send}


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _unconnected(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"the host's name is not known: {error.strerror}"
    return f"no connection: {error.strerror or error}"


def _explained(error: BaseException) -> BaseException:
    """Return what to raise for what was raised in the thread."""
    from ssl import SSLCertVerificationError, SSLError

    if isinstance(error, SSLCertVerificationError):
        return NoAnswer(f"its certificate is not accepted: {error.verify_message}")
    if isinstance(error, SSLError):
        return NoAnswer(f"no TLS connection: {(error.reason or str(error)).replace('_', ' ').lower()}")
    said = " ".join(str(error).split())[:200]
    if isinstance(error, IncompleteRead):
        return NoAnswer("the connection was cut off: the end of the answer is missing")
    if isinstance(error, OSError):
        return NoAnswer(f"the connection was cut off: {said}")
    if isinstance(error, (HTTPException, UnicodeError, ValueError)):
        return NoAnswer(f"what answers does not speak HTTP: {said}")
    return error
