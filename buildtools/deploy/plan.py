"""What is to be deployed where and how, what a host was found to hold, and what follows from the two."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from buildtools.deploy.health import Check
from buildtools.deploy.hooks import Hooks
from buildtools.deploy.layout import Release
from buildtools.deploy.manifest import Manifest
from buildtools.deploy.strategy import Strategy

Event = Literal["deployed", "activated", "rolled-back", "recovered"]
"""how a transaction that ends well stands in the log; a rollback also forgets that what it left was good"""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One target below one root, and on which terms it is changed.

    `keep` is how many good releases stay, `lease` how long a lock holds without being renewed, `phase` how long a
    single command may take (s), `steal` whether anybody's lock is taken over.
    """

    target: str
    root: str
    keep: int = 5
    lease: float = 1800
    phase: float = 900
    steal: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A packed release that is to go to a site.

    `listing` is what the host must be able to make of it, `digest` (its SHA-256) the identity of the content, `modes`
    the file modes in it, `size` the room it takes unpacked, in bytes; `shared` are paths that become links out of the
    release, with `/` at the end for folders that may be made; `delta`: send only what a host lacks.
    """

    site: Site
    release: Release
    archive: Path
    manifest: Manifest
    listing: bytes
    digest: str
    size: int
    modes: tuple[str, ...]
    shared: tuple[str, ...] = ()
    delta: bool = True


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How hosts are switched: in which order, what runs there and what is asked of them; at most `pool` at once.

    `on_interrupt` says what becomes of hosts that an interrupted deployment has switched already: they go on from
    there, or go back first.
    """

    strategy: Strategy = Strategy()
    hooks: Hooks = Hooks()
    health: tuple[Check, ...] = ()
    pool: int = 8
    on_interrupt: Literal["forward", "back"] = "forward"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A complete release on a host, as it was written down when it came. Fields are empty where nobody knows.

    `digest` is its content's (`-`: unknown), `time` seconds since the epoch.
    """

    digest: str
    version: str = ""
    revision: str = ""
    time: int = 0
    who: str = ""
    pinned: bool = False


class Interrupted(msgspec.Struct, frozen=True, kw_only=True):
    """An unfinished transaction: to which release it was, and on which hosts.

    `previous` is what `current` is to go back to, `start` what it was when the transaction began: these are two where
    an earlier one was interrupted too.
    """

    id: str
    name: str
    previous: str
    start: str = ""
    peers: tuple[str, ...] = ()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe found.

    `current` is that link's text, empty where there is none; `links` are all others by name. `releases` are the
    complete ones by folder. `good` are the releases that were deployed to their end, the latest last, each with its
    transaction; `retired` are those that were, until a rollback left them; `judged`: whether that is written down
    there at all. `hash` is the hash program, `space` what is free in KiB and `inodes` how many (-1: unknown); `clock`
    is the host's time where there is a `lock` (s since the epoch);
    `residue` says that something was left, `interrupted` are the transactions among it; `fresh`: nothing of ours yet.
    `latest` is the second in the name of the last transaction that brought files; `unshared` are shared paths that must
    be there and are not.
    """

    current: str
    releases: dict[str, Standing]
    links: dict[str, str] = {}
    good: tuple[tuple[str, str], ...] = ()
    retired: tuple[str, ...] = ()
    judged: bool = False
    hash: str = ""
    space: int = -1
    inodes: int = -1
    lock: str = ""
    clock: int = -1
    residue: tuple[str, ...] = ()
    interrupted: tuple[Interrupted, ...] = ()
    fresh: bool = False
    latest: str = ""
    unshared: tuple[str, ...] = ()

    @property
    def serving(self) -> str:
        """The release's folder that `current` points to; the link's text if it is none of ours; or empty."""
        return self.current.removeprefix("releases/")

    @property
    def unproven(self) -> Interrupted | None:
        """The interrupted transaction that `current` stands on: nobody knows whether that release works."""
        found = [one for one in self.interrupted if self.current in (f"releases/{one.name}", one.start)]
        return next((one for one in found if self.current != one.previous), None)

    @property
    def before(self) -> str:
        """The release to go back to from `current`: the good one before it, if it still stands; or empty."""
        names = [name for name, _ in self.good if name in self.releases]
        if self.unproven is None and self.serving in names:
            names = names[: names.index(self.serving)]
        names = [name for name in names if name != self.serving]
        return names[-1] if names else ""
