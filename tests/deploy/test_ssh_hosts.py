"""Deploying over SSH to hosts of all sorts, with real servers on loopback."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from buildtools.deploy.hooks import Hook, Hooks
from buildtools.plugin import StepError
from buildtools.steps.releases import Releases
from buildtools.steps.upload import Upload
from tests.support.context import LoneContext
from tests.support.reach import Cancellable
from tests.support.releases import content, current, names, pack, residue, upload
from tests.support.sshd import Sshd, account, make_key

ONE = {"index.html": "one", "sub folder/we\\ird $(touch pwned) 'q' \"d\"": "x", "-rf": "dash"}
TWO = ONE | {"index.html": "two", "new": "n"}


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    server = Sshd(tmp_path_factory.mktemp("sshd"), config="PasswordAuthentication yes\n")
    yield server
    server.stop()


@contextmanager
def serving(folder: Path, **options: Any) -> Iterator[Sshd]:
    server = Sshd(folder, **options)
    try:
        yield server
    finally:
        server.stop()


def deploy(sshd: Sshd, folder: Path, archive: Path, **options: Any) -> str:
    """Deploy over SSH to `site` below `folder`; return what was said."""
    settings = {
        "hosts": (sshd.address,),
        "root": str(folder / "site"),
        "identity": (sshd.key,),
        "known_hosts": (sshd.known_hosts,),
    }
    return upload(folder, archive, **{**settings, **options})[1]


def deploy_twice(sshd: Sshd, folder: Path, base: Path, **options: Any) -> None:
    """Deploy two releases; `base` is where they must stand, without any residue."""
    deploy(sshd, folder, pack(folder, ONE), **options)
    assert content(base / "site/demo/current") == ONE
    deploy(sshd, folder, pack(folder, TWO, revision="r2"), **options)
    assert (content(base / "site/demo/current"), current(base)) == (TWO, "releases/1.0.r2")
    assert residue(base) == []


def without(folder: Path, *names: str) -> str:
    """Return shell text that leaves a login with all programs but these."""
    folder.mkdir()
    for place in ("/usr/local/bin", "/usr/bin", "/bin"):
        for program in Path(place).glob("*"):
            if program.name not in names and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
    return f"export PATH='{folder}';"


def test_a_release_goes_over_ssh_in_one_connection(sshd: Sshd, tmp_path: Path) -> None:
    files = ONE | {f"static/{n}": os.urandom(20_000).hex() for n in range(40)}
    archive = pack(tmp_path, files)
    before = sshd.log.count("Accepted publickey")
    said = deploy(sshd, tmp_path, archive)
    assert content(tmp_path / "site/demo/current") == files
    assert (current(tmp_path), residue(tmp_path)) == ("releases/1.0.r1", [])
    assert sshd.address in said
    assert "nothing sent, nothing switched" in deploy(sshd, tmp_path, archive)
    deadline = time.monotonic() + 5
    while sshd.log.count("Accepted publickey") < before + 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sshd.log.count("Accepted publickey") == before + 2


def test_a_login_with_dash_and_a_password(sshd: Sshd, tmp_path: Path) -> None:
    dash = shutil.which("dash")
    if dash is None:
        pytest.skip("dash is not installed")
    with account(dash) as user, serving(tmp_path / "sshd", config="PasswordAuthentication yes\nSetEnv A=b\n") as server:
        context = LoneContext(tmp_path)
        login = {"hosts": (f"{user.name}@127.0.0.1:{server.port}",), "identity": (), "password": user.password}
        deploy_twice(server, tmp_path, user.home, root="site", **login)
        upload(tmp_path, pack(tmp_path, ONE), context=context, known_hosts=(server.known_hosts,), **login)
        assert any("a key is safer" in text for text in context.warnings)
        assert not any(user.password in text for text in (*context.shown, *context.warnings))
        assert (user.home / "site/demo/current").owner() == user.name
        with pytest.raises(StepError, match="may not log in"):
            deploy(server, tmp_path, pack(tmp_path, ONE), **{**login, "password": "wrong"})


def test_a_login_that_masks_everything(tmp_path: Path) -> None:
    with serving(tmp_path / "sshd", umask=0o077) as server:
        deploy_twice(server, tmp_path, tmp_path)
    served = tmp_path / "site/demo/releases/1.0.r2"
    paths = (tmp_path / "site", tmp_path / "site/demo", served, served / "sub folder", served / "index.html")
    assert [oct(path.stat().st_mode & 0o777) for path in paths] == ["0o755"] * 4 + ["0o644"]
    assert oct((tmp_path / "site/demo/.buildtools").stat().st_mode & 0o777) == "0o700"


def test_a_login_that_talks(tmp_path: Path) -> None:
    noise = "echo Welcome; echo '@bt error lock x' >&2; printf 'no end of line';"
    with serving(tmp_path / "sshd", login=noise) as server:
        deploy_twice(server, tmp_path, tmp_path)


@pytest.mark.parametrize(
    "missing",
    [("sha256sum", "shasum"), ("sha256sum", "openssl"), ("flock", "python3", "perl", "rsync", "git", "scp", "sftp")],
    ids=" ".join,
)
def test_a_host_without_some_programs(tmp_path: Path, missing: tuple[str, ...]) -> None:
    if not any(shutil.which(name) for name in ("sha256sum", "shasum", "openssl") if name not in missing):
        pytest.skip("this machine has no other program that hashes")
    with serving(tmp_path / "sshd", login=without(tmp_path / "bin", *missing)) as server:
        deploy_twice(server, tmp_path, tmp_path)


def test_a_host_that_cannot_check_files(tmp_path: Path) -> None:
    login = without(tmp_path / "bin", "sha256sum", "shasum", "openssl")
    with (
        serving(tmp_path / "sshd", login=login) as server,
        pytest.raises(StepError, match="neither sha256sum nor shasum nor openssl"),
    ):
        deploy(server, tmp_path, pack(tmp_path, ONE))
    assert not (tmp_path / "site").exists()


def test_a_host_with_one_session_at_a_time(tmp_path: Path) -> None:
    with serving(tmp_path / "sshd", config="MaxSessions 1\n") as server:
        deploy_twice(server, tmp_path, tmp_path)


def test_a_root_that_cannot_be_written_to(sshd: Sshd, tmp_path: Path) -> None:
    archive = pack(tmp_path, ONE)
    with account() as user:
        user.lets_in(sshd.key)
        hosts = (f"{user.name}@127.0.0.1:{sshd.port}",)
        closed = user.home / "closed"
        (closed / "demo").mkdir(parents=True)
        for root in (closed, closed / "new"):
            with pytest.raises(StepError, match=f"{closed}.* cannot be written to") as caught:
                deploy(sshd, tmp_path, archive, hosts=hosts, root=str(root))
            assert "Give the folder to the user who deploys" in caught.value.remedy
        assert list((closed / "demo").iterdir()) == []
        # What may be written to now but not below is told as well, and leaves nothing that serves.
        shutil.chown(closed / "demo", user.name)
        (closed / "demo/releases").mkdir()
        with pytest.raises(StepError) as caught:
            deploy(sshd, tmp_path, archive, hosts=hosts, root=str(closed))
        assert "Give the folder to the user who deploys" in caught.value.remedy
        assert not (closed / "demo/current").is_symlink()


def test_a_root_that_cannot_be_read_is_not_called_empty(sshd: Sshd, tmp_path: Path) -> None:
    with account() as user:
        user.lets_in(sshd.key)
        closed = user.home / "closed"
        for folder in ("demo/releases", "demo/.buildtools"):
            (closed / folder).mkdir(parents=True)
        step = Upload(
            archive=Path("none"),
            hosts=(f"{user.name}@127.0.0.1:{sshd.port}",),
            root=str(closed),
            identity=(sshd.key,),
            known_hosts=(sshd.known_hosts,),
        )
        for folder in (closed, closed / "demo", closed / "demo/releases", closed / "demo/.buildtools"):
            folder.chmod(0o700)
            found = Releases(upload=step, target="demo").run(LoneContext(tmp_path)).outputs["inventory"]
            assert f"{folder} cannot be read by this login" in found
            folder.chmod(0o755)
        found = Releases(upload=step, target="demo").run(LoneContext(tmp_path)).outputs["inventory"]
        assert json.loads(found)["hosts"][0].get("error", "") == ""


def test_a_file_of_known_hosts_that_is_named_must_be_there(sshd: Sshd, tmp_path: Path) -> None:
    archive, named = pack(tmp_path, ONE), (sshd.known_hosts, tmp_path / "ci/known_hostz")
    for policy in ("strict", "accept-new"):
        with pytest.raises(StepError, match=f"known-hosts: {tmp_path}/ci/known_hostz is not there"):
            deploy(sshd, tmp_path, archive, known_hosts=named, host_key=policy)
    assert not (tmp_path / "site").exists()
    deploy(sshd, tmp_path, archive, known_hosts=(named[1], named[0]), host_key="accept-new")


@pytest.mark.parametrize(
    ("shell", "config", "problem"),
    [
        ("/bin/sh", "ForceCommand internal-sftp\n", "runs no scripts there: .*sftp connections only"),
        ("/bin/sh", "ForceCommand true\n", "runs no scripts there$"),
        ("/usr/sbin/nologin", "", "runs no scripts there: .*not available"),
    ],
    ids=["SFTP only", "nothing", "nologin"],
)
def test_a_login_that_runs_nothing(sshd: Sshd, tmp_path: Path, shell: str, config: str, problem: str) -> None:
    if not Path(shell).exists():
        pytest.skip(f"there is no {shell}")
    with (
        account(shell) as user,
        serving(tmp_path / "sshd", config=f"Match User {user.name}\n{config}Match all\n") as server,
    ):
        user.lets_in(server.key)
        with pytest.raises(StepError) as caught:
            deploy(server, tmp_path, pack(tmp_path, ONE), hosts=(f"{user.name}@127.0.0.1:{server.port}",))
        assert re.search(problem, caught.value.message)
        assert "shell" in caught.value.remedy


@contextmanager
def small(folder: Path, *options: str) -> Iterator[Path]:
    """Mount a small file system of its own; skips where that is not possible."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", ",".join(("mode=755", *options)), "buildtools-test", str(folder)]
    if os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small file system can only be mounted by root")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


BYTES = {f"f{n}": os.urandom(100_000).hex() for n in range(20)}
FILES = {f"f{n}": "x" for n in range(200)}


@pytest.mark.parametrize(
    ("limit", "files", "told"),
    [("size=2m", BYTES, True), ("size=2m", BYTES, False), ("nr_inodes=120", FILES, True)],
    ids=["bytes known before", "bytes found out", "files known before"],
)
def test_a_file_system_that_is_too_small(tmp_path: Path, limit: str, files: dict[str, str], told: bool) -> None:
    login = without(tmp_path / "bin", "df") if not told else ""
    if not told:
        liar = tmp_path / "bin/df"
        liar.write_text("#!/bin/sh\necho Filesystem blocks Used Available Capacity Mounted\necho x 9 1 99999999 1% /\n")
        liar.chmod(0o755)
    first, second = pack(tmp_path, ONE), pack(tmp_path, files, revision="r2")
    with small(tmp_path / "site", limit) as root, serving(tmp_path / "sshd", login=login) as server:
        deploy(server, tmp_path, first)
        with pytest.raises(StepError) as caught:
            deploy(server, tmp_path, second)
        assert "there, or keep fewer releases" in caught.value.remedy
        assert (content(root / "demo/current"), current(tmp_path)) == (ONE, "releases/1.0.r1")
        assert names(root / "demo/releases") == ["1.0.r1"]
        # With room, the next run puts it right by itself.
        subprocess.run(["mount", "-o", "remount,size=64m,nr_inodes=10000", str(root)], check=True)
        deploy(server, tmp_path, second)
        assert (content(root / "demo/current"), residue(tmp_path)) == (files, [])


def test_a_root_starts_at_the_logins_home(tmp_path: Path) -> None:
    home = tmp_path / "home of it"
    home.mkdir()
    with serving(tmp_path / "sshd", home=home) as server:
        deploy(server, tmp_path, pack(tmp_path, ONE), root="public_html")
    assert content(home / "public_html/demo/current") == ONE


def test_a_changed_host_key_is_refused_also_with_accept_new(sshd: Sshd, tmp_path: Path) -> None:
    other = Path(f"{make_key(tmp_path / 'other')}.pub").read_text().split()
    wrong = tmp_path / "wrong"
    wrong.write_text(f"[127.0.0.1]:{sshd.port} {other[0]} {other[1]}\n")
    archive = pack(tmp_path, ONE)
    for policy in ("strict", "accept-new"):
        with pytest.raises(StepError, match="is not the one that is known: ssh-ed25519 SHA256:") as caught:
            deploy(sshd, tmp_path, archive, known_hosts=(wrong,), host_key=policy)
        assert f"ssh-keygen -R '[127.0.0.1]:{sshd.port}'" in caught.value.remedy
    with pytest.raises(StepError, match="is not known"):
        deploy(sshd, tmp_path, archive, known_hosts=())
    assert not (tmp_path / "site").exists()
    deploy(sshd, tmp_path, archive, known_hosts=(tmp_path / "new",), host_key="accept-new")
    deploy(sshd, tmp_path, archive, known_hosts=(tmp_path / "new",))


def test_through_a_gateway_by_the_users_configuration(
    sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "me"
    (home / ".ssh").mkdir(parents=True)
    (home / ".fabric.yaml").write_text("port: 1\nuser: nobody\n")
    monkeypatch.setenv("HOME", str(home))
    with serving(tmp_path / "gate", config=f"PermitOpen 127.0.0.1:{sshd.port}\n") as gate:
        (home / ".ssh/config").write_text(
            f"Host web\n HostName 127.0.0.1\n Port {sshd.port}\n User {sshd.user}\n IdentityFile {sshd.key}\n"
            f" ProxyJump {gate.address}\nHost 127.0.0.1\n IdentityFile {gate.key}\n"
        )
        known = (sshd.known_hosts, gate.known_hosts)
        deploy_twice(sshd, tmp_path, tmp_path, hosts=("web",), identity=(), known_hosts=known)
        for missing in known:
            with pytest.raises(StepError, match=r"web: .*host key is not known"):
                deploy(sshd, tmp_path, pack(tmp_path, ONE), hosts=("web",), identity=(), known_hosts=(missing,))


def test_a_connection_that_is_cut_while_sending_leaves_the_old_release(sshd: Sshd, tmp_path: Path) -> None:
    upload(tmp_path, pack(tmp_path, ONE))
    archive = pack(tmp_path, {f"{n}": os.urandom(200_000).hex() for n in range(20)}, revision="r2")

    class Cut(Cancellable):
        def progress(self, done: int, total: int = 0, note: str = "") -> None:
            if "sending" in note and done > total // 2:
                self.cut()

    with pytest.raises(StepError, match="connection"):
        deploy(sshd, tmp_path, archive, context=Cut(tmp_path))
    assert content(tmp_path / "site/demo/current") == ONE
    deploy(sshd, tmp_path, archive)
    assert (current(tmp_path), residue(tmp_path)) == ("releases/1.0.r2", [])


def test_nothing_that_a_user_writes_is_read_by_a_shell(sshd: Sshd, tmp_path: Path) -> None:
    root = tmp_path / "si te'\"$(touch pwned)`touch pwned`\\;&|*-"
    deploy(sshd, tmp_path, pack(tmp_path, ONE), root=str(root), shared=("-x $(touch pwned) 'y'/",))
    assert content(root / "demo/current") == ONE
    assert (root / "demo/shared/-x $(touch pwned) 'y'").is_dir()
    listed = f"ls {shlex.quote(str(tmp_path))} {shlex.quote(str(sshd.folder))} ~"
    done = subprocess.run(["sh", "-c", listed], capture_output=True, text=True, check=True)
    assert "pwned" not in done.stdout.split("\n")


def test_a_program_may_be_as_long_as_it_is_allowed_to_be(sshd: Sshd, tmp_path: Path) -> None:
    text = f"echo {'ж' * 13_000} | wc -c # {chr(39) * 8_000}"
    said = deploy(sshd, tmp_path, pack(tmp_path, ONE), hooks=Hooks(prepare=(Hook(run=text.ljust(65_536, "!")),)))
    assert "| 26001\n" in said
