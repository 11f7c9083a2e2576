"""Asking a small program a short question, such as `git rev-parse`, outside of any step.

Whatever belongs to a step runs through the step's context, where it can be shown and cancelled.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from buildtools.core.errors import BuildtoolsError


def query(
    argv: Sequence[str], *, cwd: Path, timeout: float = 30, env: Mapping[str, str] | None = None
) -> tuple[int, bytes, bytes]:
    """Run `argv` without input and return its exit status (negative: died by that signal), stdout and stderr.

    `env` replaces the environment. Raises `ToolMissing` if there is no such program and `BuildtoolsError` if it cannot
    be started, writes more than 64 MiB or takes longer than `timeout` seconds; then its whole group is killed.
    """
    from buildtools.system import process  # not above: most runs ask nothing

    if not cwd.is_dir():
        raise BuildtoolsError(f"{cwd}: no such folder, so {argv[0]} cannot be asked there")
    command = process.Command(argv=tuple(argv), cwd=cwd, env=os.environ if env is None else env)
    out, err = process.Collected(argv[0]), process.Collected(argv[0])
    # What it says is no sign of life here: so its silence begins with its start, and the limit is one for all of it.
    ended = process.run(
        command,
        stdout=lambda piece: out.add(piece) and None,
        stderr=err.add,
        grace=process.Grace(linger=0.2),
        silence=timeout,
    )
    if ended.stalled:
        raise BuildtoolsError(f"{' '.join(argv)}: no answer within {timeout:g} seconds")
    return ended.returncode, out.value(), err.value()
