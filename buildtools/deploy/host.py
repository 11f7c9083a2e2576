"""Where a release goes: a place that runs one script at a time. Here the protocol, and this machine itself."""

from __future__ import annotations

import shlex
import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from pathlib import Path
from typing import Protocol

from buildtools.core.errors import StepError
from buildtools.core.step import StepContext
from buildtools.deploy.script import Reply


class Host(Protocol):
    """A machine that releases are deployed to."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def root(self, root: str) -> str:
        """Return a root folder as the scripts are to write it."""

    def run(self, script: str, feed: Sequence[Path] | bytes = ()) -> Reply:
        """Run a script by `sh`, with this as its input, or these files one after the other, and wait for its end.

        Raises `StepError` if it cannot be run or takes too long; a script that fails is the caller's to judge.
        """

    def dial(self, host: str, port: int, timeout: float = 10.0) -> socket.socket:
        """Return a stream connected to that port as seen from the machine; `timeout` (s) is also its own at first.

        Raises `OSError`: `ConnectionRefusedError`, `TimeoutError`, or `PermissionError` if it may not be used that way.
        """

    def parting(self) -> AbstractContextManager[Host]:
        """Within this, the same host answers for some seconds more, though the step is cancelled.

        Raises `StepError` if it cannot be reached by then, `Cancelled` by a second signal.
        """


PARTING = 5.0
"""seconds; CI systems wait 7.5 or more between the signal that cancels and the one that ends all"""


class LocalHost:
    """The machine at hand, under the account that runs the pipeline.

    `folder` is where relative roots start, `phase` how many seconds a script may take.
    """

    def __init__(self, ctx: StepContext, folder: Path, name: str = "local", phase: float | None = None) -> None:
        self.ctx = ctx
        self.folder = folder
        self.name = name
        self.phase = phase

    def root(self, root: str) -> str:
        """Return the absolute path."""
        return str(self.folder / root)

    def run(self, script: str, feed: Sequence[Path] | bytes = ()) -> Reply:
        """Run it as a child of this process, as `Host.run` says; cancelling the step ends it."""
        words = ["sh", "-c", script]
        given = feed if isinstance(feed, bytes) else b""
        if feed and not isinstance(feed, bytes):
            # Not through this process: an archive may be larger than its memory.
            words[2] = f"cat {' '.join(shlex.quote(str(path)) for path in feed)} | sh -c {shlex.quote(script)}"
        done = self.ctx.run(words, stdin=given, capture=True, silence=self.phase)
        if done.stalled and self.phase is not None:
            raise overdue(self.name, self.phase)
        return Reply(status=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def dial(self, host: str, port: int, timeout: float = 10.0) -> socket.socket:
        """Connect from here, as `Host.dial` says."""
        return socket.create_connection((host, port), timeout)

    @contextmanager
    def parting(self) -> Iterator[LocalHost]:
        """Give the same, as `Host.parting` says."""
        with self.ctx.parting(PARTING) as ctx:
            last = copy(self)
            last.ctx = ctx
            yield last


def overdue(host: str, seconds: float) -> StepError:
    """Return the error for a script that has not ended in its time."""
    return StepError(
        f"{host}: no end after {seconds:g} seconds",
        remedy="Allow more by `timeout`, or look at what the host is busy with.",
    )
