"""A deployment that is told to stop: it lets go of its hosts if none was switched, and says what it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from buildtools.core.errors import Cancelled
from buildtools.deploy.ssh import SshHost
from buildtools.plugin import StepError
from buildtools.steps.upload import Upload
from tests.support.reach import Cancellable
from tests.support.releases import content, current, pack, upload
from tests.support.sshd import Sshd

ONE, TWO = {"index.html": "one"}, {"index.html": "two"}
WAIT = 'touch "$BUILDTOOLS_ROOT/here"; while [ -e "$BUILDTOOLS_ROOT/here" ]; do sleep 0.1; done'


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    server = Sshd(tmp_path / "sshd")
    yield server
    server.stop()


def state(root: Path) -> Path:
    return root / "site/demo/.buildtools"


def waiting(root: Path, place: str, hosts: str = "hosts: 'local:'") -> subprocess.Popen[str]:
    """Start to deploy TWO over ONE with a program at that place that takes long; return when it is at work."""
    upload(root, pack(root, ONE))
    archive = pack(root, TWO, revision="r2")
    (root / "pipeline.yaml").write_text(
        f"steps: {{upload: {{uses: upload, with: {{archive: {archive}, {hosts}, root: {root}/site,"
        f" hooks: {{{place}: {json.dumps(WAIT)}}}}}}}}}"
    )
    words = [sys.executable, "-m", "buildtools", "run", "--output", "plain"]
    run = subprocess.Popen(words, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ends = time.monotonic() + 60
    while not (root / "site/demo/here").exists():
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < ends
        time.sleep(0.02)
    return run


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_before_the_switch_frees_the_lock(tmp_path: Path, number: int, code: int) -> None:
    run = waiting(tmp_path, "prepare")
    assert (state(tmp_path) / "lock").is_symlink()
    run.send_signal(number)
    said, _ = run.communicate(timeout=60)
    assert (run.returncode, "stopped before anything was switched; unlocked: local" in said) == (code, True), said
    assert not (state(tmp_path) / "lock").is_symlink()
    assert list((state(tmp_path) / "txn").iterdir()) == []
    assert current(tmp_path) == "releases/1.0.r1"
    last = json.loads((state(tmp_path) / "log.jsonl").read_text().splitlines()[-1])
    assert (last["event"], last["release"], last["reason"]) == ("failed", "1.0.r2", "stopped")


def test_a_run_that_is_stopped_after_the_switch_says_that_it_has_the_lock(tmp_path: Path) -> None:
    run = waiting(tmp_path, "after-switch")
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "stopped when local had been switched: the next run puts all hosts right" in said
    assert "stopped with the lock taken on local: until 2" in said
    assert (state(tmp_path) / "lock").is_symlink()


def reaching(sshd: Sshd) -> str:
    return f"hosts: '{sshd.address}', identity: {sshd.key}, known-hosts: {sshd.known_hosts}"


def test_a_run_over_ssh_that_is_stopped_before_the_switch_frees_the_lock(sshd: Sshd, tmp_path: Path) -> None:
    run = waiting(tmp_path, "prepare", reaching(sshd))
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=60)
    (tmp_path / "site/demo/here").unlink()
    assert (run.returncode, f"unlocked: {sshd.address}" in said) == (130, True), said
    assert not (state(tmp_path) / "lock").is_symlink()


def test_a_second_signal_ends_the_wait_for_a_host_that_does_not_answer(sshd: Sshd, tmp_path: Path) -> None:
    run = waiting(tmp_path, "prepare", reaching(sshd))
    with sshd.frozen():
        run.send_signal(signal.SIGINT)
        time.sleep(1)
        assert run.poll() is None
        run.send_signal(signal.SIGINT)
        said, _ = run.communicate(timeout=60)
    (tmp_path / "site/demo/here").unlink()
    assert (run.returncode, f"stopped with the lock taken on {sshd.address}: until 2" in said) == (130, True), said


class Stopped(Cancellable):
    """Cancels when half of an upload has been sent; how a parting connection fares is another matter."""

    def progress(self, done: int, total: int = 0, note: str = "") -> None:
        if "sending" in note and done > total // 2:
            self.cancel()


def over_ssh(sshd: Sshd, root: Path) -> Stopped:
    """Deploy a large release after ONE, and be cancelled while it is sent; return the context."""
    upload(root, pack(root, ONE))
    archive = pack(root, {f"{n}": os.urandom(200_000).hex() for n in range(20)}, revision="r2")
    context = Stopped(root)
    step = Upload(
        archive=archive,
        hosts=(sshd.address,),
        root=str(root / "site"),
        identity=(sshd.key,),
        known_hosts=(sshd.known_hosts,),
    )
    with pytest.raises(Cancelled):
        step.run(context)
    return context


def test_a_new_connection_frees_the_lock(sshd: Sshd, tmp_path: Path) -> None:
    context = over_ssh(sshd, tmp_path)
    assert f"stopped before anything was switched; unlocked: {sshd.address}\n" in context.shown
    assert not any("lock" in text for text in context.warnings)
    assert not (state(tmp_path) / "lock").is_symlink()
    assert content(tmp_path / "site/demo/current") == ONE
    _, said = upload(tmp_path, tmp_path / "build/dist/demo.1.0.r2.tgz")
    assert "took over" not in said
    assert current(tmp_path) == "releases/1.0.r2"


def test_where_there_is_no_new_connection_the_lock_is_told_of(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(host: SshHost) -> SshHost:
        raise StepError(f"{host.name}: nothing answers")

    entered = SshHost.__enter__
    monkeypatch.setattr(SshHost, "__enter__", lambda host: (unreachable if host.options.phase <= 5 else entered)(host))
    context = over_ssh(sshd, tmp_path)
    assert [text.partition(": until 2")[0] for text in context.warnings] == [
        f"stopped with the lock taken on {sshd.address}"
    ]
