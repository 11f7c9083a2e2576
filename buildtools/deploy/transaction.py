"""One release onto one host, in four phases: probe, prepare, commit, finish. Each is one script sent as one command.

Whatever is cut off, whenever: `current` on the host is the old or the new release, complete, and the next deployment
clears up. The phases are separate functions, so that many hosts can go through them side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from buildtools.core.errors import BuildtoolsError, StepError
from buildtools.deploy import owner
from buildtools.deploy.host import Host
from buildtools.deploy.layout import Release
from buildtools.deploy.refusal import Refusal, refusal
from buildtools.deploy.script import Reply, compose


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be deployed, and how.

    `digest` is the identity of the content, `modes` the file modes in it, `size` the room it takes unpacked, in bytes;
    `feed` are the files that make the stream (listing and manifest in front, then the archive); `shared` are paths,
    with `/` at the end for folders that may be made; `lease` is how long a lock holds, in seconds.
    """

    release: Release
    root: str
    digest: str
    size: int
    modes: tuple[str, ...]
    feed: tuple[Path, ...]
    shared: tuple[str, ...] = ()
    keep: int = 5
    lease: float = 1800
    steal: bool = False


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe found. `current` and `version` are those links' texts, empty where there is none.

    `releases` are the complete releases with their contents' digests (`-`: unknown), `hash` is the hash program,
    `space` what is free in KiB (-1: unknown); `residue` says that an interrupted deployment left something.
    """

    current: str
    version: str
    releases: dict[str, str]
    hash: str
    space: int = -1
    lock: str = ""
    residue: bool = False


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A plan for one host, on the ground of what was seen there: `name` is the release's folder."""

    id: str
    plan: Plan
    seen: Seen
    name: str
    reuse: bool

    @property
    def is_current(self) -> bool:
        """Whether the host serves this very content already."""
        return self.reuse and self.seen.current == f"releases/{self.name}"

    @property
    def is_done(self) -> bool:
        """Whether nothing at all is left to do."""
        seen = self.seen
        return self.is_current and seen.version == seen.current and not seen.residue and not seen.lock


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment did: `name` is the release's folder, `sent` and `switched` say whether anything was."""

    name: str
    previous: str
    sent: bool
    switched: bool
    warnings: tuple[str, ...] = ()


def deploy(host: Host, plan: Plan, *, now: float, say: Callable[[str], None]) -> Outcome:
    """Deploy the plan's release onto the host; `say` is told what happens. Raises `StepError` for every refusal."""
    try:
        return _deploy(host, plan, now, say)
    except Refusal as refused:
        if not refused.overtaken:
            raise
    return _deploy(host, plan, now, say)


def _deploy(host: Host, plan: Plan, now: float, say: Callable[[str], None]) -> Outcome:
    transaction = begin(plan, probe(host, plan), now)
    name = transaction.name
    previous = transaction.seen.current.removeprefix("releases/")
    if transaction.is_done:
        say(f"{host.name}: {name} is current already: nothing sent, nothing switched")
        return Outcome(name=name, previous=previous, sent=False, switched=False)
    if not transaction.reuse:
        check_room(host, transaction)
    try:
        prepared = prepare(host, transaction)
        for held in prepared.all("took"):
            say(f"{host.name}: took over the lock {held}")
        for left in prepared.all("recovered"):
            say(f"{host.name}: cleared up after the interrupted deployment {left}")
        say(f"{host.name}: {name} {'was there already: nothing sent' if transaction.reuse else 'sent and checked'}")
        committed = commit(host, transaction)
        if transaction.is_current:
            say(f"{host.name}: {name} is current already: nothing switched")
        else:
            say(f"{host.name}: current -> {name} (was {previous or 'nothing'})")
        finished = finish(host, transaction)
        for old in finished.all("removed"):
            say(f"{host.name}: removed the old release {old}")
    except BaseException as error:
        abort(host, transaction, error)
        raise
    return Outcome(
        name=name,
        previous=previous,
        sent=not transaction.reuse,
        switched=not transaction.is_current,
        warnings=tuple(text for reply in (prepared, committed, finished) for text in reply.all("warn")),
    )


def probe(host: Host, plan: Plan) -> Seen:
    """Look at the host without changing it; refuse one that cannot be deployed to."""
    reply = _run(host, plan, "probe", {"version": plan.release.version, "txn": ""})
    if missing := reply.all("missing"):
        raise StepError(f"{host.name}: there is no {', no '.join(missing)}", remedy="Install what is missing there.")
    if not reply.first("hash"):
        raise StepError(
            f"{host.name}: there is neither sha256sum nor shasum nor openssl, so no file could be checked",
            remedy="Install coreutils or openssl there.",
        )
    if place := reply.first("unwritable"):
        raise StepError(
            f"{host.name}: {place} cannot be written to",
            remedy="Give the folder to the user who deploys, or choose another `root`.",
        )
    kind, _, current = reply.first("current").partition(" ")
    if kind in ("folder", "other"):
        answer = Reply(status=1, stdout=f"@bt error current {kind.replace('other', 'file')}\n".encode())
        raise refusal(host.name, folder(host, plan), "probe", answer)
    if reply.first("releases").strip() in ("link", "other"):
        raise StepError(
            f"{host.name}: {folder(host, plan)}/releases must be a folder, not a link or a file",
            remedy="A rename is atomic within one file system only: let `root` itself lie where there is room.",
        )
    space = reply.first("space")
    return Seen(
        current=current,
        version=reply.first("version").partition(" ")[2],
        releases={name: known for known, _, name in (line.partition(" ") for line in reply.all("release"))},
        hash=reply.first("hash"),
        space=int(space) if space.isdecimal() else -1,
        lock=reply.first("lock"),
        residue=bool(reply.all("residue")),
    )


def begin(plan: Plan, seen: Seen, now: float) -> Transaction:
    """Choose the release's folder: the one with this content, else a new name (`~2` and so on for other content)."""
    name, count = plan.release.name, 1
    while name in seen.releases and seen.releases[name] != plan.digest:
        count += 1
        name = f"{plan.release.name}~{count}"
    transaction = owner.transaction_id(now)
    return Transaction(id=transaction, plan=plan, seen=seen, name=name, reuse=name in seen.releases)


def check_room(host: Host, transaction: Transaction) -> None:
    """Refuse a host whose disk cannot hold the release."""
    free, needed = transaction.seen.space, transaction.plan.size // 1024
    if 0 <= free < needed:
        raise StepError(
            f"{host.name}: the release needs {needed / 1024:,.1f} MiB, and {free / 1024:,.1f} MiB are free there",
            remedy="Make room there, or keep fewer releases (`keep`).",
        )


def prepare(host: Host, transaction: Transaction) -> Reply:
    """Take the lock, clear up, send, check every file on the host, and put the release into `releases/`."""
    plan, seen = transaction.plan, transaction.seen
    held = owner.parse(seen.lock)
    more = {
        "lease": str(int(plan.lease)),
        "steal": seen.lock if plan.steal or (held and owner.is_dead(held)) else "",
        "reuse": "yes" if transaction.reuse else "no",
        "hash": seen.hash,
        "modes": " ".join(plan.modes),
        "peers": host.name,
    }
    feed = () if transaction.reuse else plan.feed
    return _run(host, plan, "prepare", {**_common(transaction), **more}, feed)


def commit(host: Host, transaction: Transaction) -> Reply:
    """Switch `current`, if the lock is still ours and `current` still what the probe saw."""
    return _run(host, transaction.plan, "commit", _common(transaction))


def finish(host: Host, transaction: Transaction) -> Reply:
    """Write the log, remove old releases, end the transaction, unlock."""
    event = "recovered" if transaction.is_current else "deployed"
    more = {"event": event, "keep": str(transaction.plan.keep)}
    return _run(host, transaction.plan, "finish", {**_common(transaction), **more})


def abort(host: Host, transaction: Transaction, error: BaseException) -> None:
    """Take back what the transaction left on the host, as far as the host can still be reached; never raises."""
    why = str(error).partition("\n")[0][:200] or type(error).__name__
    with suppress(BuildtoolsError, OSError):
        _run(host, transaction.plan, "abort", {**_common(transaction), "why": why})


def folder(host: Host, plan: Plan) -> str:
    """Return ROOT/TARGET on the host."""
    return f"{host.root(plan.root).rstrip('/')}/{plan.release.target}"


def _common(transaction: Transaction) -> dict[str, str]:
    return {
        "version": transaction.plan.release.version,
        "txn": transaction.id,
        "name": transaction.name,
        "digest": transaction.plan.digest,
        "expect": transaction.seen.current,
        "who": owner.who(),
        "where": owner.where(),
    }


def _run(host: Host, plan: Plan, phase: str, variables: dict[str, str], feed: Sequence[Path] = ()) -> Reply:
    base = folder(host, plan)
    script = compose(phase, {"root": host.root(plan.root), "base": base, **variables}, plan.shared)
    reply = host.run(script, feed)
    if reply.status != 0:
        raise refusal(host.name, base, phase, reply)
    return reply
