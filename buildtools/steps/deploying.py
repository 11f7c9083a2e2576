"""What a deployment leaves behind for people: its words, its audit as a report, and what became of each host."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from buildtools.core.errors import BuildtoolsError
from buildtools.deploy import owner
from buildtools.deploy.course import Ended, NotDone
from buildtools.deploy.layout import Release
from buildtools.deploy.refusal import brief
from buildtools.deploy.voice import Voice
from buildtools.plugin import Artifact, Status, StepContext, StepResult, TestCase
from buildtools.steps.locate import shown

_ODD = re.compile(r"[^A-Za-z0-9._-]+")


class Noted(msgspec.Struct, frozen=True, kw_only=True, rename={"machine": "where"}):
    """A line of the audit that no host has: that nothing could be done. `time` in seconds since the epoch."""

    schema: Literal[1] = 1
    host: str = ""
    time: int
    event: str = "refused"
    release: str
    who: str
    machine: str
    reason: str


def _cases(left: Mapping[str, str], message: str) -> tuple[TestCase, ...]:
    """Return of each host why and how it was left; what the error says of no host is why those had to go back."""
    first = message.partition("\n")[0]
    common = "" if any(first.startswith(f"{host}: ") for host in left) else first
    return tuple(_case(host, how, message.splitlines(), common if how else "") for host, how in left.items())


def _case(host: str, how: str, said: Sequence[str], common: str) -> TestCase:
    """Return how a host was left: skipped is one that was not switched and that the error is not about."""
    mine = [at for at, line in enumerate(said) if line.startswith(f"{host}: ") and line != f"{host}: {how}"]
    about = said[mine[0]].removeprefix(f"{host}: ") if mine else common
    more = itertools.takewhile(lambda line: line.startswith("  "), said[mine[0] + 1 :]) if mine else ()
    return TestCase(
        name=host,
        classname="deployment",
        suite="deployment",
        status=Status.ERROR if how or about else Status.SKIPPED,
        message="; ".join(filter(None, (about, how))) or "not switched",
        details="\n".join(more),
    )


class Audit:
    """What the hosts have written into their logs, line by line (`lines`), each with its host's name."""

    def __init__(self, ctx: StepContext) -> None:
        self.ctx = ctx
        self.lines: list[str] = []
        self._lock = threading.Lock()

    @property
    def voice(self) -> Voice:
        """Whom a change is to tell."""
        return Voice(
            say=lambda text: self.ctx.output(text + "\n"),
            warn=self.ctx.warn,
            log=self._log,
            check_cancelled=self.ctx.check_cancelled,
            now=time.time,
        )

    def refused(self, error: BuildtoolsError, release: str, hosts: Sequence[str]) -> None:
        """Note what kept a change from being made, if no host could: a line for each host that the error is about."""
        if self.lines:
            return
        said = [line.partition(": ")[0] for line in error.message.splitlines()]
        for host in [host for host in hosts if host in said] or [""]:
            noted = Noted(
                host=host,
                time=int(time.time()),
                release=release,
                who=owner.who(),
                machine=owner.where(),
                reason=brief(error, host),
            )
            self.lines.append(msgspec.json.encode(noted).decode())

    def _log(self, host: str, line: str) -> None:
        head = msgspec.json.encode({"host": host}).decode().removesuffix("}")
        with self._lock:
            self.lines.append(f"{head},{line.removeprefix('{')}")


class Journal:
    """The record of one deployment: how it ended, and the audit as a report."""

    def __init__(self, ctx: StepContext) -> None:
        self.ctx = ctx
        name = "deployment.jsonl" if ctx.alone else f"deployment-{_ODD.sub('-', ctx.step)}.jsonl"
        self.path = ctx.reports / name
        self.audit = Audit(ctx)

    @property
    def voice(self) -> Voice:
        """Whom the deployment is to tell."""
        return self.audit.voice

    def cases(self, hosts: Sequence[Ended]) -> tuple[TestCase, ...]:
        """Return how each host ended, for reports."""
        return tuple(TestCase(name=ended.host, classname="deployment", suite="deployment") for ended in hosts)

    def failed(self, error: BuildtoolsError, release: Release, hosts: Sequence[str]) -> StepResult:
        """Return the result of a deployment that was refused, or has gone back."""
        names = [host.removesuffix(":") for host in hosts]
        left = dict(error.hosts) if isinstance(error, NotDone) else dict.fromkeys(names, "")
        self.audit.refused(error, release.name, names)
        return StepResult(
            status=Status.FAILED if isinstance(error, NotDone) and error.unfit else Status.ERROR,
            reason=error.message,
            remedy=error.remedy,
            cases=_cases(left, error.message),
            artifacts=self.close(),
        )

    def close(self) -> tuple[Artifact, ...]:
        """Write the report. Nothing is lost if that fails: the hosts have it."""
        if not self.audit.lines:
            return ()
        data = "".join(f"{line}\n" for line in self.audit.lines).encode()
        try:
            self.path.write_bytes(data)
        except OSError as error:
            self.ctx.warn(f"{self.path}: the audit cannot be written: {error.strerror}")
            return ()
        return (Artifact(name="audit", path=shown(self.path, self.ctx.root), size=len(data)),)
