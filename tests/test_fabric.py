"""The tasks for a fabfile, called by the real `fab` in a project folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import Project

FABFILE = "from buildtools.fabric import pack, rollback, upload\n"
FAB = shutil.which("fab", path=str(Path(sys.executable).parent))
SETTINGS = """
buildtools:
  pack: {exclude: ["/fab*", /a/, /b/], modes: {run.cgi: "755"}}
  upload: {hosts: ["local:a", "local:b"], root: site, keep: 2}
"""


class Fab:
    """A project with a fabfile."""

    def __init__(self, project: Project) -> None:
        self.project = project.write({"fabfile.py": FABFILE, "index.html": "one", "run.cgi": "#!/bin/sh\n"})

    def __call__(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        around = {**self.project.env, "NO_COLOR": "1", **(env or {})}
        program = [FAB] if FAB else [sys.executable, "-m", "fabric"]
        return subprocess.run(
            [*program, *words], cwd=self.project.root, env=around, capture_output=True, text=True,
            check=False, timeout=120, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def current(self, host: str) -> str:
        return str((self.project.root / host / "site/demo/current").readlink()).removeprefix("releases/")


@pytest.fixture
def fab(project: Any) -> Fab:
    return Fab(project())


def test_the_tasks_and_their_help(fab: Fab) -> None:
    listed = fab("--list").stdout
    for name in ("pack", "upload", "rollback"):
        assert f"  {name}" in listed
    assert "--release-dir=STRING" in fab("--help", "upload").stdout


def test_pack_by_flags_and_by_position_makes_the_same(fab: Fab) -> None:
    root = fab.project.write({"fabric.yaml": SETTINGS}).root
    done = fab("pack", "--target", "demo", "--version", "1.0.1", "--revision", "0264103894", "--release-dir", ".")
    assert done.returncode == 0, done
    archive = root / "build/dist/demo.1.0.1.0264103894.tgz"
    first = archive.read_bytes()
    paths = [entry["path"] for entry in json.loads(archive.with_suffix(".manifest.json").read_text())["entries"]]
    assert paths == ["index.html", "run.cgi"]
    archive.unlink()
    assert fab("pack", "demo", "1.0.1", "0264103894", ".").returncode == 0
    assert archive.read_bytes() == first


def test_upload_and_rollback_on_all_hosts_of_the_settings(fab: Fab) -> None:
    fab.project.write({"fabric.yaml": SETTINGS})
    done = fab("upload", "--target", "demo", "--version", "1.0.1", "--revision", "0264103894", "--release-dir", ".")
    assert done.returncode == 0, done
    assert (fab.current("a"), fab.current("b")) == ("1.0.1.0264103894", "1.0.1.0264103894")
    fab.project.write({"index.html": "two"})
    assert fab("upload", "demo", "1.0.2", "0264103895", ".").returncode == 0
    served = fab.project.root / "b/site/demo/current"
    assert ((served / "index.html").read_text(), (served / "run.cgi").stat().st_mode & 0o777) == ("two", 0o755)
    dry = fab("rollback", "demo", "--dry-run")
    assert (dry.returncode, fab.current("a")) == (0, "1.0.2.0264103895")
    assert "1.0.2.0264103895 -> 1.0.1.0264103894" in dry.stdout
    done = fab("rollback", "--target", "demo")
    assert (done.returncode, fab.current("a"), fab.current("b")) == (0, "1.0.1.0264103894", "1.0.1.0264103894")
    assert fab("rollback", "demo", "--to", "1.0.2").returncode == 0
    assert fab.current("b") == "1.0.2.0264103895"


def test_options_come_from_the_pipeline_file_else(fab: Fab) -> None:
    fab.project.write(
        {
            "pipeline.yaml": """
            steps:
              pack:
                uses: pack
                with: {include: [index.html], rename: {index.html: start.html}}
              upload:
                uses: upload
                with: {archive: "${steps.pack.archive}", hosts: "local:c", root: site}
            """
        }
    )
    done = fab("upload", "demo", "1", "2", ".")
    assert done.returncode == 0, done
    served = fab.project.root / "c/site/demo/current"
    assert [path.name for path in served.iterdir()] == ["start.html"]


@pytest.mark.parametrize(
    ("words", "settings", "code", "said"),
    [
        (("upload", "demo", "1", "2", "."), None, 2, "there is no host to deploy to"),
        (("upload", "demo", "../1", "2", "."), SETTINGS, 2, "version: '../1' is not a usable name"),
        (("rollback", "demo"), SETTINGS, 5, "demo"),
        (("rollback", "demo", "--to", ""), SETTINGS, 2, "--to is empty"),
        (("pack", "demo", "1", "2", "nowhere"), None, 5, "nowhere is not there"),
        (("upload", "demo", "1", "2", "."), SETTINGS.replace("keep: 2", "keep: many"), 3, "keep"),
        (("upload", "demo", "1", "2", "."), SETTINGS.replace("keep:", "kept:"), 3, "did you mean 'keep'"),
        (("-H", "web1", "upload", "demo", "1", "2", "."), "gateway: gate", 2, "ProxyJump"),
        (("-S", "/dev/null", "-H", "web1", "rollback", "demo"), None, 2, "fab -S is not used here"),
    ],
)  # fmt: skip
def test_errors_are_told_with_their_exit_codes(
    fab: Fab, words: tuple[str, ...], settings: str | None, code: int, said: str
) -> None:
    if settings:
        fab.project.write({"fabric.yaml": settings})
    done = fab(*words)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
    assert "Traceback" not in done.stdout + done.stderr


def test_a_task_of_ones_own_can_call_them(fab: Fab) -> None:
    fab.project.write(
        {
            "fabric.yaml": SETTINGS,
            "fabfile.py": """
            from fabric import task
            from buildtools.fabric import upload

            @task
            def release(c):
                made = upload(c, "demo", "1", "2", ".")
                print("RELEASED", made["release"], made["target"])
            """,
        }
    )
    done = fab("release")
    assert (done.returncode, "RELEASED 1.2 demo" in done.stdout) == (0, True), done


def test_hosts_of_fabs_own_flag_are_one_deployment_over_ssh(fab: Fab, tmp_path: Path) -> None:
    from tests.support.sshd import Sshd

    homes = [tmp_path / "remote home", tmp_path / "other"]
    for home in homes:
        home.mkdir()
    with ExitStack() as stack:
        one, two = (Sshd(tmp_path / f"sshd-{number}", home=home) for number, home in enumerate(homes))
        stack.callback(one.stop)
        stack.callback(two.stop)
        known = tmp_path / "known_hosts"
        known.write_text(one.known_hosts.read_text() + two.known_hosts.read_text())
        (tmp_path / "sshd-1/authorized_keys").write_bytes(Path(f"{one.key}.pub").read_bytes())
        fab.project.write({"fabric.yaml": f"buildtools: {{upload: {{known-hosts: {known}, root: site}}}}"})
        words = ("-i", str(one.key), "-H", f"{one.address},{two.address}")
        for revision in ("2", "3"):
            done = fab(*words, "upload", "demo", "1", revision, ".")
            assert (done.returncode, done.stdout.count("PASSED")) == (0, 1), done
            fab.project.write({"index.html": "two"})
        assert [(home / "site/demo/current/index.html").read_text() for home in homes] == ["two", "two"]
        done = fab(*words, "rollback", "demo")
        assert (done.returncode, done.stdout.count("PASSED")) == (0, 1), done
        assert [(home / "site/demo/current/index.html").read_text() for home in homes] == ["one", "one"]
