"""The step `shell`: any command, judged by its exit status alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

import msgspec

from buildtools.core.wording import signal_name
from buildtools.plugin import Cause, Completed, Inputs, Kind, Status, Step, StepContext, StepResult


class Shell(Step, frozen=True):
    """Run a command line, or one program with its arguments.

    Text is a script for the system's `sh`, started with `-e`: it stops at the first line that fails, as on GitHub and
    GitLab. A list is a program and its arguments, started without a shell, so that nothing in it is expanded.
    Exit status 0 passes, any other fails. That a program is not there (`sh` says so by 126 or 127) is an error.
    """

    command: Annotated[
        str | tuple[str, ...],
        msgspec.Meta(description="A script for `sh -e`, or a list: a program and its arguments, without a shell"),
    ] = msgspec.field(name="run")
    check: Annotated[
        bool, msgspec.Meta(description="It only reads the tree: it runs side by side with the checks next to it")
    ] = False

    sources: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Patterns of all files that it reads: as long as they are the same, its result comes from the "
            "cache. The program itself counts only if it is among them"
        ),
    ] = msgspec.field(name="inputs", default=())
    outputs: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Patterns of the files that it makes: they belong to it, are kept with its result and put "
            "back; without one of them it has failed"
        ),
    ] = ()
    inputs_env: Annotated[
        tuple[str, ...], msgspec.Meta(description="Names of variables that its result depends on as well")
    ] = ()

    kind: ClassVar[Kind] = Kind.ACTION
    positional: ClassVar[str] = "run"
    provides: ClassVar[tuple[str, ...] | None] = ()

    def effective_kind(self) -> Kind:
        """Return `check` if the file says so: what a command does to the tree cannot be seen from outside."""
        return Kind.CHECK if self.check else self.kind

    def check_options(self) -> Iterator[tuple[str, str]]:
        """Refuse what no system can start."""
        words = (self.command,) if isinstance(self.command, str) else self.command
        if not words or not words[0].strip():
            yield "run", "is empty: write a command line, or a list of a program and its arguments"
        elif any("\0" in word for word in words):
            yield "run", "holds a NUL character, which no command can"
        if self.sources or self.outputs or self.inputs_env:
            from buildtools.steps import declared

            yield from declared.problems(self.sources, self.outputs, self.inputs_env)

    def inputs(self, ctx: StepContext) -> Inputs | None:
        """Return what the file says; without `inputs` nobody knows what a command reads."""
        if not self.sources:
            return None
        from buildtools.steps import declared

        files = declared.input_files(ctx, self.sources, self.outputs)
        return Inputs(files=files, env=self.inputs_env, outputs=self.outputs)

    def run(self, ctx: StepContext) -> StepResult:
        """Run it; raise `ToolMissing` for a program that is not there."""
        by_shell = isinstance(self.command, str)
        done = ctx.run(("sh", "-e", "-c", self.command) if isinstance(self.command, str) else self.command)
        if done.returncode:
            return _verdict(done, by_shell=by_shell)
        if self.outputs:
            from buildtools.steps import declared

            if absent := declared.absent_outputs(ctx, self.outputs):
                remedy = "Correct `outputs`, which start where the step works, or make the command write them."
                return StepResult(status=Status.FAILED, reason=f"it did not make {', '.join(absent)}", remedy=remedy)
        return StepResult()


def _verdict(done: Completed, *, by_shell: bool) -> StepResult:
    code = done.returncode
    if by_shell and code in (126, 127):
        what = "a command was not found" if code == 127 else "a command could not be executed"
        remedy = "The last lines of the output name it: install it, correct its name or its mode, or see to PATH."
        return StepResult(status=Status.ERROR, cause=Cause.TOOL, reason=f"{done.ending}: {what}", remedy=remedy)
    # A shell whose command dies by a signal lives on and reports it as 128 and the signal's number.
    hint = f" (128 + {signal_name(code - 128)})" if by_shell and 128 < code < 128 + 32 else ""
    return StepResult(status=Status.FAILED, reason=f"{done.ending}{hint}")
