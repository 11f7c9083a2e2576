"""Asking a small program a short question: the blocking little brother of `system/process.py`.

These two modules are the only users of `subprocess`. This one is for programs that answer at once and print little
(`git rev-parse`); whatever belongs to a step runs through the step's context, where it can be shown and cancelled.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from buildtools.core.errors import BuildtoolsError, ToolMissing

if TYPE_CHECKING:
    import subprocess


def query(
    argv: Sequence[str], *, cwd: Path, timeout: float = 30, env: Mapping[str, str] | None = None
) -> tuple[int, bytes, bytes]:
    """Run `argv` without input and return its exit status (negative: died by that signal), stdout and stderr.

    `env` replaces the environment. Raises `ToolMissing` if there is no such program and `BuildtoolsError` if it cannot
    be started or takes longer than `timeout` seconds; then its whole group is killed.
    """
    import subprocess  # not above: most runs ask nothing, and it takes some 2 ms

    if not cwd.is_dir():
        raise BuildtoolsError(f"{cwd}: no such folder, so {argv[0]} cannot be asked there")
    try:
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise ToolMissing(argv[0]) from None
    except OSError as error:
        raise BuildtoolsError(f"{argv[0]}: cannot be started: {error.strerror}") from None
    with child:
        try:
            out, err = child.communicate(timeout=timeout)
        except BaseException as error:
            _kill(child)
            if isinstance(error, subprocess.TimeoutExpired):
                raise BuildtoolsError(f"{' '.join(argv)}: no answer within {timeout:g} seconds") from None
            raise
    return child.returncode, out, err


def _kill(child: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        child.kill()
    # What inherited the pipes may have left the group: never wait for it.
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
