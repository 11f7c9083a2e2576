"""Looking at a host before anything is changed there, and refusing one that cannot be deployed to."""

from __future__ import annotations

from collections.abc import Sequence

from buildtools.core.errors import StepError
from buildtools.deploy.host import Host
from buildtools.deploy.plan import Interrupted, Seen, Site, Standing
from buildtools.deploy.refusal import refusal
from buildtools.deploy.script import Reply, compose
from buildtools.deploy.transaction import folder


def probe(host: Host, site: Site, shared: Sequence[str] = ()) -> Seen:
    """Look at the host without changing it. Raises `StepError` if it cannot be deployed to, with what to do there.

    Of the `shared` paths those are looked for that must be there; what is missing is in the answer.
    """
    base = folder(host, site)
    needed = [path for path in shared if not path.endswith("/")]
    reply = host.run(compose("probe", {"root": host.root(site.root), "base": base, "txn": ""}, needed))
    if reply.status >= 0 and not reply.lines and not reply.said:
        words = reply.stdout.decode("utf-8", "replace").split()
        raise StepError(
            f"{host.name}: the login runs no scripts there{': ' * bool(words)}{' '.join(words)[:200]}",
            remedy="Give the user who deploys a shell (not nologin), and let no ForceCommand stand in its place.",
        )
    if reply.status != 0:
        raise refusal(host.name, base, "looking at it", reply)
    _check(host, base, reply)
    return seen(reply)


def seen(reply: Reply) -> Seen:
    """Read what a probe has found."""
    return Seen(
        current=reply.first("current").partition(" ")[2],
        releases=dict(_standing(line) for line in reply.all("release")),
        links={name: text for name, _, text in (line.partition(" ") for line in reply.all("link"))},
        good=tuple((name, txn) for name, _, txn in (line.partition(" ") for line in reply.all("good"))),
        retired=tuple(reply.all("retired")),
        judged=bool(reply.first("judged")),
        hash=reply.first("hash"),
        space=_number(reply.first("space")),
        inodes=_number(reply.first("inodes")),
        lock=reply.first("lock"),
        clock=_number(reply.first("clock")),
        residue=tuple(reply.all("residue")),
        interrupted=tuple(_interrupted(line) for line in reply.all("interrupted")),
        fresh=not reply.first("state"),
        latest=reply.first("latest"),
        unshared=tuple(reply.all("unshared")),
    )


def _check(host: Host, base: str, reply: Reply) -> None:
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
    kind = reply.first("current").partition(" ")[0]
    if kind in ("folder", "other"):
        answer = Reply(status=1, stdout=f"@bt error current {kind.replace('other', 'file')}\n".encode())
        raise refusal(host.name, base, "looking at it", answer)
    if reply.first("releases").strip() in ("link", "other"):
        raise StepError(
            f"{host.name}: {base}/releases must be a folder, not a link or a file",
            remedy="A rename is atomic within one file system only: let `root` itself lie where there is room.",
        )


def _standing(line: str) -> tuple[str, Standing]:
    fields = ["" if text == "-" else text for text in line.split()]
    name, digest, version, revision, time, who, pinned = (*fields, *[""] * 7)[:7]
    return name, Standing(
        digest=digest or "-",
        version=version,
        revision=revision,
        time=max(_number(time), 0),
        who=who,
        pinned=pinned == "yes",
    )


def _interrupted(line: str) -> Interrupted:
    fields = (*line.split(), "", "", "", "")
    return Interrupted(
        id=fields[0],
        name=fields[1],
        previous="" if fields[2] == "-" else fields[2],
        start="" if fields[3] == "-" else fields[3],
        peers=tuple(text for text in fields[4:] if text),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1
