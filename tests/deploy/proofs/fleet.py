"""Three hosts on this machine: two real sshd, each behind a proxy, and `local:`; and what must stand on each."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.deploy.proofs.editions import PREPARED, Edition, State, difference, state, without_hook
from tests.deploy.proofs.proxy import Proxy
from tests.deploy.proofs.traps import Traps
from tests.support.sshd import Sshd

MARK = "PROOF_HOST"
"""a variable in the environment of everything that runs on a host"""


class Place:
    """One host: its `site` is ROOT, `address` what the pipeline file calls it; only SSH hosts have a proxy."""

    def __init__(self, folder: Path, number: int, *, ssh: bool) -> None:
        self.home = folder / f"home-{number}"
        self.home.mkdir(parents=True)
        self.traps = Traps(folder / f"traps-{number}")
        self.mark = f"{folder}-{number}"
        self.proxy: Proxy | None = None
        self.known = ""
        self.key: Path | None = None
        self._sshd: Sshd | None = None
        if ssh:
            login = f"export PATH='{self.traps.bin}':$PATH {MARK}={self.mark};"
            self._sshd = Sshd(folder / f"sshd-{number}", home=self.home, login=login)
            self.proxy = Proxy(self._sshd.port)
            self.key = self._sshd.key
            self.known = f"[127.0.0.1]:{self.proxy.port} {self._sshd.host_key}\n"
            self.address = f"{self._sshd.user}@127.0.0.1:{self.proxy.port}"
        else:
            self.address = f"local:{self.home}"

    @property
    def folder(self) -> Path:
        """ROOT/TARGET."""
        return self.home / "site/demo"

    @property
    def current(self) -> Path:
        """The release that is served, by its own folder; `.` where there is none."""
        try:
            return self.folder / (self.folder / "current").readlink()
        except FileNotFoundError:
            return Path()

    def served(self) -> State:
        """What is served now. Followed once: it may be switched while it is read."""
        folder = self.current
        return without_hook(state(folder)) if folder != Path() else {}

    def releases(self) -> dict[str, State]:
        """Every folder of releases/, with what it holds."""
        try:
            return {path.name: without_hook(state(path)) for path in (self.folder / "releases").iterdir()}
        except FileNotFoundError:
            return {}

    def holding(self, wanted: State) -> set[str]:
        """Return the folders of releases/ that hold this."""
        return {name for name, found in self.releases().items() if found == wanted}

    def residue(self) -> list[str]:
        """What no finished deployment leaves."""
        base, private = self.folder, self.folder / ".buildtools"
        left = [path for name in ("txn", "stage") for path in _inside(private / name)]
        known = {"txn", "stage", "manifests", "log.jsonl", "mutex", "program", "pins", "good", "retired", "latest"}
        left += [path for path in _inside(private) if path.name not in known]
        names = {path.name for path in _inside(base / "releases")}
        left += [path for path in _inside(private / "manifests") if path.name.rpartition(".")[0] not in names]
        for path in _inside(base):
            if path.is_symlink():
                if not path.exists():
                    left.append(path)
            elif path.name not in ("releases", "shared", ".buildtools"):
                left.append(path)
        left += (base / "releases").glob("*/.buildtools")
        return [str(path.relative_to(base)) for path in left]

    def log(self) -> str:
        """The log as it stands."""
        path = self.folder / ".buildtools/log.jsonl"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def processes(self) -> list[int]:
        """What runs on the host, by process id."""
        return marked(f"{MARK}={self.mark}")

    def stop(self) -> None:
        """End server and proxy, and whatever a cut connection left."""
        for pid in self.processes():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if self.proxy:
            self.proxy.stop()
        if self._sshd:
            self._sshd.stop()


class Fleet:
    """Hosts in the order in which they are deployed to: two by SSH and this machine, or as `kinds` says."""

    def __init__(self, folder: Path, kinds: Sequence[str] = ("ssh", "local", "ssh")) -> None:
        self.folder = folder
        self.places: list[Place] = []
        self.known_hosts = folder / "known_hosts"
        self._stack = ExitStack()
        try:
            for number, kind in enumerate(kinds):
                self.places.append(Place(folder, number, ssh=kind == "ssh"))
                self._stack.callback(self.places[-1].stop)
        except BaseException:
            self._stack.close()
            raise
        self.known_hosts.write_text("".join(place.known for place in self.places), encoding="utf-8")

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def env(self) -> dict[str, str]:
        """What a client has in its environment, so that `local:` has its traps too."""
        local = [place for place in self.places if place.proxy is None]
        path = os.pathsep.join([*(str(place.traps.bin) for place in local), os.environ["PATH"]])
        return {"PATH": path, **({MARK: local[0].mark} if local else {})}

    def options(self) -> dict[str, object]:
        """The options of `upload` that say where to."""
        keys = [str(place.key) for place in self.places if place.key]
        return {
            "hosts": [place.address for place in self.places],
            "root": "site",
            "known-hosts": [str(self.known_hosts)],
            **({"identity": keys} if keys else {}),
        }

    def broken(self, *allowed: Edition) -> Iterator[str]:
        """Yield what is wrong now: each host must serve one of these editions, complete."""
        for number, place in enumerate(self.places):
            found = place.served()
            if not found and not any(edition.state == {} for edition in allowed):
                yield f"host {number} serves nothing"
            elif not any(found == edition.state for edition in allowed):
                nearest = min(allowed, key=lambda edition: len(set(found.items()) ^ set(edition.state.items())))
                yield (
                    f"host {number} serves {place.current.name}, which is none of "
                    f"{[edition.name for edition in allowed]}: {difference(found, nearest.state)}"
                )

    def untidy(self, known: Mapping[str, Edition]) -> Iterator[str]:
        """Yield what no host may have once a deployment has ended: residue, and releases that nobody made."""
        states = [edition.state for edition in known.values()]
        for number, place in enumerate(self.places):
            if left := place.residue():
                yield f"host {number} has residue: {', '.join(left[:6])}"
            for name, found in place.releases().items():
                if found not in states:
                    nearest = min(states, key=lambda one: len(set(found.items()) ^ set(one.items())))
                    yield f"host {number} has {name}, which nobody made: {difference(found, nearest)}"

    def unprepared(self) -> Iterator[str]:
        """Yield the hosts that serve a release in which the hook `prepare` has not run."""
        for number, place in enumerate(self.places):
            if place.current != Path() and not (place.current / PREPARED).exists():
                yield f"host {number} serves {place.current.name}, in which `prepare` has not run"

    def settle(self, seconds: float = 8.0) -> list[str]:
        """Wait until nothing runs on any host; return what runs on."""
        ends = time.monotonic() + seconds
        while left := [f"host {n}: {_words(pid)}" for n, place in enumerate(self.places) for pid in place.processes()]:
            if time.monotonic() > ends:
                return left
            time.sleep(0.05)
        return []


@contextmanager
def watched(fleet: Fleet) -> Iterator[list[str]]:
    """Look at `current` of every host all the time; the list is what was wrong with it at some moment."""
    wrong: list[str] = []
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(fleet, wrong, stop.wait), daemon=True)
    thread.start()
    try:
        yield wrong
    finally:
        stop.set()
        thread.join()


def _watch(fleet: Fleet, wrong: list[str], wait: Callable[[float], bool]) -> None:
    served = [place for place in fleet.places if place.current != Path()]
    while not wait(0.015):
        for place in served:
            try:
                page = (place.folder / "current/index.html").read_bytes()
            except OSError as error:
                wrong.append(f"{place.address}: current/index.html: {error.strerror}")
                continue
            lines = page.splitlines()
            if not lines or lines.count(lines[0]) != len(lines):
                wrong.append(f"{place.address}: current/index.html is not one edition's")


def marked(text: str) -> list[int]:
    """Return the processes that have this in their environment."""
    wanted, found = text.encode(), []
    for name in os.listdir("/proc"):  # noqa: PTH208 - called all the time
        if name.isdigit() and int(name) != os.getpid():
            with suppress(OSError):
                if wanted in Path(f"/proc/{name}/environ").read_bytes().split(b"\0") and _words(int(name)):
                    found.append(int(name))
    return found


def _words(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:80]
    return ""


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
