"""Small servers on loopback, good ones and bad ones, each for one test."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Server:
    """Counts the connections to its `port`; what was asked is in `requests`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


Behaviour = Callable[[Server, socket.socket], object]


@contextmanager
def serving(behave: Behaviour) -> Iterator[Server]:
    """Call `behave` with each connection, one after the other, in another thread; then the connection is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1])
        over = threading.Event()

        def loop() -> None:
            while not over.is_set():
                try:
                    wire, _ = listener.accept()
                except OSError:
                    return
                with wire, suppress(OSError):
                    wire.settimeout(10)
                    behave(server, wire)

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(20)


def answering(*answers: bytes) -> Behaviour:
    """Return a behaviour: read a request, send the next of these answers; the last one again and again."""

    def behave(server: Server, wire: socket.socket) -> None:
        server.requests.append(request(wire))
        wire.sendall(answers[min(len(server.requests), len(answers)) - 1])

    return behave


def request(wire: socket.socket) -> bytes:
    """Read a request's head."""
    head = b""
    while b"\r\n\r\n" not in head and (piece := wire.recv(4096)):
        head += piece
    return head


def page(body: str = "", status: str = "200 OK", **headers: str) -> bytes:
    """Return an answer as HTTP has it; header names with `_` for `-`."""
    data = body.encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """Write a certificate for these host names, signed by itself, and its key; return both files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{names[0]}.pem", folder / f"{names[0]}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def secured(files: tuple[Path, Path], behave: Behaviour) -> Behaviour:
    """Return a behaviour inside TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)

    def outer(server: Server, wire: socket.socket) -> None:
        with context.wrap_socket(wire, server_side=True) as inner:
            behave(server, inner)

    return outer
