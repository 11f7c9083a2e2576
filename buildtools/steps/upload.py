"""The step `upload`: a packed release goes onto a host, and `current` is switched to it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec

from buildtools.deploy.host import Host, LocalHost
from buildtools.deploy.layout import Address, address, path_problem, root_problem
from buildtools.deploy.manifest import Manifest, digest, listing, read
from buildtools.deploy.sending import check_archive, collision, room, write_front
from buildtools.deploy.transaction import Outcome, Plan, deploy
from buildtools.plugin import Duration, Kind, Metric, Step, StepContext, StepError, StepResult, Tool

if TYPE_CHECKING:
    from buildtools.deploy.ssh import SshHost

_HINT = "write [user@]host[:port], or local: or local:FOLDER"


class Upload(Step, frozen=True):
    """Deploy a packed archive to a host, all or nothing, and switch `current` to it.

    The host needs a POSIX shell, tar and gzip, and sha256sum, shasum or openssl. Below ROOT/TARGET every file is
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
    keep: Annotated[int, msgspec.Meta(description="How many releases stay on the host", ge=1)] = 5
    shared: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="What outlives releases and is linked into each: `.env`, or `media/` to be made if missing"
        ),
    ] = ()
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
        if len(self.hosts) != 1:
            yield "hosts", "takes exactly one host; write one step `upload` for each, one after the other"
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
        if self.lock_expiry <= self.timeout:
            yield "lock-expiry", "must be longer than `timeout`, or others take the lock over while a phase is at work"
        for option, value in (("timeout", self.timeout), ("connect-timeout", self.connect_timeout)):
            if value < 1:
                yield option, "must be at least one second"

    def tools(self, root: Path, env: Mapping[str, str]) -> Iterator[Tool]:  # noqa: ARG002 - the same everywhere
        """Say whether fabric is there, if it is needed."""
        if any(not text.startswith("local:") for text in self.hosts):
            from importlib.metadata import PackageNotFoundError, version

            try:
                found = version("fabric")
            except PackageNotFoundError:
                found = ""
            yield Tool(name="fabric", version=found, remedy="pip install fabric")

    def run(self, ctx: StepContext) -> StepResult:
        """Deploy. Whatever keeps the release from being switched to is a `StepError`; the site is untouched then."""
        for option, problem in self.check_options():
            raise StepError(f"{option}: {problem}")
        archive, manifest = self._packed(ctx)
        plan = self._plan(ctx, archive, manifest)
        place = address(self.hosts[0])
        if place is None:
            raise StepError(f"hosts: {self.hosts[0]!r} is no host: {_HINT}")
        if self.password:
            ctx.warn("hosts: logging in with a password; a key is safer")
        with self._host(ctx, place) as host:
            outcome = deploy(host, plan, now=time.time(), say=lambda text: ctx.output(text + "\n"))
        for warning in outcome.warnings:
            ctx.warn(f"{host.name}: {warning}")
        return _result(manifest, outcome)

    def _packed(self, ctx: StepContext) -> tuple[Path, Manifest]:
        """Find the archive and its manifest, and check that they belong together."""
        candidates = (ctx.workdir / self.archive, ctx.root / self.archive)
        archive = next((path for path in candidates if path.is_file()), None)
        if archive is None:
            raise StepError(f"archive: {candidates[0]} is not there", remedy="Run the step `pack` first.")
        if archive.suffix != ".tgz":
            raise StepError(f"archive: {archive} is no TARGET.VERSION.REVISION.tgz as `pack` makes it")
        manifest = read(archive.with_suffix(".manifest.json"))
        check_archive(archive, manifest)
        return archive, manifest

    def _plan(self, ctx: StepContext, archive: Path, manifest: Manifest) -> Plan:
        paths = tuple(item.removesuffix("/") for item in self.shared)
        if taken := collision(manifest, self.shared):
            raise StepError(
                f"shared: {taken!r} is in the release too", remedy="Leave it out of the archive by `exclude` in `pack`."
            )
        lines = listing(manifest.entries, paths)
        front = ctx.temp / "front.tgz"
        write_front(front, manifest, lines)
        return Plan(
            release=manifest.release,
            root=self.root,
            digest=digest(lines),
            size=room(manifest),
            modes=tuple(sorted({entry.mode for entry in manifest.entries if entry.mode})),
            feed=(front, archive),
            shared=self.shared,
            keep=self.keep,
            lease=self.lock_expiry,
            steal=self.steal_lock,
        )

    def _host(self, ctx: StepContext, place: Address) -> nullcontext[Host] | SshHost:
        if place.local:
            return nullcontext(LocalHost(ctx, ctx.root / Path(place.folder).expanduser(), place.text.removesuffix(":")))
        from buildtools.deploy.ssh import SshHost, SshOptions

        options = SshOptions(
            known_hosts=tuple(ctx.workdir / path.expanduser() for path in self.known_hosts),
            accept_new=self.host_key == "accept-new",
            identity=tuple(ctx.workdir / path.expanduser() for path in self.identity),
            password=self.password,
            passphrase=self.passphrase,
            connect=self.connect_timeout,
            phase=self.timeout,
        )
        return SshHost(ctx, place, options)


def _result(manifest: Manifest, outcome: Outcome) -> StepResult:
    return StepResult(
        metrics=(
            Metric(name="files", value=manifest.files),
            Metric(name="bytes sent", value=manifest.archive_size if outcome.sent else 0, unit="bytes"),
        ),
        outputs={
            "target": manifest.target,
            "version": manifest.version,
            "revision": manifest.revision,
            "release": outcome.name,
            "previous": outcome.previous,
        },
    )
