"""Many hosts, each a folder on this machine: all or none are switched, in their order, and what fails goes back."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from buildtools.deploy import fleet, plan
from buildtools.deploy.health import Check
from buildtools.deploy.hooks import Hook, Hooks
from buildtools.deploy.host import LocalHost
from buildtools.deploy.manifest import read
from buildtools.deploy.owner import who
from buildtools.deploy.probe import probe
from buildtools.deploy.script import Reply
from buildtools.deploy.strategy import Strategy
from buildtools.deploy.voice import Voice
from buildtools.plugin import Status, StepError, StepResult
from buildtools.steps.deploying import Journal
from buildtools.steps.upload import Upload
from tests.support.context import LoneContext
from tests.support.releases import content, pack

HOSTS = ("local:a", "local:b", "local:c")
NO_HOOKS = Hooks()
ONE, TWO, THREE = ({"index.html": text, f"{text}.css": text * 100} for text in ("one", "two", "three"))


def deploy(folder: Path, archive: Path, **options: Any) -> tuple[StepResult, LoneContext]:
    """Deploy to the three hosts, and return what came of it."""
    context = LoneContext(folder)
    step = Upload(archive=archive, **{"hosts": HOSTS, "root": "site", **options})
    return step.run(context), context


def good(folder: Path, archive: Path, **options: Any) -> str:
    """Deploy, see that it went well, and return what was said."""
    result, context = deploy(folder, archive, **options)
    assert (result.status, result.reason) == (Status.PASSED, "")
    return "".join(context.shown)


def demo(folder: Path, host: str) -> Path:
    """Return ROOT/TARGET on a host."""
    return folder / host / "site/demo"


def served(folder: Path) -> list[str]:
    """Return the release that each host serves, empty for none."""
    links = [demo(folder, host) / "current" for host in "abc"]
    return [link.readlink().name if link.is_symlink() else "" for link in links]


def left(folder: Path) -> list[str]:
    """Return what no deployment should leave, on any host."""
    found = []
    for host in "abc":
        state = demo(folder, host) / ".buildtools"
        if state.is_dir():
            found += [path for name in ("txn", "stage") for path in (state / name).iterdir()]
            found += [path for path in state.iterdir() if path.name.startswith("stale") or path.name == "lock"]
    return [str(path.relative_to(folder)) for path in found]


def events(folder: Path, host: str) -> list[str]:
    """Return the events in a host's log."""
    lines = (demo(folder, host) / ".buildtools/log.jsonl").read_text().splitlines()
    return [json.loads(line)["event"] for line in lines]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make three archives, the first of which is deployed to all hosts."""
    folder = tmp_path_factory.mktemp("template")
    for at, files in enumerate((ONE, TWO, THREE), 1):
        pack(folder, files, revision=f"r{at}")
    good(folder, folder / "build/dist/demo.1.0.r1.tgz")
    return folder


@pytest.fixture
def packed(template: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """Give a copy of the template's three archives and hosts."""
    shutil.copytree(template, tmp_path, symlinks=True, dirs_exist_ok=True)
    first, second, third = (tmp_path / f"build/dist/demo.1.0.r{at}.tgz" for at in (1, 2, 3))
    return first, second, third


def test_all_hosts_are_switched_and_the_audit_is_kept(tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    result, context = deploy(tmp_path, archive)
    assert result.status is Status.PASSED
    assert served(tmp_path) == ["1.0.r1"] * 3
    assert all(content(demo(tmp_path, host) / "current") == ONE for host in "abc")
    assert left(tmp_path) == []
    assert [case.name for case in result.cases] == list(HOSTS)
    metrics = {metric.name: metric.value for metric in result.metrics}
    assert (metrics["hosts"], metrics["hosts switched"]) == (3, 3)
    (audit,) = result.artifacts
    lines = [json.loads(line) for line in (tmp_path / audit.path).read_text().splitlines()]
    assert sorted((line["host"], line["event"], line["release"]) for line in lines) == [
        (host, "deployed", "1.0.r1") for host in HOSTS
    ]
    assert len({line["txn"] for line in lines}) == 1
    again, context = deploy(tmp_path, archive)
    assert again.status is Status.PASSED
    assert "".join(context.shown).count("is current already: nothing sent, nothing switched") == 3
    assert again.artifacts == ()
    assert events(tmp_path, "a") == ["deployed"]


def test_a_host_that_is_new_is_brought_to_the_others(tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    good(tmp_path, archive, hosts=HOSTS[:2])
    said = good(tmp_path, archive)
    assert served(tmp_path) == ["1.0.r1"] * 3
    assert events(tmp_path, "a") == ["deployed"]
    assert "local:c: current -> 1.0.r1 (was nothing)" in said


@pytest.mark.parametrize("host", ["a", "c"])
def test_the_no_of_one_host_is_the_no_of_all(tmp_path: Path, packed: tuple[Path, ...], host: str) -> None:
    (demo(tmp_path, host) / "shared").mkdir()
    shared = [demo(tmp_path, other) / "shared" for other in "abc" if other != host]
    for folder in shared:
        folder.mkdir()
        (folder / ".env").write_text("x")
    result, _ = deploy(tmp_path, packed[1], shared=(".env",))
    assert result.status is Status.ERROR
    assert f"local:{host}: " in result.reason
    assert "shared/.env is not there" in result.reason
    assert served(tmp_path) == ["1.0.r1"] * 3
    assert left(tmp_path) == []
    assert all(events(tmp_path, other)[-1] == "refused" for other in "abc")


def test_a_refusal_of_one_host_stands_in_the_logs_of_the_others(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    link = demo(tmp_path, "b") / "current"
    link.unlink()
    link.mkdir()
    result, _ = deploy(tmp_path, packed[1])
    assert "local:b: " in result.reason
    assert "is not a link but a folder" in result.reason
    assert [events(tmp_path, host)[-1] for host in "abc"] == ["refused", "deployed", "refused"]
    (audit,) = result.artifacts
    assert (tmp_path / audit.path).read_text().count('"event":"refused"') == 2
    assert left(tmp_path) == []


def test_two_names_of_one_host_are_noticed(tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to("a")
    result, _ = deploy(tmp_path, archive, hosts=HOSTS[:2])
    assert "one host" in result.reason
    # Names that cannot be compared beforehand: the host itself notices.
    context = LoneContext(tmp_path)
    step = Upload(archive=archive, hosts=HOSTS[:2], root="site")
    hosts = [LocalHost(context, tmp_path / name, f"local:{name}") for name in "ab"]
    what = step.plan(archive, read(archive.with_suffix(".manifest.json")))
    with pytest.raises(StepError, match="is a host of the list by another name"):
        fleet.deploy(hosts, what, step.policy, Journal(context).voice, context.temp)
    assert not (demo(tmp_path, "a") / "current").exists()
    assert left(tmp_path) == []


def hooks(**texts: str) -> Hooks:
    """Return one program for each of these places."""
    return Hooks(**{place: (Hook(run=text),) for place, text in texts.items()})


def test_hooks_run_at_their_places_with_what_they_need_to_know(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    known = ("TARGET", "VERSION", "REVISION", "RELEASE", "PREVIOUS", "HOST")
    values = " ".join(f"$BUILDTOOLS_{name}" for name in known)
    around = '$(basename "$PWD") $(readlink "$BUILDTOOLS_ROOT/current")'
    line = f'echo $PLACE {values} {around} >>"$BUILDTOOLS_ROOT/trace"'
    places = ("prepare", "before_switch", "reload", "after_switch", "after_rollback")
    options = hooks(**{place: f"PLACE={place}; {line}" for place in places})
    said = good(tmp_path, packed[1], hooks=options)
    assert "local:a: prepare: PLACE=prepare; echo" in said
    common = "demo 1.0 r2 1.0.r2 1.0.r1 localhost 1.0.r2 releases"
    for host in "abc":
        assert (demo(tmp_path, host) / "trace").read_text().splitlines() == [
            f"prepare {common}/1.0.r1", f"before_switch {common}/1.0.r1",
            f"reload {common}/1.0.r2", f"after_switch {common}/1.0.r2",
        ]  # fmt: skip


def test_a_hook_may_run_once_and_shows_what_it_says(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    run = 'echo "to be shown $BUILDTOOLS_RELEASE"; echo "@bt error forged"; touch "$BUILDTOOLS_ROOT/ran"'
    said = good(tmp_path, packed[1], hooks=Hooks(prepare=(Hook(run=run, once=True),)))
    assert [(demo(tmp_path, host) / "ran").exists() for host in "abc"] == [True, False, False]
    assert "local:a: | to be shown 1.0.r2" in said
    assert "local:a: | @bt error forged" in said


def test_hosts_with_nothing_left_to_do_run_no_hooks_and_do_not_count(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    good(tmp_path, packed[1], hosts=HOSTS[:1])
    run = 'touch "$BUILDTOOLS_ROOT/ran"'
    said = good(tmp_path, packed[1], hooks=Hooks(reload=(Hook(run=run, once=True),)), strategy=Strategy(batch="50%"))
    assert [(demo(tmp_path, host) / "ran").exists() for host in "abc"] == [False, True, False]
    assert "local:a: 1.0.r2 is current already: nothing sent, nothing switched" in said
    assert said.index("local:b: current -> 1.0.r2") < said.index("local:c: current -> 1.0.r2")


@pytest.mark.parametrize("place", ["prepare", "before_switch"])
def test_a_hook_that_fails_before_the_switch_aborts_all(tmp_path: Path, packed: tuple[Path, ...], place: str) -> None:
    run = 'echo about; echo "why it failed" >&2; case $BUILDTOOLS_ROOT in */b/*) exit 7 ;; esac'
    result, _ = deploy(tmp_path, packed[1], hooks=hooks(**{place: run}))
    assert result.status is Status.FAILED
    assert f"local:b: the {place.replace('_', '-')} program `echo about; echo" in result.reason
    assert "ended with status 7" in result.reason
    assert "why it failed" in result.reason
    assert served(tmp_path) == ["1.0.r1"] * 3
    assert left(tmp_path) == []
    log = (demo(tmp_path, "b") / ".buildtools/log.jsonl").read_text()
    assert f"a {place.replace('_', '-')} program ended with status 7" in log
    assert "about" not in log


@pytest.mark.parametrize(("place", "batch"), [("reload", "1"), ("after_switch", "100%")])
def test_a_hook_that_fails_after_the_switch_takes_all_back(
    tmp_path: Path, packed: tuple[Path, ...], place: str, batch: str
) -> None:
    run = "case $BUILDTOOLS_ROOT$BUILDTOOLS_RELEASE in */b/*r2) exit 7 ;; esac"
    trace = 'echo $BUILDTOOLS_RELEASE $BUILDTOOLS_PREVIOUS $(basename "$PWD") >>"$BUILDTOOLS_ROOT/trace"'
    options = hooks(**{place: run, "after_rollback": trace})
    result, context = deploy(tmp_path, packed[1], hooks=options, strategy=Strategy(batch=batch))
    assert result.status is Status.FAILED
    assert "local:a: is back at 1.0.r1" in result.reason
    assert "local:b: is back at 1.0.r1" in result.reason
    assert served(tmp_path) == ["1.0.r1"] * 3
    assert left(tmp_path) == []
    reached = "ab" if batch == "1" else "abc"
    for host in reached:
        assert (demo(tmp_path, host) / "trace").read_text() == "1.0.r1 1.0.r2 1.0.r1\n"
        assert events(tmp_path, host)[-1] == "went-back"
    assert (events(tmp_path, "c")[-1], (demo(tmp_path, "c") / "trace").exists()) == (
        ("failed", False) if batch == "1" else ("went-back", True)
    )
    if batch == "1":
        said = "".join(context.shown)
        assert said.index("local:b: current -> 1.0.r1, as before") < said.index("local:a: current -> 1.0.r1, as before")


def test_a_failed_first_deployment_leaves_nothing_to_serve(tmp_path: Path) -> None:
    result, _ = deploy(tmp_path, pack(tmp_path, ONE), hooks=hooks(after_switch="exit 1", after_rollback="exit 1"))
    assert "has no `current` again, as before" in result.reason
    assert served(tmp_path) == [""] * 3
    assert not any((demo(tmp_path, host) / "1.0").is_symlink() for host in "abc")
    assert left(tmp_path) == []


def test_a_hook_that_hangs_is_ended(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    result, _ = deploy(tmp_path, packed[1], hooks=Hooks(prepare=(Hook(run="sleep 60", timeout=0.2, once=True),)))
    assert "took longer than" in result.reason
    assert left(tmp_path) == []


class Site:
    """A web server behind which all hosts stand; `sick` are the (host, release) that do not work."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sick: set[tuple[str, str]] = set()
        self.asked: list[list[str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                now = served(site.folder)
                site.asked.append(now)
                self.send_response(500 if site.sick & set(zip("abc", now, strict=True)) else 200)
                self.end_headers()
                self.wfile.write(" ".join(now).encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.checks = (Check(url=f"http://127.0.0.1:{self.server.server_port}/", retries=1, interval=0.01, once=True),)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    thread = threading.Thread(target=site.server.serve_forever, args=(0.02,))
    thread.start()
    yield site
    site.server.shutdown()
    site.server.server_close()
    thread.join()


def test_canaries_go_first_then_the_batches(tmp_path: Path, packed: tuple[Path, ...], site: Site) -> None:
    said = good(tmp_path, packed[1], health=site.checks, strategy=Strategy(canary="1", batch="50%"))
    old, new = "1.0.r1", "1.0.r2"
    assert site.asked == [[new, old, old], [new, new, old], [new, new, new]]
    assert "healthy: local:a" in said
    site.asked.clear()
    good(tmp_path, packed[2], health=site.checks, strategy=Strategy(canary="1"))
    assert site.asked == [["1.0.r3", new, new], ["1.0.r3"] * 3]


def test_an_unhealthy_canary_keeps_the_others_from_being_switched(
    tmp_path: Path, packed: tuple[Path, ...], site: Site
) -> None:
    site.sick.add(("a", "1.0.r2"))
    result, _ = deploy(tmp_path, packed[1], health=site.checks, strategy=Strategy(canary="1"))
    assert result.status is Status.FAILED
    assert "local:a: 1.0.r2 is not healthy: http://127.0.0.1" in result.reason
    assert "answered 500" in result.reason
    assert "local:a: is back at 1.0.r1" in result.reason
    first, *others = result.cases
    assert re.fullmatch("1.0.r2 is not healthy: http://.* answered 500 .*; is back at 1.0.r1", first.message)
    assert {case.name: case.message for case in others} == {"local:b": "not switched", "local:c": "not switched"}
    assert served(tmp_path) == ["1.0.r1"] * 3
    assert site.asked == [["1.0.r2", "1.0.r1", "1.0.r1"]] * 2
    assert left(tmp_path) == []
    # It stands there complete: the next try sends nothing.
    site.sick.clear()
    assert good(tmp_path, packed[1], health=site.checks).count("was there already: nothing sent") == 3


def test_each_host_goes_back_to_its_own_release(tmp_path: Path, packed: tuple[Path, ...], site: Site) -> None:
    good(tmp_path, packed[1], hosts=HOSTS[1:2])
    site.sick.add(("c", "1.0.r3"))
    result, _ = deploy(tmp_path, packed[2], health=site.checks, strategy=Strategy(batch="1"))
    assert result.status is Status.FAILED
    assert served(tmp_path) == ["1.0.r1", "1.0.r2", "1.0.r1"]
    assert all(content(demo(tmp_path, host) / "1.0") == content(demo(tmp_path, host) / "current") for host in "abc")
    assert left(tmp_path) == []


# What a kill leaves. The client is killed by a program or a health check that it starts, so at a known place.

CLIENT = """
import sys, msgspec
from pathlib import Path
from buildtools.steps.upload import Upload
from tests.support.context import LoneContext
folder, options = Path(sys.argv[1]), sys.argv[2]
step = msgspec.json.decode(options, type=Upload, dec_hook=lambda kind, value: kind(value))
print(step.run(LoneContext(folder)).reason)
"""

KILL = 'case $BUILDTOOLS_ROOT in */{host}/*) kill -9 $(cat "$BUILDTOOLS_ROOT/../../../pid") ;; esac'


def killed(folder: Path, archive: Path, place: str, host: str = "a", **options: Any) -> None:
    """Deploy, and be killed at that place on that host."""
    hook = {} if place == "" else {place: [{"run": KILL.format(host=host)}]}
    values = {"archive": str(archive), "hosts": HOSTS, "root": "site", "hooks": hook, **options}
    start = ["sh", "-c", 'echo $$ >"$1/pid"; shift; exec "$@"', "sh", str(folder), sys.executable, "-c", CLIENT]
    child = subprocess.Popen(
        [*start, str(folder), msgspec.json.encode(values).decode()],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
    )
    said, _ = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL, said


def test_a_deployment_that_was_killed_before_a_switch_leaves_nothing_behind(
    tmp_path: Path, packed: tuple[Path, ...]
) -> None:
    killed(tmp_path, packed[1], "before-switch")
    assert served(tmp_path) == ["1.0.r1"] * 3
    assert left(tmp_path) != []
    said = good(tmp_path, packed[2])
    assert said.count("cleared up after the interrupted deployment") == 3
    assert said.count("took over the lock") == 3
    assert (served(tmp_path), left(tmp_path)) == (["1.0.r3"] * 3, [])


@pytest.mark.skipif(shutil.which("flock") is None, reason="flock is not installed")
def test_the_program_of_a_killed_deployment_is_waited_for(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    trace = '"$BUILDTOOLS_ROOT/trace"'
    run = f"{KILL.format(host='a')}; sleep 2; echo first >>{trace}"
    killed(tmp_path, packed[1], "prepare", hooks={"prepare": [{"run": run}]})
    said = good(tmp_path, packed[1], hooks=hooks(prepare=f"echo second >>{trace}"))
    assert "local:a: waited " in said
    assert (demo(tmp_path, "a") / "trace").read_text() == "first\nsecond\n"
    assert (served(tmp_path), left(tmp_path)) == (["1.0.r2"] * 3, [])


@pytest.mark.parametrize(("on", "which"), [("forward", 1), ("back", 2)])
def test_a_deployment_that_was_killed_between_hosts_is_put_right_by_the_next(
    tmp_path: Path, packed: tuple[Path, ...], on: str, which: int
) -> None:
    killed(tmp_path, packed[1], "reload", "b", strategy={"batch": "1"})
    assert served(tmp_path) == ["1.0.r2", "1.0.r2", "1.0.r1"]
    said = good(tmp_path, packed[which], on_interrupt=on)
    assert (served(tmp_path), left(tmp_path)) == ([f"1.0.r{which + 1}"] * 3, [])
    assert said.count("current -> 1.0.r1, as before") == (2 if on == "back" else 0)
    assert all(content(demo(tmp_path, host) / "current") == (ONE, TWO, THREE)[which] for host in "abc")


def test_what_was_never_proven_is_nothing_to_go_back_to(tmp_path: Path, packed: tuple[Path, ...], site: Site) -> None:
    killed(tmp_path, packed[1], "reload", "b", strategy={"batch": "1"})
    site.sick.add(("c", "1.0.r3"))
    result, _ = deploy(tmp_path, packed[2], health=site.checks)
    assert result.status is Status.FAILED
    assert (served(tmp_path), left(tmp_path)) == (["1.0.r1"] * 3, [])


def test_a_run_that_fails_before_its_barrier_leaves_no_unproven_release(
    tmp_path: Path, packed: tuple[Path, ...]
) -> None:
    killed(tmp_path, packed[1], "reload", "b", strategy={"batch": "1"})
    result, _ = deploy(tmp_path, packed[2], shared=("nothing.env",))
    assert "is not there" in result.reason
    assert "local:a: is back at 1.0.r1" in result.reason
    assert (served(tmp_path), left(tmp_path)) == (["1.0.r1"] * 3, [])


def test_it_is_known_after_two_kills_what_to_go_back_to(tmp_path: Path, packed: tuple[Path, ...], site: Site) -> None:
    killed(tmp_path, packed[1], "after-switch", "b", strategy={"batch": "1"})
    killed(tmp_path, packed[2], "prepare", "c")
    seen = probe(LocalHost(LoneContext(tmp_path), tmp_path / "b", "b"), plan.Site(target="demo", root="site"))
    assert (seen.serving, seen.before, [left.previous for left in seen.interrupted]) == (
        "1.0.r2", "1.0.r1", ["releases/1.0.r1"],
    )  # fmt: skip
    killed(tmp_path, packed[2], "reload", "a", strategy={"batch": "1"})
    assert served(tmp_path) == ["1.0.r3", "1.0.r2", "1.0.r1"]
    site.sick.add(("a", "1.0.r2"))
    result, _ = deploy(tmp_path, packed[1], health=site.checks)
    assert result.status is Status.FAILED
    assert (served(tmp_path), left(tmp_path)) == (["1.0.r1"] * 3, [])


def test_what_came_to_its_end_on_one_host_is_proven_on_all(
    tmp_path: Path, packed: tuple[Path, ...], site: Site
) -> None:
    # A finish that is cut off on the hosts b and c: it is the only phase with this word in `good`.
    broken = tmp_path / "bin"
    broken.mkdir()
    at_end = 'case $PWD in */[bc]/site/demo) if grep -q "^1.0.r2 " .buildtools/good; then kill -9 $PPID; fi ;; esac'
    (broken / "sync").write_text(f"#!/bin/sh\n{at_end}\n")
    (broken / "sync").chmod(0o755)
    result, _ = deploy_with(tmp_path, packed[1], {"PATH": f"{broken}:{os.environ['PATH']}"})
    assert result.status is Status.ERROR
    assert served(tmp_path) == ["1.0.r2"] * 3
    # As if it had been killed a moment earlier.
    for host in "bc":
        state = demo(tmp_path, host) / ".buildtools"
        (state / "good").write_text("1.0.r1 -\n")
    site.sick.add(("c", "1.0.r3"))
    result, _ = deploy(tmp_path, packed[2], health=site.checks, steal_lock=True)
    assert result.status is Status.FAILED
    assert (served(tmp_path), left(tmp_path)) == (["1.0.r2"] * 3, [])
    assert events(tmp_path, "b")[-2:] == ["deployed", "went-back"]


def deploy_with(folder: Path, archive: Path, env: Mapping[str, str]) -> tuple[StepResult, LoneContext]:
    context = LoneContext(folder, env=env)
    step = Upload(archive=archive, hosts=HOSTS, root="site")
    return step.run(context), context


def test_a_host_that_is_named_no_more_is_warned_of(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    killed(tmp_path, packed[1], "reload", "b", strategy={"batch": "1"})
    _, context = deploy(tmp_path, packed[2], hosts=HOSTS[:2])
    assert any(text.startswith("local:c: the interrupted deployment") for text in context.warnings)


def test_of_two_deployers_at_once_one_wins_on_all_hosts(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    results: dict[int, StepResult] = {}
    ready = threading.Barrier(2)
    roots = [tmp_path / "one", tmp_path / "two"]
    for root in roots:
        root.mkdir()

    def run(at: int) -> None:
        hosts = [f"local:{tmp_path / host}" for host in ("abc", "cba")[at - 1]]
        step = Upload(archive=packed[at], hosts=tuple(hosts), root="site", hooks=hooks(prepare="sleep 0.3"))
        ready.wait()
        results[at] = step.run(LoneContext(roots[at - 1]))

    threads = [threading.Thread(target=run, args=(at,)) for at in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [at for at, result in results.items() if result.status is Status.PASSED]
    assert len(won) == 1, [result.reason for result in results.values()]
    (lost,) = {1, 2} - set(won)
    assert any(f"{by} {who()} on " in results[lost].reason for by in ("locked by", "set by"))
    assert (served(tmp_path), left(tmp_path)) == ([f"1.0.r{won[0] + 1}"] * 3, [])


def test_a_lock_on_one_host_is_respected_on_all(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    lock = demo(tmp_path, "b") / ".buildtools/lock"
    lock.symlink_to(f"20300101T000000Z-abc|jane|build-7:12.34:feed|{int(time.time()) + 500}")
    result, _ = deploy(tmp_path, packed[1])
    assert "local:b: locked by jane on build-7" in result.reason
    assert (served(tmp_path), left(tmp_path)) == (["1.0.r1"] * 3, ["b/site/demo/.buildtools/lock"])
    assert [events(tmp_path, host)[-1] for host in "abc"] == ["failed", "refused", "failed"]


def test_options_of_many_hosts(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="names one host twice"):
        deploy(tmp_path, pack(tmp_path, ONE), hosts=("local:a", "local:a"))


class Faulty(LocalHost):
    """A host at which something breaks in this very program, once, when it is to be switched."""

    def run(self, script: str, feed: Sequence[Path] = ()) -> Reply:
        if "# Switches `current`" in script and self.name == "local:b":
            raise RuntimeError("a fault")
        return super().run(script, feed)


FAILS_ON_C = "case $BUILDTOOLS_ROOT in */c/*) exit 1 ;; esac"


def direct(folder: Path, archive: Path, kind: type[LocalHost], voice: Voice, after: Hooks = NO_HOOKS) -> None:
    """Deploy host by host without the step, to hosts of this kind."""
    context = LoneContext(folder)
    step = Upload(archive=archive, hosts=HOSTS, root="site", strategy=Strategy(batch="1"), hooks=after)
    hosts = [kind(context, folder / name, f"local:{name}") for name in "abc"]
    what = step.plan(archive, read(archive.with_suffix(".manifest.json")))
    fleet.deploy(hosts, what, step.policy, voice, context.temp)


def test_after_a_fault_of_our_own_the_hosts_go_back_too(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    with pytest.raises(RuntimeError, match="a fault"):
        direct(tmp_path, packed[1], Faulty, Journal(LoneContext(tmp_path)).voice)
    assert (served(tmp_path), left(tmp_path)) == (["1.0.r1"] * 3, [])


def test_a_lock_is_renewed_while_other_hosts_are_at_work(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    # Each look at the clock finds ten minutes gone by.
    clock = iter(range(1_800_000_000, 1_900_000_000, 600))
    voice = msgspec.structs.replace(Journal(LoneContext(tmp_path)).voice, now=lambda: float(next(clock)))
    asked: list[str] = []

    class Watched(LocalHost):
        def run(self, script: str, feed: Sequence[Path] = ()) -> Reply:
            if "# A sign of life" in script:
                asked.append(self.name)
            return super().run(script, feed)

    direct(tmp_path, packed[1], Watched, voice)
    assert set(asked) == set(HOSTS)
    assert (served(tmp_path), left(tmp_path)) == (["1.0.r2"] * 3, [])


def test_who_was_faster_is_named(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    class Late(LocalHost):
        def run(self, script: str, feed: Sequence[Path] = ()) -> Reply:
            if "# Takes the lock" in script and served(tmp_path) == ["1.0.r1"] * 3:
                good(tmp_path, packed[2])
            return super().run(script, feed)

    with pytest.raises(StepError, match=rf"`current` is 1\.0\.r3 by now, set by {who()} on .+ since"):
        direct(tmp_path, packed[1], Late, Journal(LoneContext(tmp_path)).voice)
    assert (served(tmp_path), left(tmp_path)) == (["1.0.r3"] * 3, [])


def test_going_back_takes_no_room_on_the_disk(tmp_path: Path, packed: tuple[Path, ...]) -> None:
    if os.getuid() != 0:
        pytest.skip("mounting a small file system needs root")
    full = tmp_path / "b/site"
    saved = shutil.copytree(full, tmp_path / "saved", symlinks=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=90", "none", str(full)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")

    class Full(LocalHost):
        def run(self, script: str, feed: Sequence[Path] = ()) -> Reply:
            if "# Goes back to" in script and self.name == "local:b":
                for number in range(1000):
                    try:
                        (full / f"{number}").symlink_to("x")
                    except OSError:
                        break
                assert os.statvfs(full).f_ffree == 0
            return super().run(script, feed)

    try:
        shutil.copytree(saved, full, symlinks=True, dirs_exist_ok=True)
        with pytest.raises(StepError, match=r"local:b: is back at 1\.0\.r1"):
            direct(tmp_path, packed[1], Full, Journal(LoneContext(tmp_path)).voice, hooks(after_switch=FAILS_ON_C))
        assert (served(tmp_path), left(tmp_path)) == (["1.0.r1"] * 3, [])
    finally:
        subprocess.run(["umount", str(full)], check=True)
