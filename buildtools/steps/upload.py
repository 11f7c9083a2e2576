"""The step `upload`: a packed release goes onto all of its hosts, and `current` is switched to it; or onto none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec

from buildtools.core.errors import BuildtoolsError
from buildtools.deploy.fleet import Outcome, deploy, look
from buildtools.deploy.health import Check
from buildtools.deploy.hooks import Hooks
from buildtools.deploy.layout import Address, address, path_problem, root_problem
from buildtools.deploy.manifest import Manifest, digest, listing, read
from buildtools.deploy.plan import Plan, Policy, Site
from buildtools.deploy.sending import check_archive, checking, collision, room
from buildtools.deploy.strategy import Strategy
from buildtools.plugin import Cancelled, Duration, Kind, Metric, Step, StepContext, StepError, StepResult, Tool
from buildtools.steps.deploying import Journal

if TYPE_CHECKING:
    from buildtools.deploy.route import SshOptions

_HINT = "write [user@]host[:port], or local: or local:FOLDER"


class Upload(Step, frozen=True):
    """Deploy a packed archive to hosts, all or none of them, and switch `current` to it.

    A host needs a POSIX shell, tar and gzip, and sha256sum, shasum or openssl. Below ROOT/TARGET every file is
    checked against the manifest before the release is complete, and the web server's `current` moves by one rename.
    """

    archive: Annotated[Path, msgspec.Meta(description="The archive from `pack`; its manifest lies beside it")]
    hosts: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Where to: `user@host[:port]` over SSH, or `local:` for this machine"),
    ]
    root: Annotated[
        str,
        msgspec.Meta(description="The folder of all targets: from the login's home, or for `local:` from the project"),
    ] = "public_html"
    keep: Annotated[int, msgspec.Meta(description="How many good releases stay on the host", ge=1)] = 5
    shared: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="What outlives releases and is linked into each: `.env`, or `media/` to be made if missing"
        ),
    ] = ()
    strategy: Annotated[
        Strategy,
        msgspec.Meta(description="In which order hosts are switched: canaries, then batches"),
    ] = Strategy()
    hooks: Annotated[Hooks, msgspec.Meta(description="Programs that run on the hosts, at their places")] = Hooks()
    health: Annotated[
        tuple[Check, ...],
        msgspec.Meta(description="What is asked after each batch; a wrong answer takes all hosts back"),
    ] = ()
    pool: Annotated[int, msgspec.Meta(description="How many hosts are worked on at once", ge=1, le=256)] = 8
    on_interrupt: Annotated[
        Literal["forward", "back"],
        msgspec.Meta(
            description="What becomes of hosts that an interrupted deployment switched: on from there, or back first"
        ),
    ] = "forward"
    delta: Annotated[bool, msgspec.Meta(description="Send only the files that a host lacks")] = True
    known_hosts: Annotated[
        tuple[Path, ...], msgspec.Meta(description="More files of known host keys, besides the user's and the system's")
    ] = ()
    host_key: Annotated[
        Literal["strict", "accept-new"],
        msgspec.Meta(description="Whether an unknown host key is refused, or written down and trusted from then on"),
    ] = "strict"
    identity: Annotated[
        tuple[Path, ...], msgspec.Meta(description="Private keys to log in with, before those of ssh-agent")
    ] = ()
    password: Annotated[str, msgspec.Meta(description="To log in with, from a secret; better use a key")] = ""
    passphrase: Annotated[str, msgspec.Meta(description="For an encrypted key, from a secret")] = ""
    connect_timeout: Annotated[Duration, msgspec.Meta(description="For connecting and for logging in, each")] = 15.0
    timeout: Annotated[Duration, msgspec.Meta(description="For each of the four phases, sending included")] = 900.0
    lock_expiry: Annotated[
        Duration, msgspec.Meta(description="When others may take this deployment's lock over; longer than `timeout`")
    ] = 1800.0
    steal_lock: Annotated[
        bool, msgspec.Meta(description="Take over another deployment's lock that surely is at work no more")
    ] = False

    kind: ClassVar[Kind] = Kind.ACTION
    positional: ClassVar[str] = "archive"
    provides: ClassVar[tuple[str, ...] | None] = ("target", "version", "revision", "release", "previous")

    def check_options(self) -> Iterator[tuple[str, str]]:
        """Refuse hosts, paths and times that make no sense."""
        if not self.hosts:
            yield "hosts", "names no host"
        if len(set(self.hosts)) < len(self.hosts):
            yield "hosts", "names one host twice"
        for text in self.hosts:
            if address(text) is None:
                yield "hosts", f"{text!r} is no host: {_HINT}"
        if problem := root_problem(self.root):
            yield "root", f"{self.root!r} {problem}"
        paths = [item.removesuffix("/") for item in self.shared]
        for path in paths:
            if problem := path_problem(path):
                yield "shared", f"{path!r} {problem}"
        if len(set(paths)) < len(paths):
            yield "shared", "names one path twice"
        for path in paths:
            if outer := next((other for other in paths if path.startswith(f"{other}/")), None):
                yield "shared", f"{path!r} lies in {outer!r}, which is shared as a whole: leave one of them out"
        yield from self._times()

    def _times(self) -> Iterator[tuple[str, str]]:
        if self.lock_expiry <= self.timeout:
            yield "lock-expiry", "must be longer than `timeout`, or others take the lock over while a phase is at work"
        for option, value in (("timeout", self.timeout), ("connect-timeout", self.connect_timeout)):
            if value < 1:
                yield option, "must be at least one second"
        yield from (("hooks", problem) for problem in self.hooks.problems(self.timeout))

    def tools(self, root: Path, env: Mapping[str, str]) -> Iterator[Tool]:  # noqa: ARG002 - the same everywhere
        """Say whether paramiko is there, if it is needed."""
        if any(not text.startswith("local:") for text in self.hosts):
            from importlib.metadata import PackageNotFoundError, version

            try:
                found = version("paramiko")
            except PackageNotFoundError:
                found = ""
            yield Tool(name="paramiko", version=found, remedy="pip install paramiko")

    def preview(self, ctx: StepContext) -> Iterator[str]:
        """Say for each host which release `current` would move to; looks at the hosts, and changes nothing there."""
        from buildtools.deploy.sessions import open_hosts

        archive, manifest = self._packed(ctx)
        check_archive(archive, manifest)
        plan = self.plan(archive, manifest)
        with open_hosts(ctx, self.places(), self.ssh(ctx), self.pool) as hosts:
            choices = look(hosts, plan, self.policy)
        for choice in choices:
            if choice.done:
                yield f"{choice.host}: {choice.name} is current already"
                continue
            sent = "stands there already" if choice.reuse else "would be sent"
            yield f"{choice.host}: current -> {choice.name} (now {choice.previous or 'nothing'}), which {sent}"
        todo = [choice.host for choice in choices if not choice.done]
        batches = self.strategy.batches(len(todo))
        if len(batches) > 1:
            yield f"in {len(batches)} batches: {' | '.join(', '.join(todo[at] for at in batch) for batch in batches)}"

    def run(self, ctx: StepContext) -> StepResult:
        """Deploy. Whatever keeps the release from being switched to is an error; all hosts have gone back then."""
        for option, problem in self.check_options():
            raise StepError(f"{option}: {problem}")
        archive, manifest = self._packed(ctx)
        plan = self.plan(archive, manifest)
        if self.password:
            ctx.warn("hosts: logging in with a password; a key is safer")
        from buildtools.deploy.sessions import open_hosts

        journal = Journal(ctx)
        try:
            with (
                checking(archive, manifest) as checked,
                open_hosts(ctx, self.places(), self.ssh(ctx), self.pool) as hosts,
            ):
                checked()
                outcome = deploy(hosts, plan, self.policy, journal.voice, ctx.temp)
        except Cancelled:
            journal.close()
            raise
        except BuildtoolsError as error:
            return journal.failed(error, plan.release, self.hosts)
        return self._result(manifest, outcome, journal)

    @property
    def policy(self) -> Policy:
        """How hosts are switched."""
        return Policy(
            strategy=self.strategy,
            hooks=self.hooks,
            health=self.health,
            pool=self.pool,
            on_interrupt=self.on_interrupt,
        )

    def places(self) -> tuple[Address, ...]:
        """Return the hosts' addresses. Raises `StepError` for a text that is none."""
        found = []
        for text in self.hosts:
            place = address(text)
            if place is None:
                raise StepError(f"hosts: {text!r} is no host: {_HINT}")
            found.append(place)
        return tuple(found)

    def ssh(self, ctx: StepContext) -> SshOptions:
        """Return how to connect to hosts over SSH."""
        from buildtools.deploy.route import SshOptions

        return SshOptions(
            known_hosts=tuple(ctx.workdir / path.expanduser() for path in self.known_hosts),
            accept_new=self.host_key == "accept-new",
            identity=tuple(ctx.workdir / path.expanduser() for path in self.identity),
            password=self.password,
            passphrase=self.passphrase,
            connect=self.connect_timeout,
            phase=self.timeout,
        )

    def site(self, target: str) -> Site:
        """Return where the target lies, and on which terms it is changed."""
        return Site(
            target=target,
            root=self.root,
            keep=self.keep,
            lease=self.lock_expiry,
            phase=self.timeout,
            steal=self.steal_lock,
        )

    def _packed(self, ctx: StepContext) -> tuple[Path, Manifest]:
        """Find the archive and its manifest."""
        candidates = (ctx.workdir / self.archive, ctx.root / self.archive)
        archive = next((path for path in candidates if path.is_file()), None)
        if archive is None:
            raise StepError(f"archive: {candidates[0]} is not there", remedy="Run the step `pack` first.")
        if archive.suffix != ".tgz":
            raise StepError(f"archive: {archive} is no TARGET.VERSION.REVISION.tgz as `pack` makes it")
        return archive, read(archive.with_suffix(".manifest.json"))

    def plan(self, archive: Path, manifest: Manifest) -> Plan:
        """Return what is to be deployed. Raises `StepError` for shared paths that the release holds itself."""
        paths = tuple(item.removesuffix("/") for item in self.shared)
        if taken := collision(manifest, self.shared):
            raise StepError(
                f"shared: {taken!r} is in the release too", remedy="Leave it out of the archive by `exclude` in `pack`."
            )
        lines = listing(manifest.entries, paths)
        return Plan(
            site=self.site(manifest.target),
            release=manifest.release,
            archive=archive,
            manifest=manifest,
            listing=lines,
            digest=digest(lines),
            size=room(manifest),
            modes=tuple(sorted({entry.mode for entry in manifest.entries if entry.mode})),
            shared=self.shared,
            delta=self.delta,
        )

    def _result(self, manifest: Manifest, outcome: Outcome, journal: Journal) -> StepResult:
        first = outcome.hosts[0]
        return StepResult(
            cases=journal.cases(outcome.hosts),
            metrics=(
                Metric(name="hosts", value=len(outcome.hosts)),
                Metric(name="hosts switched", value=sum(ended.switched for ended in outcome.hosts)),
                Metric(name="files", value=manifest.files),
                Metric(name="bytes sent", value=sum(ended.sent for ended in outcome.hosts), unit="bytes"),
            ),
            artifacts=journal.close(),
            outputs={
                "target": manifest.target,
                "version": manifest.version,
                "revision": manifest.revision,
                "release": first.name,
                "previous": first.previous,
            },
        )
