"""The protocol between a step plugin and the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, ClassVar, Protocol

import msgspec

from buildtools.core.model import Kind
from buildtools.core.results import StepResult
from buildtools.core.wording import signal_name

Duration = Annotated[float, msgspec.Meta(ge=0, extra={"form": "duration"})]
"""Seconds; written in a pipeline file as `90`, `90s`, `5m` or `1h30m`."""


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a step's result depends on, besides its options.

    `files` are paths whose content counts, `tools` names and versions of programs, `env` names of variables.
    `outputs` are patterns, counted from where the step works, of the files that it makes besides its artifacts: they
    are kept with the result and put back with it. Files that both `files` and `outputs` name count as inputs.
    """

    files: tuple[Path, ...] = ()
    tools: tuple[tuple[str, str], ...] = ()
    env: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A program or package that a step needs, as it was found on this machine. `version` is empty if it is missing."""

    name: str
    version: str = ""
    remedy: str = ""
    optional: bool = False


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """A finished child process.

    `returncode` is negative for a death by signal, as in `subprocess`; `stdout` and `stderr` hold what was captured;
    `stalled` says that the process was killed because it fell silent.
    """

    argv: tuple[str, ...]
    returncode: int
    seconds: float
    stdout: bytes = b""
    stderr: bytes = b""
    stalled: bool = False

    @property
    def ending(self) -> str:
        """How it ended, for messages: `exit status 3`, `killed by SIGSEGV`, `killed because it fell silent`."""
        if self.stalled:
            return "killed because it fell silent"
        return f"killed by {signal_name(-self.returncode)}" if self.returncode < 0 else f"exit status {self.returncode}"


class Cache(Protocol):
    """Keeps bytes for later runs, by name. It returns what was put, whole, or nothing: never a damaged value.

    Names are any text; each plugin, in each of its versions, has names of its own.
    """

    @property
    def folder(self) -> Path:
        """A folder (absolute, exists) for a plugin whose own program keeps a cache; removed by `cache clear`."""

    def get(self, key: str) -> bytes | None:
        """Return what was last put under `key`, or `None`; always `None` where everything is to be done anew."""

    def put(self, key: str, data: bytes) -> None:
        """Keep `data`. Never raises for a disk that is full or read-only: then nothing is kept."""

    def digest(self, file: Path) -> str:
        """Return the sha-256 of a file's content in hex; memoised by size, times and inode. Raises `OSError`."""

    def explain(self, subject: str, why: str) -> None:
        """Say what had to be done anew and why, for `buildtools why STEP`; `subject` is a file, or '' for the step."""


class StepContext(Protocol):
    """What the engine gives to a running step: everything it may touch, and no globals."""

    @property
    def step(self) -> str:
        """The step's id in the pipeline, `unit[django=5.2]` for a member of a matrix."""

    @property
    def alone(self) -> bool:
        """Whether no other step of the pipeline uses the same plugin; else its reports need names of their own."""

    @property
    def root(self) -> Path:
        """The project's folder, absolute; paths in results are relative to it."""

    @property
    def workdir(self) -> Path:
        """Where the step works, absolute: the root, or the step's `cwd`. Options' relative paths start here."""

    @property
    def env(self) -> Mapping[str, str]:
        """The environment for child processes: the caller's, the file's `env` and the step's `env`."""

    @property
    def properties(self) -> Mapping[str, str]:
        """All properties of the pipeline."""

    @property
    def pipeline_file(self) -> Path | None:
        """The pipeline file that is being run (absolute), if there is one."""

    @property
    def private_files(self) -> tuple[Path, ...]:
        """Files of secrets (absolute), which must never leave this machine."""

    @property
    def reports(self) -> Path:
        """The reports folder (absolute, exists): files for people and for CI systems go here."""

    @property
    def temp(self) -> Path:
        """A private folder (absolute, exists), removed when the step has ended."""

    @property
    def changed_files(self) -> tuple[Path, ...] | None:
        """The files that the run is restricted to (absolute), or `None` for no restriction."""

    @property
    def offline(self) -> bool:
        """Nothing may be fetched from a network."""

    @property
    def updating(self) -> bool:
        """Whether baselines are to be brought up to date: `--update-baseline`."""

    @property
    def run_started(self) -> float:
        """When the run began, in seconds since the epoch: what is older than that, no step of it has made."""

    def previous(self, metric: str) -> float | None:
        """Return a metric of this step in the last run in which it passed, as the history has it; `None`: none."""

    @property
    def cache(self) -> Cache | None:
        """What earlier runs left for this plugin; `None` where `--no-cache` or the step's `cache: false` says so."""

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        capture: bool = False,
        on_line: Callable[[bytes], None] | None = None,
        silence: float | None = None,
    ) -> Completed:
        """Run a program to its end; its output becomes the step's output.

        `env` is laid over the context's. With `capture`, stdout is returned instead of shown (stderr is shown and
        returned); with `on_line`, each line of stdout, without its end, goes to that function instead, called in this
        thread. `silence` kills a process that has written no such line for that many seconds;
        before the first one it has a minute more, to start; with `capture`, one that has not ended by then.
        A non-zero exit is the caller's to judge. Raises `ToolMissing` if there is no such program, `StepError` if it
        cannot be started or captured output passes 64 MiB, `Cancelled` when the step is cancelled or out of time: the
        process and all its group are gone by then.
        """

    def output(self, text: str) -> None:
        """Add the step's own words to its output."""

    def warn(self, text: str) -> None:
        """Say something that does not change the result but should be seen; it ends up in the result's warnings."""

    def progress(self, done: int, total: int = 0, note: str = "") -> None:
        """Say how far the work is."""

    def check_cancelled(self) -> None:
        """Raise `Cancelled` if the step is to stop. Long work in Python calls this now and then."""

    def on_cancel(self, call: Callable[[], None]) -> AbstractContextManager[None]:
        """Within the returned context manager, cancelling the step also calls `call`, from another thread."""

    def parting(self, seconds: float) -> AbstractContextManager[StepContext]:
        """Within the returned context manager, a cancelled step has a context for what it must not leave undone.

        That is cancelled itself after so many seconds, or when the engine would wait no longer; by a second signal at
        once.
        """


class Step(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Base of every step plugin: a subclass's fields are its options, and its docstring's first line its summary.

    An option is documented by `Annotated[T, msgspec.Meta(description="…")]`. Option types are `str`, `int`, `float`,
    `bool`, `Path`, `Duration`, `Literal`, enums, other structs, and `list`, `tuple`, `dict[str, …]` and `| None` of
    these. Outside, names are written in kebab-case.
    """

    name: ClassVar[str] = ""
    """The plugin's name for classes found in a `steps/` folder; default: the class's name in kebab-case."""
    kind: ClassVar[Kind] = Kind.ACTION
    positional: ClassVar[str] = ""
    """The option that `buildtools step NAME ARG…` fills from its arguments."""
    provides: ClassVar[tuple[str, ...] | None] = None
    """The names of its outputs, where they are known beforehand: lets the file's references be checked at load."""
    version: ClassVar[str] = "1"
    """Raised when the same inputs may give another result; part of the cache's key."""

    def effective_kind(self) -> Kind:
        """Return what this configured step is; override it where an option decides."""
        return self.kind

    def check_options(self) -> Iterator[tuple[str, str]]:
        """Yield `(option in kebab-case, problem)` for what the types alone cannot say; checked before anything runs."""
        yield from ()

    def tools(self, root: Path, env: Mapping[str, str]) -> Iterator[Tool]:  # noqa: ARG002 - for subclasses
        """Yield what this configured step needs on this machine, for `buildtools doctor`; `root` is where it works."""
        yield from ()

    def inputs(self, ctx: StepContext) -> Inputs | None:  # noqa: ARG002 - for subclasses
        """Say what the result depends on; `None` means: never take it from a cache."""
        return None

    def preview(self, ctx: StepContext) -> Iterator[str]:  # noqa: ARG002 - for subclasses
        """Yield in lines what `run` would do, for `--dry-run`; change nothing. Raise what would make it impossible."""
        yield from ()

    def settle(self, ctx: StepContext, result: StepResult) -> StepResult:  # noqa: ARG002 - for subclasses
        """Return the result as what lies outside of the inputs makes it: a baseline, the last run, the changed lines.

        Called after `run`, and for a result from the cache; what it returns is not kept there. May raise as `run` may.
        """
        return result

    def run(self, ctx: StepContext) -> StepResult:
        """Do the work. Raise `StepError` for what makes it impossible; a bad result is a result."""
        raise NotImplementedError(f"{type(self).__name__} has no run()")


__all__ = ["Cache", "Completed", "Duration", "Inputs", "Step", "StepContext", "Tool"]
