"""A fleet that is deployed to, interrupted, and deployed to again: what must hold after each."""

# ruff: noqa: T201

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from tests.deploy.proofs.clients import Ended, Nursery
from tests.deploy.proofs.editions import PREPARED, Edition, Press
from tests.deploy.proofs.fleet import Fleet, Place, watched

SLOW = 250_000
"""bytes a second, so that a transfer takes long enough to be cut off"""


class Deed(msgspec.Struct, frozen=True):
    """Something to be interrupted: `words` instead of an upload, `fails` if it does not end well by itself."""

    name: str
    wanted: Edition
    options: dict[str, object] = {}
    words: tuple[str, ...] = ()
    slow: bool = False
    fails: bool = False


class Moment(msgspec.Struct, frozen=True):
    """When: at a step of a host (`at` counts from 1), before or after it; or after some part of the usual time."""

    host: int = -1
    at: int = 0
    when: str = "before"
    part: float = 0.0

    def __str__(self) -> str:
        """Say it."""
        return f"after {self.part:.0%} of the time" if self.host < 0 else f"{self.when} step {self.at} of {self.host}"


class Matrix:
    """A fleet that is deployed to again and again, and what was found."""

    def __init__(self, folder: Path, seed: int, hosts: Sequence[str], keep: Path) -> None:
        self.folder, self.seed, self.keep = folder, seed, keep
        self.stack = contextlib.ExitStack()
        self.fleet = self.stack.enter_context(Fleet(folder / "fleet", hosts))
        self.client = self.stack.enter_context(Nursery(folder / "client", self.fleet.env))
        self.press = Press(folder / "editions", seed)
        self.known: dict[str, Edition] = {}
        self.latest = self.edition(self.press.fresh())
        self.previous = self.latest
        self.counts: Counter[str] = Counter()
        self.broken: list[str] = []
        self._told: set[str] = set()
        self.steps: dict[str, int] = {}
        """how many steps a deed has on a host, where that has been seen"""
        self._lengths: dict[str, float] = {}

    def __enter__(self) -> Matrix:
        first = self.run(Deed("first", self.latest))
        self.judge("the first deployment", [*self.unless(first), *self.fleet.broken(self.latest)])
        self.finish(Deed("second", self.edition(self.press.changed())), "the second deployment")
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def edition(self, made: Edition) -> Edition:
        """Remember an edition as one that may stand on a host."""
        self.known[f"{made.name} {made.archive}"] = made
        return made

    def options(self, deed: Deed) -> dict[str, object]:
        """Return all options of an upload."""
        times = {"connect-timeout": "30s", "timeout": "60s", "lock-expiry": "120s"}
        return {**self.fleet.options(), "archive": str(deed.wanted.archive), "keep": 3, **times, **deed.options}

    def begin(self, deed: Deed) -> None:
        """Start the client."""
        for place in self.fleet.places:
            if place.proxy:
                place.proxy.rate(SLOW if deed.slow else 0)
        if deed.words:
            self.client.write(self.options(deed))
            self.client.start(*deed.words)
        else:
            self.client.upload(self.options(deed))

    def run(self, deed: Deed) -> Ended:
        """Do it undisturbed."""
        self.begin(deed)
        ended = self.client.wait()
        self._lengths[deed.name] = self._lengths["all"] = ended.seconds
        return ended

    def unless(self, ended: Ended, *, fails: bool = False) -> Iterator[str]:
        """Yield what is wrong with the way in which a client ended by itself."""
        if "Traceback" in ended.text or ended.code not in ((1, 5) if fails else (0,)):
            yield f"ended with {ended.code}:\n{ended.text}"

    def judge(self, what: str, problems: Sequence[str]) -> None:
        """Count and tell what is wrong."""
        for problem in problems:
            if problem in self._told:  # what stays wrong is told once
                continue
            self._told.add(problem)
            self.broken.append(f"{what}: {problem}")
            print(f"BROKEN {what}: {problem}", flush=True)
        if problems and not (self.keep / "fleet").exists():
            with contextlib.suppress(OSError, shutil.Error):
                shutil.copytree(self.fleet.folder, self.keep / "fleet", symlinks=True)
            print(f"kept in {self.keep}", flush=True)

    def finish(self, deed: Deed, what: str, *, overlapping: bool = False) -> None:
        """Make the next run, undisturbed, after which all must be well."""
        ended = self.run(deed)
        problems = [*self.unless(ended), *self.fleet.broken(deed.wanted)]
        if problems:
            self.judge(f"{what}, the next run", problems)
        problems = [f"runs on: {left}" for left in self.fleet.settle()]
        problems += self.fleet.broken(deed.wanted)
        untidy = list(self.fleet.untidy(self.known))
        if untidy and overlapping:
            # Scripts of the interrupted client were still at work beside the next run: what they left is the next's.
            self.counts["tidied up a run later"] += 1
            self.judge(f"{what}, the run after", list(self.unless(self.run(deed))))
            untidy = list(self.fleet.untidy(self.known))
        self.judge(f"{what}, after the next run", [*problems, *untidy])
        if deed.wanted != self.latest:
            self.previous, self.latest = self.latest, deed.wanted

    def turn(self, number: int | str, deed: Deed, moment: Moment, way: str) -> None:
        """Interrupt one deed, look, and make the next run."""
        rng = random.Random(f"{self.seed}:{number}")
        what = f"turn {number}, {deed.name}, {way} {moment}"
        before = self.latest
        if way == "silent":  # all that ends the client is its patience
            deed = msgspec.structs.replace(deed, options={**deed.options, "timeout": "3s", "connect-timeout": "3s"})
        length = self._lengths.get(deed.name) or self._lengths.get("all", 1.0)
        with watched(self.fleet) as wrong:
            self.begin(deed)
            stop = self._interrupt(deed, moment, way, rng.choice(self.fleet.places), length)
            ended = self.client.wait()
            landed = stop()
            problems = list(self.fleet.broken(before, deed.wanted))
            for place in self.fleet.places:
                if place.proxy:
                    place.proxy.heal(forget=rng.random() < 0.5)
            settled = rng.random() < 0.5
            if settled:
                problems += [f"runs on: {left}" for left in self.fleet.settle()]
                problems += self.fleet.broken(before, deed.wanted)
            if "prepare" in str(deed.options.get("hooks", "")):
                problems += [
                    f"host {n} serves {deed.wanted.name} without its preparation"
                    for n, place in enumerate(self.fleet.places)
                    if place.served() == deed.wanted.state and not (place.current / PREPARED).exists()
                ]
            if "Traceback" in ended.text or ended.code in (2, 3, 4, 70):
                problems.append(f"ended with {ended.code}:\n{ended.text}")
            if not landed and not ended.code < 0:
                self._lengths[deed.name] = max(ended.seconds, 0.1)
                if way != "silent":  # with so little patience, a busy machine may be too slow
                    problems += self.unless(ended, fails=deed.fails)
                if deed.fails:
                    problems += self.fleet.broken(before)
            serving = {"new" if place.served() == deed.wanted.state else "old" for place in self.fleet.places}
            self.counts[f"{way}: {deed.name}: {'+'.join(sorted(serving))}"] += 1
            self.counts[f"{way}: {'cut off' if landed and ended.code else 'too late'}"] += 1
            self.judge(what, problems)
            self.finish(self._next(deed, rng), what, overlapping=not settled)
        self.judge(f"{what}, at some moment", sorted(set(wrong))[:3])
        if not isinstance(number, int) or number % 5 == 4:
            print(f"{what}: {ended.code}, {ended.seconds:.1f} s", flush=True)

    def _next(self, deed: Deed, rng: random.Random) -> Deed:
        """Choose the next run: the same again, or another edition."""
        if rng.random() < 0.55:
            hooks = {key: value for key, value in deed.options.items() if key == "hooks"}
            return Deed("again", deed.wanted, hooks)
        if rng.random() < 0.4:
            return Deed("back", self.previous)
        return Deed("other", self.edition(self.press.changed() if rng.random() < 0.6 else self.press.fresh()))

    def _interrupt(self, deed: Deed, moment: Moment, way: str, some: Place, length: float) -> Callable[[], bool]:
        """Let it happen; the answer takes the traps away and says whether it has happened."""
        far = [place for place in self.fleet.places if place.proxy]
        victim = self.fleet.places[moment.host] if moment.host >= 0 else some
        cut = victim if victim.proxy or not far else far[moment.at % len(far)]
        if moment.host >= 0:
            victim.traps.arm(moment.at, moment.when, self._event(way, cut))

            def stop() -> bool:
                fired = victim.traps.fired
                steps = victim.traps.disarm()
                if fired and len(steps) >= moment.at:
                    self.counts[f"at {steps[moment.at - 1]}"] += 1
                else:
                    self.steps[deed.name] = max(len(steps), 1)
                return fired

            return stop
        done = threading.Event()
        timer = threading.Timer(moment.part * length, self._at_once, (way, cut, victim, done))
        timer.start()

        def cancel() -> bool:
            timer.cancel()
            timer.join()
            return done.is_set()

        return cancel

    def _event(self, way: str, place: Place) -> str:
        """Return what a trap is to do."""
        proxy = place.proxy.pid if place.proxy else 0
        return {
            "kill": f'kill -9 "$(/bin/cat {self.client.pid_file})"\n',
            "interrupt": f'kill -INT "$(/bin/cat {self.client.pid_file})"\n',
            "reset": f"kill -USR1 {proxy}\n",
            "silent": f"kill -STOP {proxy}\n",
            "host": "kill -9 0\n",
        }[way]

    def _at_once(self, way: str, place: Place, victim: Place, done: threading.Event) -> None:
        done.set()
        with contextlib.suppress(ProcessLookupError):
            if way in ("kill", "interrupt"):
                self.client.kill(signal.SIGKILL if way == "kill" else signal.SIGINT)
            elif way == "host":
                for pid in victim.processes():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            elif place.proxy:
                os.kill(place.proxy.pid, signal.SIGUSR1 if way == "reset" else signal.SIGSTOP)
