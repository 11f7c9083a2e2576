"""Starting, watching and ending other programs: the only user of `subprocess`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from buildtools.core.step import Completed
from buildtools.system.stop import Stop

CAPTURE_LIMIT = 64 * 2**20


class Grace(msgspec.Struct, frozen=True):
    """How long, in seconds, a process group has between SIGINT and SIGTERM, between SIGTERM and SIGKILL, and how
    long what a program left in the background may go on after its end."""

    interrupt: float = 5.0
    terminate: float = 5.0
    linger: float = 2.0


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What to start: `env` is the whole environment; without `stdin` the program reads nothing."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    stdin: bytes = b""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a program ended; `returncode` is negative for a death by signal."""

    returncode: int
    seconds: float
    stalled: bool = False


def run(
    command: Command,
    *,
    stdout: Callable[[bytes], bool | None],
    stderr: Callable[[bytes], bool | None],
    stop: Stop | None = None,
    grace: Grace = Grace(),
    silence: float | None = None,
) -> Ended:
    """Run a program to its end, handing its output on in pieces, in this thread.

    Raises `ToolMissing`, `StepError` if it cannot be started, `Cancelled` when `stop` was set.
    """
    raise NotImplementedError


def capture(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float = 60.0,
) -> Completed:
    """Run a small program outside of any step and return what it wrote.

    `env` is laid over this process' environment. A non-zero exit is the caller's to judge. Raises `ToolMissing`,
    `StepError` if it cannot be started, takes more than `timeout` seconds or writes more than 64 MiB.
    """
    raise NotImplementedError
