"""At each command of a deployment the client dies, or one host's connection; and the next run puts things right.

`python -m tests.deploy.test_interruptions FOLDER [FIRST [STEP]]` tries every command in every way, or every STEP-th.
"""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from buildtools.deploy import fleet
from buildtools.deploy.hooks import Hook, Hooks
from buildtools.deploy.host import LocalHost
from buildtools.deploy.manifest import read
from buildtools.deploy.plan import Plan, Policy
from buildtools.deploy.script import Reply
from buildtools.deploy.strategy import Strategy
from buildtools.plugin import StepError
from buildtools.steps.deploying import Journal
from buildtools.steps.upload import Upload
from tests.support.context import LoneContext
from tests.support.releases import content, pack

NAMES = ("a", "b")
FILES = {f"r{number}": {"index.html": f"{number}", f"{number}.txt": "x" * number} for number in (1, 2, 3)}
POLICY = Policy(strategy=Strategy(batch="1"), hooks=Hooks(reload=(Hook(run="true"),)), pool=1)
BROKEN = msgspec.structs.replace(POLICY, hooks=Hooks(after_switch=(Hook(run="exit 1", once=True),)))
COMMANDS = 11
"""of a deployment to two hosts: two probes, a claim, then for each prepare, commit, reload, finish"""

How = Literal["dies", "is cut"]
Then = Literal["same", "other", "broken", "back"]


class Killed(BaseException):
    """What no code of a deployment may handle, as it would not run any more."""


class Fate:
    """Counts commands over all hosts, and knows which of them is the last: before it begins, or when it has ended."""

    def __init__(self, how: How, last: int, *, ended: bool) -> None:
        self.how = how
        self.last = last
        self.ended = ended
        self.count = 0
        self.struck = ""
        self.lock = threading.Lock()

    def run(self, host: LocalHost, script: str, feed: Sequence[Path]) -> Reply:
        with self.lock:
            self.count += 1
            now = self.count == self.last
            over = bool(self.struck) and (self.how == "dies" or self.struck == host.name)
            if now:
                self.struck = host.name
        if over:
            self._strike(host)
        reply = LocalHost.run(host, script, feed) if not now or self.ended else Reply(status=-1)
        if now:
            self._strike(host)
        return reply

    def _strike(self, host: LocalHost) -> None:
        if self.how == "dies":
            raise Killed
        raise StepError(f"{host.name}: the connection was lost")


class Mortal(LocalHost):
    """A host whose commands are counted."""

    fate: Fate

    def run(self, script: str, feed: Sequence[Path] = ()) -> Reply:
        return self.fate.run(self, script, feed)


def hosts(folder: Path, fate: Fate) -> list[LocalHost]:
    context = LoneContext(folder)
    found = []
    for name in NAMES:
        host = Mortal(context, folder / name, f"local:{name}")
        host.fate = fate
        found.append(host)
    return found


def plan(folder: Path, revision: str) -> Plan:
    archive = folder / f"build/dist/demo.1.0.{revision}.tgz"
    # The lock's owner is this very process, which lives.
    step = Upload(archive=archive, hosts=NAMES, root="site", steal_lock=True)
    return step.plan(archive, read(archive.with_suffix(".manifest.json")))


def deploy(folder: Path, revision: str, policy: Policy = POLICY, fate: Fate | None = None) -> Fate:
    fate = fate or Fate("dies", 0, ended=False)
    context = LoneContext(folder)
    shutil.rmtree(context.temp, ignore_errors=True)
    context.temp.mkdir(parents=True)
    fleet.deploy(hosts(folder, fate), plan(folder, revision), policy, Journal(context).voice, context.temp)
    return fate


def served(folder: Path) -> dict[str, str]:
    """Return the revision that each host serves, complete."""
    found = {}
    for name in NAMES:
        release = (folder / name / "site/demo/current").resolve(strict=True)
        found[f"local:{name}"] = release.name.removeprefix("1.0.")
        assert content(release) == FILES[found[f"local:{name}"]]
    return found


def left(folder: Path) -> list[str]:
    states = [folder / name / "site/demo/.buildtools" for name in NAMES]
    found = [path for state in states for part in ("txn", "stage") for path in (state / part).iterdir()]
    found += [path for state in states for path in state.iterdir() if path.name.startswith(("stale", "lock"))]
    return [str(path) for path in found]


def prepared(folder: Path) -> Path:
    """Make three archives, of which the first is deployed to both hosts."""
    for revision, files in FILES.items():
        pack(folder, files, revision=revision)
    assert deploy(folder, "r1").count == COMMANDS
    return folder


def trial(folder: Path, fate: Fate, then: Then) -> None:
    """Interrupt the deployment of r2, and see what stands then, and after the next one."""
    try:
        deploy(folder, "r2", fate=fate)
        raise AssertionError("it was not interrupted")
    except (Killed, StepError):
        pass
    now = served(folder)
    if fate.how == "is cut":
        wanted = {"r2"} if fate.last > COMMANDS - len(NAMES) else {"r1"}
        assert {revision for host, revision in now.items() if host != fate.struck} == wanted
    assert set(now.values()) <= {"r1", "r2"}
    match then:
        case "same":
            deploy(folder, "r2")
        case "other":
            deploy(folder, "r3")
        case "back":
            deploy(folder, "r3", msgspec.structs.replace(POLICY, on_interrupt="back"))
        case "broken":
            # All go back to one and the same release, and that is none that was never seen to work.
            with pytest.raises(StepError):
                deploy(folder, "r3", BROKEN)
    after = set(served(folder).values())
    assert len(after) == 1
    # By the end of one host: where only the connection to that one is cut, there is another.
    proven = fate.last > COMMANDS - len(NAMES) + (fate.how == "dies" and not fate.ended)
    assert after == {{"same": "r2", "other": "r3", "back": "r3", "broken": "r2" if proven else "r1"}[then]}
    assert left(folder) == []


def trials() -> Iterator[tuple[How, int, bool, Then]]:
    ways: tuple[How, ...] = ("dies", "is cut")
    thens: tuple[Then, ...] = ("broken", "same", "back", "other")
    for how in ways:
        for last in range(1, COMMANDS + 1):
            for ended in (False, True):
                for then in thens:
                    yield how, last, ended, then


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("interruptions"))


@pytest.mark.parametrize(("how", "last", "ended", "then"), list(trials())[5::29])
def test_the_next_run_puts_right_what_an_interruption_left(
    template: Path, tmp_path: Path, how: How, last: int, ended: bool, then: Then
) -> None:
    shutil.copytree(template, tmp_path, symlinks=True, dirs_exist_ok=True)
    trial(tmp_path, Fate(how, last, ended=ended), then)


def main(folder: Path, first: int = 0, step: int = 1) -> int:
    template = folder / "template"
    template.mkdir(parents=True)
    prepared(template)
    bad = done = 0
    for number, (how, last, ended, then) in list(enumerate(trials()))[first::step]:
        done += 1
        work = folder / f"{number}"
        shutil.copytree(template, work, symlinks=True)
        try:
            trial(work, Fate(how, last, ended=ended), then)
            shutil.rmtree(work)
        except Exception as error:
            bad += 1
            when = "after" if ended else "before"
            sys.stdout.write(f"{number}: {how} {when} command {last}, then {then}: {type(error).__name__} {error}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{done} trials, {bad} bad\n")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *map(int, sys.argv[2:])))
