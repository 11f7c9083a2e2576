"""The signals that end a run, for as long as it goes on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from buildtools.core.errors import ExitCode

ENDINGS = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.TERMINATED,  # the terminal has gone: children in sessions of their own would not notice
}


@contextmanager
def caught(take: Callable[[ExitCode], None], *, wanted: bool) -> Iterator[None]:
    """Within this, a signal to end calls `take` and does nothing else; then everything is as it was.

    Only the main thread can do that; elsewhere nothing happens. A signal that the caller ignores (as `nohup` and a
    shell's `&` have it) stays ignored. `take` is called between any two bytecodes: it must not lock.
    """
    before = {}
    if wanted and threading.current_thread() is threading.main_thread():
        for number, ending in ENDINGS.items():
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                before[number] = signal.signal(number, lambda _number, _frame, ending=ending: take(ending))  # type: ignore[misc]
        if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
            # So some careless parents start their children; the system would throw all exit statuses away.
            before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
