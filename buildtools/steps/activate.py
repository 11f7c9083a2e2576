"""To a release that stands on the hosts already: the step behind `buildtools activate` and `buildtools rollback`.

No pipeline file names it: it has a configured `upload` among its options.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from buildtools.core.errors import BuildtoolsError
from buildtools.deploy.activate import Wish, activate, look
from buildtools.deploy.course import NotDone
from buildtools.deploy.sessions import open_hosts
from buildtools.deploy.survey import Choice
from buildtools.plugin import Cancelled, Kind, Status, Step, StepContext, StepResult
from buildtools.steps.deploying import Audit
from buildtools.steps.upload import Upload

_ALL = 1_000_000


class Switched(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one host, or in a dry run what would: `current` moved to `release`, from `previous`."""

    host: str
    release: str
    previous: str
    switched: bool


class Activate(Step, frozen=True):
    """Switch all hosts to a release that they have, in one transaction: all of them, or none.

    `release` is a version, VERSION.REVISION or a release's whole name; `None`, with `rollback`, for the good release
    before the current one. The outputs `hosts`, what was done host by host, and `log`, what the hosts wrote into their
    logs, line by line, or what kept the change from them, are JSON.
    """

    kind: ClassVar[Kind] = Kind.ACTION

    upload: Upload
    target: str
    release: str | None = None
    rollback: bool = False
    each: bool = False
    dry_run: bool = False

    def run(self, ctx: StepContext) -> StepResult:
        """Switch. Whatever keeps the hosts from it is an error; all serve what they served before then."""
        upload, policy = self.upload, self.upload.policy
        # Old releases go when new ones come; going back removes nothing.
        site = msgspec.structs.replace(upload.site(self.target), keep=_ALL)
        wish = Wish(name=self.release, rollback=self.rollback, each=self.each)
        audit = Audit(ctx)
        try:
            with open_hosts(ctx, upload.places(), upload.ssh(ctx), upload.pool) as hosts:
                if self.dry_run:
                    result = _result(self.target, [_would(one) for one in look(hosts, site, wish, policy)], audit.lines)
                    ctx.output(f"{result.outputs['told']}\n")
                    return result
                outcome = activate(hosts, site, wish, policy, audit.voice)
        except Cancelled:
            raise
        except BuildtoolsError as error:
            if not self.dry_run:
                audit.refused(error, self.release or "", [host.removesuffix(":") for host in upload.hosts])
            unfit = isinstance(error, NotDone) and error.unfit
            return StepResult(
                status=Status.FAILED if unfit else Status.ERROR,
                reason=error.message,
                remedy=error.remedy,
                outputs={"target": self.target, "log": "\n".join(audit.lines)},
            )
        done = [
            Switched(host=ended.host, release=ended.name, previous=ended.previous, switched=ended.switched)
            for ended in outcome.hosts
        ]
        return _result(self.target, done, audit.lines)


def _would(choice: Choice) -> Switched:
    switched = choice.name != choice.previous
    return Switched(host=choice.host, release=choice.name, previous=choice.previous, switched=switched)


def _result(target: str, hosts: Sequence[Switched], log: Sequence[str]) -> StepResult:
    names = {one.release for one in hosts}
    told = [f"{one.host}: {one.previous or 'nothing'} -> {one.release}" for one in hosts if one.switched]
    told += [f"{one.host}: {one.release} is current already" for one in hosts if not one.switched]
    return StepResult(
        outputs={
            "target": target,
            "release": names.pop() if len(names) == 1 else "",
            "told": "\n".join(told),
            "hosts": msgspec.json.encode(hosts).decode(),
            "log": "\n".join(log),
        }
    )
