"""Connecting to the tests' own SSH servers, as a deployment does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from buildtools.deploy.host import Host
from buildtools.deploy.layout import Address, address
from buildtools.deploy.sessions import SshOptions, open_hosts
from buildtools.deploy.ssh import SshHost
from tests.support.context import LoneContext
from tests.support.sshd import Sshd


class Cancellable(LoneContext):
    """Calls what `on_cancel` was given, as the engine does."""

    def __init__(self, root: Path, **more: Any) -> None:
        super().__init__(root, **more)
        self.calls: list[Callable[[], None]] = []

    @contextmanager
    def on_cancel(self, call: Callable[[], None]) -> Iterator[None]:
        self.calls.append(call)
        try:
            if self.cancelled.is_set():
                call()
            yield
        finally:
            self.calls.remove(call)

    def cancel(self) -> None:
        self.cancelled.set()
        self.cut()

    def cut(self) -> None:
        """Close the connections without anybody having cancelled."""
        for call in list(self.calls):
            call()


def places(*texts: str) -> list[Address]:
    """Return these addresses."""
    found = [address(text) for text in texts]
    assert None not in found
    return [place for place in found if place is not None]


@contextmanager
def reached(context: LoneContext, texts: Sequence[str], *, pool: int = 8, **options: Any) -> Iterator[tuple[Host, ...]]:
    """Open hosts by their addresses."""
    with open_hosts(context, places(*texts), SshOptions(**{"connect": 10.0, **options}), pool) as hosts:
        yield hosts


@contextmanager
def opened(sshd: Sshd, root: Path, context: LoneContext | None = None, **options: Any) -> Iterator[SshHost]:
    """Open the one host that a server of the tests is, with its key unless another login is given."""
    settings = {"known_hosts": (sshd.known_hosts,), "identity": (sshd.key,), "text": sshd.address, **options}
    text = settings.pop("text")
    with reached(context or LoneContext(root), [text], **settings) as (host,):
        assert isinstance(host, SshHost)
        yield host


def said(host: Host, script: str, feed: Sequence[Path] = ()) -> str:
    """Run a script that must end well, and return what it wrote after the empty line that ends what a login says."""
    reply = host.run(f"{{\n{script}\nexit\n}}\n", feed)
    assert reply.status == 0, reply
    return reply.stdout.decode().removeprefix("\n")
