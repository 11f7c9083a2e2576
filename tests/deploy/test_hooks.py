from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from buildtools.deploy import fleet, manifest
from buildtools.deploy.hooks import Hook, Hooks, grace, room
from buildtools.deploy.host import LocalHost
from buildtools.deploy.place import Place
from buildtools.deploy.script import Reply
from buildtools.plugin import StepError
from buildtools.steps.deploying import Journal
from buildtools.steps.upload import Upload
from tests.deploy.values import problem, read
from tests.support.context import LoneContext
from tests.support.releases import pack, upload


def test_one_or_several_as_text_or_with_options(tmp_path: Path) -> None:
    text = (
        "{prepare: {run: ./manage.py migrate, once: true, timeout: 5m}, before-switch: [./warm, {run: ./more}],"
        " reload: sudo systemctl reload nginx, after-rollback: [a]}"
    )
    assert read(tmp_path, "hooks", text) == Hooks(
        prepare=(Hook(run="./manage.py migrate", once=True, timeout=300.0),),
        before_switch=(Hook(run="./warm"), Hook(run="./more")),
        reload=(Hook(run="sudo systemctl reload nginx"),),
        after_rollback=(Hook(run="a"),),
    )
    assert [hook.once for hook in read(tmp_path, "hooks", text).prepare] == [True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{reload: ''}", "reload: an empty command"),
        ("{reload: [x, '  ']}", "reload: an empty command"),
        ("{reload: {run: x, once: twice}}", "once: expected true or false, found 'twice'"),
        ("{reload: {run: x, timeout: soon}}", "timeout: expected a duration"),
        ("{reload: {once: true}}", "reload needs the option run"),
        ("{relaod: x}", "hooks has no option 'relaod'"),
        ("{reload: [[x]]}", r"reload: expected a text \(run\) or a mapping with run, once, timeout, found a list"),
        ("x", "hooks: expected a mapping with prepare, before-switch, reload, after-switch, after-rollback"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert re.search(message, problem(tmp_path, "hooks", text).message)


def test_a_command_that_no_shell_can_be_given() -> None:
    for text in ("a\0b", "x" * 65_537):
        with pytest.raises(ValueError, match="no shell is given"):
            Hook(run=text)


def test_what_a_hook_finds_in_its_environment() -> None:
    place = Place(
        host="web1", root="/srv/www/demo", target="demo", version="1.0", revision="r2", release="1.0.r2~2",
        previous="0.9.r1",
    )  # fmt: skip
    assert place.environment() == {
        "BUILDTOOLS_HOST": "web1",
        "BUILDTOOLS_ROOT": "/srv/www/demo",
        "BUILDTOOLS_TARGET": "demo",
        "BUILDTOOLS_VERSION": "1.0",
        "BUILDTOOLS_REVISION": "r2",
        "BUILDTOOLS_RELEASE": "1.0.r2~2",
        "BUILDTOOLS_PREVIOUS": "0.9.r1",
    }


def test_after_going_back_hooks_are_told_of_what_is_served_then(tmp_path: Path) -> None:
    upload(tmp_path, pack(tmp_path, {"a": "1"}, version="1.0", revision="r1"))
    tell = Hook(run='echo "$BUILDTOOLS_VERSION $BUILDTOOLS_REVISION $BUILDTOOLS_RELEASE" >>"$BUILDTOOLS_ROOT/told"')
    hooks = Hooks(reload=(tell,), after_switch=(Hook(run="exit 1"),), after_rollback=(tell,))
    with pytest.raises(StepError, match="ended with status 1"):
        upload(tmp_path, pack(tmp_path, {"a": "2"}, version="2.0", revision="r2"), hooks=hooks)
    told = (tmp_path / "site/demo/told").read_text().splitlines()
    assert told == ["2.0 r2 2.0.r2", "1.0 r1 1.0.r1", "1.0 r1 1.0.r1"]


def run(folder: Path, text: str, *, env: dict[str, str] | None = None, **options: Any) -> str:
    """Deploy something with this program as its hook `prepare`; return what was said."""
    context = LoneContext(folder, env=env or {})
    revision = f"r{len(list(folder.glob('src-*'))) + 1}"
    archive = pack(folder, {"a": revision}, revision=revision)
    return upload(folder, archive, context=context, hooks=Hooks(prepare=(Hook(run=text),)), **options)[1]


SHELLS = [("dash", ()), ("dash", ("timeout",)), ("bash", ()), ("busybox", ("timeout",))]


def host_with(folder: Path, shell: str, *, without: Sequence[str] = ()) -> dict[str, str]:
    """Return an environment in which `sh` is this shell, and some programs are missing."""
    folder.mkdir()
    for place in os.environ["PATH"].split(":"):
        for program in Path(place).glob("*"):
            if program.name not in ("sh", *without) and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
    (folder / "sh").symlink_to(str(shutil.which(shell)))
    return {"PATH": str(folder)}


@pytest.mark.parametrize(("shell", "missing"), SHELLS)
def test_a_program_starts_as_the_login_would_start_it_and_nobody_reads_its_text(
    tmp_path: Path, shell: str, missing: tuple[str, ...]
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    env = host_with(tmp_path / "bin", shell, without=missing)
    text = r"""-x 2>/dev/null; : hush-hush \
    ; cat; yes 2>&1 | head -n 1
    echo "in ${LC_ALL-none}, read by $(cat /proc/[0-9]*/cmdline | tr '\0' '\n' | grep -c '[h]ush-hush')"
    grep SigIgn /proc/$$/status; exit 0 # it's"""
    said = run(tmp_path, text, env={**env, "LC_ALL": "C.UTF-8" if missing else ""})
    assert f"| in {'C.UTF-8' if missing else 'none'}, read by 0\n" in said
    assert "| y\n" in said
    ignored = int(re.findall(r"SigIgn:\s*([0-9a-f]+)", said)[0], 16)
    assert not ignored & 1 << signal.SIGPIPE - 1


def test_a_text_that_was_cut_off_is_not_run(tmp_path: Path) -> None:
    class Cutting(LocalHost):
        def run(self, script: str, feed: Sequence[Path] | bytes = ()) -> Reply:
            return super().run(script, feed[:-12] if isinstance(feed, bytes) else feed)

    archive = pack(tmp_path, {"a": "1"})
    context = LoneContext(tmp_path)
    step = Upload(archive=archive, hosts=("local:",), root="site", hooks=Hooks(prepare=(Hook(run="touch ran"),)))
    what = step.plan(archive, manifest.read(archive.with_suffix(".manifest.json")))
    with pytest.raises(StepError, match="was cut off on its way, so it was not run"):
        fleet.deploy([Cutting(context, tmp_path, "local")], what, step.policy, Journal(context).voice, context.temp)
    assert not list(tmp_path.rglob("ran"))


@pytest.mark.parametrize("phase", [3, 8, 15, 20, 900])
def test_a_program_is_ended_before_its_phase_is(phase: int) -> None:
    assert 1 <= room(phase) <= phase - 2 * grace(phase)
    assert not list(Hooks(reload=(Hook(run="x", timeout=room(phase)),)).problems(phase))
    (problem,) = Hooks(reload=(Hook(run="x"), Hook(run="x", timeout=room(phase) + 1))).problems(phase)
    assert problem.startswith(f"reload: of `timeout: {phase}s`, a program can have {room(phase)} s at most")


def test_a_phase_without_room_for_a_program() -> None:
    (problem,) = Hooks(prepare=(Hook(run="x"),)).problems(1.0)
    assert problem.startswith("prepare: of `timeout: 1s`, a program can have 0 s at most")


@pytest.mark.parametrize("missing", [(), ("timeout",)], ids=["timeout", "no timeout"])
def test_a_program_that_does_not_end_when_told_to_is_killed_and_named(tmp_path: Path, missing: tuple[str, ...]) -> None:
    env = host_with(tmp_path / "bin", "bash", without=missing)
    with pytest.raises(StepError, match=r"the prepare program `trap .* took longer than 2 s"):
        run(tmp_path, "trap '' TERM; while :; do sleep 1; done", env=env, timeout=4.0)


def test_two_programs_never_run_at_once(tmp_path: Path) -> None:
    if shutil.which("flock") is None:
        pytest.skip("flock is not installed")
    upload(tmp_path, pack(tmp_path, {"a": "0"}, revision="r0"))
    busy = tmp_path / "site/demo/.buildtools/program"
    holder = subprocess.Popen(["flock", str(busy), "sleep", "60"], start_new_session=True)
    try:
        while subprocess.run(["flock", "-n", str(busy), "true"], check=False).returncode == 0:
            time.sleep(0.01)
        with pytest.raises(StepError, match="that an interrupted deployment has started there is still at work"):
            run(tmp_path, "touch ran", timeout=4.0)
        assert not list(tmp_path.rglob("ran"))
        threading.Timer(1.5, os.killpg, (holder.pid, signal.SIGKILL)).start()
        said = run(tmp_path, 'sleep 60 >/dev/null 2>&1 & echo $! >"$BUILDTOOLS_ROOT/left"', timeout=100.0)
        assert re.search(r"waited [0-9]+ s for the end of another program", said)
        # What a program leaves running keeps nobody waiting.
        assert "waited" not in run(tmp_path, 'kill "$(cat "$BUILDTOOLS_ROOT/left")"', timeout=100.0)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()
