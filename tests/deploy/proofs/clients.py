"""The real command line in a process of its own that can be killed, without its start-up each time.

    python -m tests.deploy.proofs.clients     a nursery: forks a client for each order on standard input

A client is a child of a process that has imported everything already, so that hundreds of deployments take minutes. It
runs `buildtools.cli.main.main` as the console script does.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import msgspec

CHECKOUT = Path(__file__).parents[3]


class Ended(msgspec.Struct, frozen=True):
    """How a client ended: `code` is negative for a signal."""

    code: int
    text: str
    seconds: float


class Nursery:
    """Clients, one at a time; `pid` is the running one's, which also stands in `pid_file`."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.pid_file = folder / "pid"
        self.pid = 0
        self._env = {"HOME": str(folder), "NO_COLOR": "1", **env}
        self._out = folder / "said"
        self._begun = 0.0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.deploy.proofs.clients", str(self.pid_file)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.kill()
        with suppress(OSError, subprocess.TimeoutExpired):
            self._process.communicate(timeout=10)
        self._process.kill()
        self._process.wait()

    def upload(self, options: Mapping[str, object]) -> None:
        """Begin to deploy: a pipeline file with these options is run."""
        self.write(options)
        self.start("run", "--output", "plain", "pipeline.yaml")

    def write(self, options: Mapping[str, object]) -> None:
        """Write the pipeline file: JSON is YAML."""
        steps = {"upload": {"uses": "upload", "with": dict(options)}}
        (self.folder / "pipeline.yaml").write_text(json.dumps({"steps": steps}), encoding="utf-8")

    def start(self, *words: str) -> None:
        """Begin `buildtools WORDS` in the folder."""
        order = {"words": words, "folder": str(self.folder), "env": self._env, "out": str(self._out)}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.pid = int(self._line())
        self._begun = time.monotonic()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the client, if it runs."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self) -> Ended:
        """Wait for its end."""
        code = int(self._line())
        self.pid = 0
        seconds = time.monotonic() - self._begun
        return Ended(code, self._out.read_text(encoding="utf-8", errors="replace"), seconds)

    def _line(self) -> str:
        assert self._process.stdout
        if not (line := self._process.stdout.readline()):
            raise RuntimeError("the nursery has ended")
        return line


def _nurse(pid_file: Path) -> None:
    """Fork a client for each line of standard input, and say its id and then its code."""
    for name in ("fabric", "isal.igzip", "_strptime", "graphlib", "buildtools.steps.upload", "buildtools.cli.run"):
        with suppress(ImportError):
            importlib.import_module(name)
    for package in ("deploy", "engine", "pipeline", "reports", "system"):
        folder = importlib.import_module(f"buildtools.{package}")
        for module in pkgutil.iter_modules(folder.__path__, f"buildtools.{package}."):
            importlib.import_module(module.name)
    for line in sys.stdin:
        order = json.loads(line)
        ready, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(ready, 1)
            _client(order)
        pid_file.write_text(str(pid), encoding="ascii")
        os.write(go, b".")
        os.close(ready)
        os.close(go)
        print(pid, flush=True)  # noqa: T201
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201


def _client(order: Mapping[str, object]) -> None:
    """Become `buildtools WORDS`."""
    null = os.open(os.devnull, os.O_RDONLY)
    out = os.open(str(order["out"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number, source in ((0, null), (1, out), (2, out)):
        os.dup2(source, number)
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what `nohup` or `&` ignores, clients would too
    env, words = order["env"], order["words"]
    assert isinstance(env, dict)
    assert isinstance(words, list)
    os.environ.update(env)
    os.chdir(str(order["folder"]))
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = ["buildtools", *words]
    from buildtools.cli.main import main

    main()


if __name__ == "__main__":
    _nurse(Path(sys.argv[1]))
