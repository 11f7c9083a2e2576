"""The exit codes, and the one tree of exceptions.

```
BuildtoolsError
├── UsageProblem         what was asked for on the command line makes no sense           exit 2
├── InvalidPipeline      the pipeline file, its values or a plugin's options are wrong   exit 3
├── NothingSelected      the selection holds no step                                     exit 4
├── StepError            a step could not do its work                                    exit 5
│   ├── ToolMissing      a program that the step needs is not installed
│   └── Cancelled        the run was cancelled while the step was at work
└── ReportError          a requested report could not be written                         exit 5
```

What is *expected* to go wrong while a step runs (a finding, a failing test) is a `StepResult`, never an exception.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells its caller. Where several hold, `worst` says which one wins."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INVALID = 3
    EMPTY = 4
    ERROR = 5
    FAULT = 70
    INTERRUPTED = 130
    TERMINATED = 143


_WEIGHT = (
    ExitCode.OK,
    ExitCode.FAILED,
    ExitCode.EMPTY,
    ExitCode.ERROR,
    ExitCode.FAULT,
    ExitCode.TERMINATED,
    ExitCode.INTERRUPTED,
)


def worst(*codes: ExitCode) -> ExitCode:
    """Return the code that wins: 130 and 143, then 70, 5, 4, 1; `OK` for no codes."""
    return max(codes, key=_WEIGHT.index, default=ExitCode.OK)


class BuildtoolsError(Exception):
    """An expected failure, told to the user as `message` and, where there is one, `remedy`: never as a traceback."""

    exit_code = ExitCode.ERROR

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class UsageProblem(BuildtoolsError):
    """What was asked for makes no sense here: the name of a step that is not there, say."""

    exit_code = ExitCode.USAGE


class InvalidPipeline(BuildtoolsError):
    """The pipeline file or its values are invalid; nothing ran."""

    exit_code = ExitCode.INVALID


class NothingSelected(BuildtoolsError):
    """No step of the pipeline is left to run."""

    exit_code = ExitCode.EMPTY


class StepError(BuildtoolsError):
    """A step could not do its work; raised out of `Step.run`, it becomes a result with status `error`."""


class ToolMissing(StepError):
    """A program that a step needs is not there; `tool` is its name, `remedy` says how to get it."""

    def __init__(self, tool: str, *, remedy: str = "") -> None:
        super().__init__(f"{tool}: not found", remedy=remedy)
        self.tool = tool


class Cancelled(StepError):
    """The run was cancelled, or the step's time was up: stop working, the engine knows why."""

    def __init__(self) -> None:
        super().__init__("cancelled")


class ReportError(BuildtoolsError):
    """A requested report could not be written."""
