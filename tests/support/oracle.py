"""Plain pylint, again and again without its start-up: each lint is a fork of one process that has imported it.

What runs in a fork is pylint's own code, untouched, and nothing has been parsed before the fork. The garbage collector
is off: that is most of the time saved, and changes no finding.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any


class Oracle:
    """A context manager; `lint` is `PYTHONHASHSEED=0 python -m pylint -j1`."""

    def __enter__(self) -> Oracle:
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PYTHONHASHSEED": "0"}
        self._server = subprocess.Popen(
            (sys.executable, __file__), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()

    def lint(self, root: Path, arguments: Sequence[str], *, env: Mapping[str, str] | None = None) -> Any:
        """Lint in `root`, with `env` added to the environment; return what `same.theirs` does."""
        from tests.support import same

        assert self._server.stdin
        assert self._server.stdout
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.json"
            words = ["--persistent=n", *arguments]
            started = time.perf_counter()
            more = {"HOME": os.environ["HOME"], **(env or {})}
            self._server.stdin.write(
                json.dumps({"out": str(out), "root": str(root), "words": words, "env": more}) + "\n"
            )
            self._server.stdin.flush()
            answer = self._server.stdout.readline()
            if not answer:
                raise RuntimeError(f"the oracle has ended with status {self._server.wait()}")
            status = int(answer)
            report = same.read(out)
        return same.Ran(
            messages=report.get("messages", []),
            statistics=report.get("statistics", {}),
            status=status,
            seconds=time.perf_counter() - started,
        )


def serve() -> None:
    """Answer each line of stdin with the exit status of a lint."""
    import pylint.lint
    import pylint.reporters.json_reporter

    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    sys.path[:] = [entry for entry in sys.path if entry != here]
    gc.disable()
    gc.freeze()
    for line in sys.stdin:
        task = json.loads(line)
        child = os.fork()
        if child == 0:
            lint(pylint, **task)
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def lint(pylint: Any, out: str, root: str, words: list[str], env: dict[str, str]) -> None:
    """Be `python -m pylint` started in `root`: never returns."""
    status = 1
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        os.chdir(root)
        os.environ.update(env)
        path = [os.path.abspath(part) for part in env.get("PYTHONPATH", "").split(os.pathsep) if part]  # noqa: PTH100
        sys.path[:] = [root, *path, *sys.path]
        sys.argv = ["pylint", *words]
        pylint.modify_sys_path()
        # Where people call `pylint`, one function fewer lies above its own.
        sys.setrecursionlimit(sys.getrecursionlimit() + 1)
        with Path(out).open("w", encoding="utf-8") as stream:
            pylint.lint.Run(words, reporter=pylint.reporters.json_reporter.JSON2Reporter(stream))
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        os._exit(status)


if __name__ == "__main__":
    serve()
